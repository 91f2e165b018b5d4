//! The mails: a code, a code that confirms a change, a notice.

use std::fmt;

use minijinja::{Value, context};

use crate::challenge::backup;
use crate::flow::ports::{CodeMail, ConfirmationMail, ConfirmationPurpose, Notice, NoticeMail};

use super::render::Pages;
use super::view::{browser_line, event_key, shown_account, shown_name, support_shown, value};
use super::voice::{RenderFailed, Voice};
use super::words::{Arg, Flavour, escape};

/// A mail in words. A code is in all three parts (b14), and nothing is a link (b64, b65) but the one
/// of a notice, which does nothing by itself.
#[derive(Clone)]
pub struct MailText {
    /// One line, without control characters.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl fmt::Debug for MailText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailText(…)")
    }
}

impl Pages {
    /// Puts a mail into words, in its language or else the first that is offered.
    pub fn code_mail(&self, mail: &CodeMail) -> MailText {
        let worded = self.voice(mail.language).map(|voice| self.worded(voice, mail));
        // The rehearsal at the start has excluded a failure; the code must arrive nevertheless.
        or_bare(worded, || self.bare_mail(mail.code.expose()))
    }

    /// Puts a code that confirms a change into words.
    pub fn confirmation_mail(&self, mail: &ConfirmationMail) -> MailText {
        let worded = self.voice(mail.code.language).map(|voice| self.worded_confirmation(voice, mail));
        or_bare(worded, || self.bare_mail(mail.code.code.expose()))
    }

    /// Puts a notice into words.
    pub fn notice_mail(&self, mail: &NoticeMail) -> MailText {
        let worded = self.voice(mail.language).map(|voice| self.worded_notice(voice, mail));
        or_bare(worded, || self.bare_mail(mail.not_me.as_deref().unwrap_or(mail.account.as_str())))
    }

    pub(super) fn worded(&self, voice: &Voice, mail: &CodeMail) -> Result<MailText, RenderFailed> {
        let code = mail.code.expose();
        let browser = browser_line(voice, &mail.browser, "mail-browser-unknown")?;
        let fill = |template: &str, flavour: Flavour| {
            let teller = self.teller(voice, flavour, mail.asked_at);
            let view = context! {
                code,
                account => value(shown_account(mail.account.as_str(), flavour)),
                asked_at => value(teller.full(mail.asked_at)?),
                until => value(teller.clock(mail.expires_at)?),
                zone => value(teller.zone()?),
                network => mail.network.to_string(),
                browser => browser.as_str(),
                support => support_shown(&self.settings.support),
            };
            voice.fill(template, view)
        };
        Ok(MailText {
            subject: subject(voice, "mail-subject", &[("code", Arg::text(code.to_owned()))])?,
            text: fill("mail/code.txt", Flavour::Text)?,
            html: fill("mail/code.html", Flavour::Html)?,
        })
    }

    pub(super) fn worded_confirmation(
        &self,
        voice: &Voice,
        confirmation: &ConfirmationMail,
    ) -> Result<MailText, RenderFailed> {
        let ConfirmationMail { code: mail, purpose } = confirmation;
        let code = mail.code.expose();
        let browser = browser_line(voice, &mail.browser, "mail-browser-unknown")?;
        let (key, address) = match purpose {
            ConfirmationPurpose::Enrol => ("enrol", ""),
            ConfirmationPurpose::RenewCodes => ("renew-codes", ""),
            ConfirmationPurpose::AddAddress { address } => ("add-address", address.as_str()),
            ConfirmationPurpose::NewAddress => ("new-address", ""),
        };
        let fill = |template: &str, flavour: Flavour| {
            let teller = self.teller(voice, flavour, mail.asked_at);
            let account = shown_account(mail.account.as_str(), flavour);
            let args = [("account", account.clone()), ("address", shown_name(address, flavour))];
            let say = |part: &str| {
                let said = voice.say(flavour, &format!("confirm-mail-{key}-{part}"), &args);
                said.map(|said| match flavour {
                    Flavour::Html => Value::from_safe_string(said),
                    Flavour::Text => Value::from(said),
                })
            };
            let view = context! {
                code,
                intro => say("intro")?,
                why => say("why")?,
                not_you => say("not-you")?,
                account => value(account),
                // Who has the new mailbox may be a stranger whose address was mistyped: whose account
                // it is, and where its owner is, is none of their business.
                named => *purpose != ConfirmationPurpose::NewAddress,
                asked_at => value(teller.full(mail.asked_at)?),
                until => value(teller.clock(mail.expires_at)?),
                zone => value(teller.zone()?),
                network => mail.network.to_string(),
                browser => browser.as_str(),
                support => support_shown(&self.settings.support),
            };
            voice.fill(template, view)
        };
        let code = ("code", Arg::text(code.to_owned()));
        Ok(MailText {
            subject: subject(voice, &format!("confirm-mail-{key}-subject"), &[code])?,
            text: fill("mail/confirmation.txt", Flavour::Text)?,
            html: fill("mail/confirmation.html", Flavour::Html)?,
        })
    }

