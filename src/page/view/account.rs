//! What the templates of second factors and of the account's own pages see.

use std::time::Duration;

use minijinja::{Value, context};

use super::{browser_line, event_key, shown_account, shown_name, value};
use crate::flow::ports::account::EventKind;
use crate::page::context::{
    AccountDone, AccountPage, AddressLine, BackupCodesPage, CodeReason, ConfirmChange, ConfirmNotice, ConfirmPage,
    DeviceLine, EnrolNotice, EnrolPage, EventLine, FactorNotice, FactorPage, NetworkLine, NotMeDonePage, NotMePage,
    OpenSessionLine, Page, StepUpPage, TurnOff, TurnOffConfirmPage, TurnOffPage,
};
use crate::page::moment::Teller;
use crate::page::voice::Voice;
use crate::page::words::{Arg, WordsFailed};

/// The template of one of these pages, and what it sees; `None` for any other page.
pub(super) fn view(
    page: &Page,
    voice: &Voice,
    teller: &Teller<'_>,
) -> Result<Option<(&'static str, Value)>, WordsFailed> {
    let scribe = Scribe { voice, teller };
    Ok(Some(match page {
        Page::Factor(page) => ("factor.html", scribe.factor(page)?),
        Page::Account(page) => ("account.html", scribe.account(page)?),
        Page::StepUp(page) => ("step-up.html", scribe.step_up(page)?),
        Page::Enrol(page) => ("enrol.html", scribe.enrol(page)?),
        Page::Confirm(page) => ("confirm.html", scribe.confirm(page)?),
        Page::BackupCodes(page) => ("backup-codes.html", scribe.backup_codes(page)?),
        Page::TurnOff(page) => ("turn-off.html", scribe.turn_off(page)?),
        Page::TurnOffConfirm(page) => ("turn-off-confirm.html", scribe.turn_off_confirm(page)?),
        Page::NotMe(page) => ("not-me.html", scribe.not_me(page)?),
        Page::NotMeDone(page) => ("not-me-done.html", scribe.not_me_done(page)?),
        _ => return Ok(None),
    }))
}

/// Writes what a template sees.
struct Scribe<'a> {
    voice: &'a Voice,
    teller: &'a Teller<'a>,
}