    pub(super) fn worded_notice(&self, voice: &Voice, mail: &NoticeMail) -> Result<MailText, RenderFailed> {
        let browser = browser_line(voice, &mail.browser, "mail-browser-unknown")?;
        let (key, said) = notice_key(&mail.notice);
        let by_support = mail.notice == Notice::TotpOffBySupport;
        let few = matches!(mail.notice, Notice::BackupUsed { left } if (2..=backup::FEW).contains(&left));
        let fill = |template: &str, flavour: Flavour| {
            let teller = self.teller(voice, flavour, mail.at);
            let mut args = Vec::new();
            match &mail.notice {
                Notice::TotpOn { device } | Notice::DeviceAdded { device } | Notice::DeviceRemoved { device } => {
                    args.push(("detail", shown_name(&plain_name(device), flavour)));
                }
                Notice::AddressAdded { address } | Notice::AddressRemoved { address } => {
                    args.push(("detail", shown_name(address, flavour)));
                }
                Notice::BackupUsed { left } => args.push(("left", Arg::count(*left))),
                Notice::Reported { what } => {
                    let event = voice.say(Flavour::Text, &event_key(*what), &[])?;
                    args.push(("event", Arg::text(event)));
                }
                Notice::TotpOff
                | Notice::TotpOffBySupport
                | Notice::BackupRenewed
                | Notice::NewNetwork
                | Notice::FactorFailed => {}
            }
            let what = voice.say(flavour, said, &args)?;
            let view = context! {
                what => match flavour {
                    Flavour::Html => Value::from_safe_string(what),
                    Flavour::Text => Value::from(what),
                },
                few,
                reported => matches!(mail.notice, Notice::Reported { .. }),
                account => value(shown_account(mail.account.as_str(), flavour)),
                at => value(teller.full(mail.at)?),
                // Support's own network and browser mean nothing to the account's owner.
                placed => !by_support,
                network => mail.network.to_string(),
                browser => browser.as_str(),
                not_me => mail.not_me.as_deref().map(|link| match flavour {
                    // Escaped here, since the templates' own way escapes slashes too.
                    Flavour::Html => Value::from_safe_string(escape(link).into_owned()),
                    Flavour::Text => Value::from(link),
                }),
                support => support_shown(&self.settings.support),
            };
            voice.fill(template, view)
        };
        Ok(MailText {
            subject: subject(voice, &format!("{key}-subject"), &[])?,
            text: fill("mail/notice.txt", Flavour::Text)?,
            html: fill("mail/notice.html", Flavour::Html)?,
        })
    }

    /// A mail that couldn't be put into words: what matters, and from whom.
    fn bare_mail(&self, matter: &str) -> MailText {
        let subject = format!("{matter} – {}", self.settings.brand.trim());
        MailText { text: format!("{subject}\r\n"), html: format!("<p>{}</p>\r\n", escape(matter)), subject }
    }
}

fn or_bare(worded: Option<Result<MailText, RenderFailed>>, bare: impl FnOnce() -> MailText) -> MailText {
    match worded {
        Some(Ok(text)) => text,
        failed => {
            if let Some(Err(error)) = failed {
                tracing::error!(%error, "a mail can't be put into words");
            }
            bare()
        }
    }
}

fn subject(voice: &Voice, key: &str, args: &[(&'static str, Arg)]) -> Result<String, RenderFailed> {
    let said = voice.say(Flavour::Text, key, args)?;
    Ok(said.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A device's name for a mail. Whoever broke into the account can have typed it, so nothing in it may
/// become a link or an address in the owner's mail program, nor be long enough for much of a message.
fn plain_name(name: &str) -> String {
    const LONGEST: usize = 40;
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '+') { c } else { ' ' };
    let spaced: String = name.chars().map(plain).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

/// The messages of a notice: the beginning of its subject's, and what happened.
fn notice_key(notice: &Notice) -> (&'static str, &'static str) {
    match notice {
        Notice::TotpOn { .. } => ("notice-totp-on", "notice-totp-on"),
        Notice::TotpOffBySupport => ("notice-totp-off", "notice-totp-off-by-support"),
        Notice::TotpOff => ("notice-totp-off", "notice-totp-off"),
        Notice::DeviceAdded { .. } => ("notice-device-added", "notice-device-added"),
        Notice::DeviceRemoved { .. } => ("notice-device-removed", "notice-device-removed"),
        Notice::BackupRenewed => ("notice-backup-renewed", "notice-backup-renewed"),
        Notice::BackupUsed { .. } => ("notice-backup-used", "notice-backup-used"),
        Notice::AddressAdded { .. } => ("notice-address-added", "notice-address-added"),
        Notice::AddressRemoved { .. } => ("notice-address-removed", "notice-address-removed"),
        Notice::NewNetwork => ("notice-new-network", "notice-new-network"),
        Notice::FactorFailed => ("notice-factor-failed", "notice-factor-failed"),
        Notice::Reported { .. } => ("notice-reported", "notice-reported"),
    }
}