impl Scribe<'_> {
    fn factor(&self, page: &FactorPage) -> Result<Value, WordsFailed> {
        let title = if page.backup { "factor-backup-title" } else { "factor-title" };
        let remember = match page.remember_for {
            Some(span) => Some(value(self.teller.span(span)?)),
            None => None,
        };
        Ok(context! {
            title => self.say(title, &[])?,
            error => page.notice.is_some(),
            token => &page.token,
            account => self.account_name(&page.account),
            reason => match page.reason {
                CodeReason::NewNetwork => "new-network",
                CodeReason::NetworkChanged => "network-changed",
            },
            backup => page.backup,
            backup_left => page.backup_left,
            tries_left => page.tries_left,
            ends_at => value(self.teller.clock(page.ends_at)?),
            left => value(self.teller.left(page.ends_at)?),
            mail_follows => page.mail_follows,
            remember,
            notice => match page.notice {
                Some(notice) => Some(self.factor_notice(notice, page.backup, Some(page.tries_left), "factor-left")?),
                None => None,
            },
            times => true,
        })
    }

    /// What was wrong with a second factor, and how many tries are left if it was counted.
    fn factor_notice(
        &self,
        notice: FactorNotice,
        backup: bool,
        tries_left: Option<u32>,
        left: &str,
    ) -> Result<Value, WordsFailed> {
        let (text, counted) = match notice {
            FactorNotice::Wrong if backup => (self.said("factor-notice-backup-wrong", &[])?, true),
            FactorNotice::Wrong => (self.said("factor-notice-wrong", &[])?, true),
            FactorNotice::ClockOff { seconds } => (self.clock_off(seconds)?, true),
            FactorNotice::NotDigits => (self.said("factor-notice-not-digits", &[])?, false),
            FactorNotice::NotABackupCode => (self.said("factor-notice-not-a-backup-code", &[])?, false),
            FactorNotice::Misread => (self.said("factor-notice-misread", &[])?, false),
        };
        let text = match tries_left.filter(|_| counted) {
            Some(tries) => format!("{text} {}", self.said(left, &[("left", Arg::count(tries))])?),
            None => text,
        };
        Ok(Value::from_safe_string(text))
    }

    fn clock_off(&self, seconds: i64) -> Result<String, WordsFailed> {
        let span = self.teller.span(Duration::from_secs(seconds.unsigned_abs()))?;
        self.said(if seconds > 0 { "clock-ahead" } else { "clock-behind" }, &[("span", span)])
    }

    fn account(&self, page: &AccountPage) -> Result<Value, WordsFailed> {
        let done = match page.done {
            Some(done) => Some(context! {
                text => self.say(&format!("done-{}", done.slug()), &[])?,
                failed => matches!(
                    done,
                    AccountDone::AddressNotPossible
                        | AccountDone::Gone
                        | AccountDone::TooManyDevices
                        | AccountDone::NoDevice
                ),
            }),
            None => None,
        };
        let open = match page.open_until {
            Some(until) => Some(context! {
                until => value(self.teller.clock(until)?),
                left => value(self.teller.left(until)?),
            }),
            None => None,
        };
        Ok(context! {
            title => self.say("account-title", &[])?,
            token => &page.token,
            account => self.account_name(&page.account),
            done,
            open,
            has_password => page.has_password,
            may_enrol => page.may_enrol,
            suspected_since => match page.suspected_since {
                Some(since) => Some(value(self.teller.moment(since)?)),
                None => None,
            },
            devices => self.each(&page.devices, Self::device)?,
            backup_left => page.backup_left,
            remembered_browsers => page.remembered_browsers,
            networks => self.each(&page.networks, Self::network)?,
            sessions => self.each(&page.sessions, Self::session)?,
            events => self.each(&page.events, Self::event)?,
            addresses => self.each(&page.addresses, Self::address)?,
            addresses_known => page.addresses_known,
            may_add_address => page.may_add_address,
            language => page.language.unwrap_or(self.voice.language).tag(),
            times => true,
        })
    }

    fn each<T>(&self, lines: &[T], of: fn(&Self, &T) -> Result<Value, WordsFailed>) -> Result<Value, WordsFailed> {
        lines.iter().map(|line| of(self, line)).collect::<Result<Vec<_>, _>>().map(Value::from)
    }

    fn device(&self, line: &DeviceLine) -> Result<Value, WordsFailed> {
        Ok(context! {
            id => &line.id,
            name => self.name(&line.name),
            added_at => value(self.teller.moment(line.added_at)?),
            last_used_at => value(self.teller.moment(line.last_used_at)?),
        })
    }

    fn network(&self, line: &NetworkLine) -> Result<Value, WordsFailed> {
        Ok(context! {
            network => &line.network,
            since => value(self.teller.moment(line.since)?),
            last_used_at => value(self.teller.moment(line.last_used_at)?),
            current => line.current,
        })
    }

    fn session(&self, line: &OpenSessionLine) -> Result<Value, WordsFailed> {
        Ok(context! {
            id => &line.id,
            browser => self.browser(&line.browser)?,
            network => &line.network,
            created_at => value(self.teller.moment(line.created_at)?),
            last_seen_at => value(self.teller.moment(line.last_seen_at)?),
            current => line.current,
        })
    }

    fn event(&self, line: &EventLine) -> Result<Value, WordsFailed> {
        let event = self.said(&event_key(line.kind), &[])?;
        let event = match line.detail.as_deref().filter(|detail| !detail.is_empty()) {
            Some(detail) => {
                let args = [("event", Arg::markup(event)), ("detail", shown_name(detail, self.teller.flavour))];
                self.said("event-detail", &args)?
            }
            None => event,
        };
        Ok(context! {
            event => Value::from_safe_string(event),
            at => value(self.teller.moment(line.at)?),
            // What support did came from no network.
            network => (line.kind != EventKind::TotpOffBySupport).then_some(&line.network),
            browser => self.browser(&line.browser)?,
        })
    }

    fn address(&self, line: &AddressLine) -> Result<Value, WordsFailed> {
        Ok(context! { masked => &line.masked, id => line.id.as_deref() })
    }

    fn step_up(&self, page: &StepUpPage) -> Result<Value, WordsFailed> {
        let notice = match page.wrong {
            Some(left) => Some(self.say("step-up-wrong", &[("left", Arg::count(left))])?),
            None => None,
        };
        Ok(context! {
            title => self.say("step-up-title", &[])?,
            error => page.wrong.is_some(),
            token => &page.token,
            username => &page.account,
            account => self.account_name(&page.account),
            has_password => page.has_password,
            notice,
            times => false,
        })
    }

    fn enrol(&self, page: &EnrolPage) -> Result<Value, WordsFailed> {
        let notice = match page.notice {
            None => None,
            Some(notice) => Some(context! {
                text => Value::from_safe_string(match notice {
                    EnrolNotice::Wrong => self.said("enrol-notice-wrong", &[])?,
                    EnrolNotice::ClockOff { seconds } => self.clock_off(seconds)?,
                    EnrolNotice::NotDigits => self.said("enrol-notice-not-digits", &[])?,
                    EnrolNotice::Fresh => self.said("enrol-notice-fresh", &[])?,
                    EnrolNotice::ChangedMeanwhile => self.said("enrol-notice-changed-meanwhile", &[])?,
                }),
                // With a fresh secret there's more to do than to type another code.
                of_code => !matches!(notice, EnrolNotice::Fresh | EnrolNotice::ChangedMeanwhile),
            }),
        };
        Ok(context! {
            title => self.say(if page.first { "enrol-title" } else { "enrol-another-title" }, &[])?,
            error => page.notice.is_some(),
            token => &page.token,
            account => self.account_name(&page.account),
            issuer => self.name(&page.issuer),
            // Made by `qr_svg`, from a link whose text isn't in it as text.
            qr => Value::from_safe_string(page.qr.clone()),
            secret => &page.secret,
            link => &page.link,
            enrolment => &page.enrolment,
            name => &page.name,
            first => page.first,
            ends_at => value(self.teller.clock(page.ends_at)?),
            notice,
            times => true,
        })
    }

    fn confirm(&self, page: &ConfirmPage) -> Result<Value, WordsFailed> {
        let two = matches!(page.change, ConfirmChange::AddAddress { .. });
        let title = match (page.sent_at, two) {
            (None, _) => "confirm-none-title",
            (Some(_), true) => "confirm-two-title",
            (Some(_), false) => "confirm-title",
        };
        let which = || ("two", Arg::text(if two { "yes" } else { "no" }.to_owned()));
        let (next, wait) = (self.teller.clock(page.next_mail_at)?, self.teller.wait(page.next_mail_at)?);
        let notice = match page.notice {
            None => None,
            Some(notice) => Some(context! {
                text => match notice {
                    ConfirmNotice::Wrong => self.say("confirm-wrong", &[which()])?,
                    ConfirmNotice::NotDigits => self.say("confirm-not-digits", &[])?,
                    ConfirmNotice::Expired => self.say("confirm-expired", &[])?,
                    ConfirmNotice::Resent => self.say("confirm-resent", &[])?,
                    ConfirmNotice::NotYet => {
                        self.say("confirm-not-yet", &[("next", next.clone()), ("wait", wait.clone())])?
                    }
                },
                of_code => matches!(notice, ConfirmNotice::Wrong | ConfirmNotice::NotDigits),
                error => notice != ConfirmNotice::Resent,
            }),
        };
        let sent = match (page.sent_at, page.expires_at) {
            (Some(at), Some(expires_at)) => Some(context! {
                at => value(self.teller.clock(at)?),
                expires_at => value(self.teller.clock(expires_at)?),
            }),
            _ => None,
        };
        Ok(context! {
            title => self.say(title, &[])?,
            error => page.notice.is_some_and(|notice| notice != ConfirmNotice::Resent),
            token => &page.token,
            account => self.account_name(&page.account),
            change => match page.change {
                ConfirmChange::Enrol => "enrol",
                ConfirmChange::RenewCodes => "renew-codes",
                ConfirmChange::AddAddress { .. } => "add-address",
            },
            // Where the form goes, below the account's page.
            place => match page.change {
                ConfirmChange::Enrol => Value::from_safe_string("enrol".to_owned()),
                ConfirmChange::RenewCodes => Value::from_safe_string("codes".to_owned()),
                ConfirmChange::AddAddress { .. } => Value::from_safe_string("addresses".to_owned()),
            },
            two => if two { "yes" } else { "no" },
            address => match &page.change {
                ConfirmChange::Enrol | ConfirmChange::RenewCodes => None,
                ConfirmChange::AddAddress { address } => Some(self.name(address)),
            },
            addresses => page.addresses.iter().map(String::as_str).collect::<Value>(),
            sent,
            tries_left => page.tries_left,
            now => page.next_mail_at <= self.teller.now,
            next_at => value(next),
            wait => value(wait),
            notice,
            times => true,
        })
    }

    fn backup_codes(&self, page: &BackupCodesPage) -> Result<Value, WordsFailed> {
        let notice = match &page.enrolled {
            Some(device) => self.say("backup-codes-enrolled", &[("name", shown_name(device, self.teller.flavour))])?,
            None => self.say("backup-codes-renewed", &[])?,
        };
        Ok(context! {
            title => self.say("backup-codes-title", &[])?,
            token => &page.token,
            account => self.account_name(&page.account),
            codes => page.codes.iter().map(String::as_str).collect::<Value>(),
            sealed => &page.sealed,
            // On paper "today" would mean nothing.
            made_at => value(self.teller.full(page.made_at)?),
            notice,
            times => true,
        })
    }

    fn turn_off(&self, page: &TurnOffPage) -> Result<Value, WordsFailed> {
        let (title, device) = match &page.what {
            TurnOff::Everything => ("turn-off-title", None),
            TurnOff::Device { id, name } => ("turn-off-device-title", Some(context! { id, name => self.name(name) })),
        };
        Ok(context! {
            title => self.say(title, &[])?,
            error => page.notice.is_some(),
            token => &page.token,
            account => self.account_name(&page.account),
            device,
            backup => page.backup,
            tries_left => page.tries_left,
            notice => match page.notice {
                Some(notice) => Some(self.factor_notice(notice, page.backup, page.tries_left, "turn-off-tries")?),
                None => None,
            },
            times => false,
        })
    }

    fn turn_off_confirm(&self, page: &TurnOffConfirmPage) -> Result<Value, WordsFailed> {
        let all = page.what == TurnOff::Everything;
        let flavour = self.teller.flavour;
        let names = page.devices.iter().map(|name| match shown_name(name, flavour) {
            Arg::Markup(name) | Arg::Text(name) => name.to_string(),
            Arg::Number(_) => String::new(),
        });
        Ok(context! {
            title => self.say(if all { "turn-off-confirm-title" } else { "turn-off-confirm-device-title" }, &[])?,
            token => &page.token,
            account => self.account_name(&page.account),
            all,
            ticket => &page.ticket,
            count => page.devices.len(),
            names => Value::from_safe_string(names.collect::<Vec<_>>().join(", ")),
            backup_left => page.backup_left,
            times => false,
        })
    }

    fn not_me(&self, page: &NotMePage) -> Result<Value, WordsFailed> {
        Ok(context! {
            title => self.say("not-me-title", &[])?,
            alarm => &page.alarm,
            account => self.account_name(&page.account),
            event => self.say(&event_key(page.kind), &[])?,
            network => &page.network,
            browser => self.browser(&page.browser)?,
            at => value(self.teller.full(page.at)?),
            times => true,
        })
    }

    fn not_me_done(&self, page: &NotMeDonePage) -> Result<Value, WordsFailed> {
        let account = || ("account", shown_account(&page.account, self.teller.flavour));
        let network = || ("network", Arg::text(page.network.clone()));
        let (title, lead) = if page.before {
            let at = ("at", self.teller.moment(page.used_at)?);
            ("not-me-done-before-title", self.say("not-me-done-before", &[account(), network(), at])?)
        } else {
            let ended = ("ended", Arg::count(page.ended));
            ("not-me-done-title", self.say("not-me-done-lead", &[account(), network(), ended])?)
        };
        Ok(context! { title => self.say(title, &[])?, lead, times => page.before })
    }

    fn said(&self, key: &str, args: &[(&'static str, Arg)]) -> Result<String, WordsFailed> {
        self.voice.say(self.teller.flavour, key, args)
    }

    fn say(&self, key: &str, args: &[(&'static str, Arg)]) -> Result<Value, WordsFailed> {
        self.said(key, args).map(Value::from_safe_string)
    }

    fn account_name(&self, account: &str) -> Value {
        value(shown_account(account, self.teller.flavour))
    }

    /// A name that somebody typed, whatever is in it.
    fn name(&self, name: &str) -> Value {
        value(shown_name(name, self.teller.flavour))
    }

    /// A browser by what is recognised: what it says of itself could be a message.
    fn browser(&self, user_agent: &str) -> Result<String, WordsFailed> {
        browser_line(self.voice, user_agent, "browser-unknown")
    }
}
