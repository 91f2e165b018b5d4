//! An app is enrolled; backup codes are shown and downloaded.

use std::sync::Arc;

use super::super::qr;
use super::super::reply::Reply;
use super::super::service::GateProxy;
use super::{Posted, Visit};
use crate::flow::account::{EnrolForm, EnrolStep, Factor, FreshCodes, Renewed, SteppedUp};
use crate::page::{AccountDone, BackupCodesPage, EnrolNotice, EnrolPage, Page, RefusalKind};

impl GateProxy {
    pub(super) async fn show_enrolment(&self, visit: &Visit<'_>) -> Reply {
        if !self.flows.policy.enrolment {
            return self.refuse(visit.exchange, &visit.asker, RefusalKind::NotFound);
        }
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        let by = match self.flows.stepped_up(asking).await {
            Ok(by) => by,
            Err(not) => return self.not_open(visit, not),
        };
        match self.flows.begin_enrolment(&by).await {
            Ok(step) => self.enrolment(visit, &by, step, String::new()).await,
            Err(error) => self.store_failed(visit, &error),
        }
    }

    pub(super) async fn enrol(&self, visit: &Visit<'_>, by: &SteppedUp, form: &Posted) -> Reply {
        if !self.flows.policy.enrolment {
            return self.refuse(visit.exchange, &visit.asker, RefusalKind::NotFound);
        }
        let name = form.text("name");
        match self.flows.confirm_enrolment(by, form.text("enrolment"), name, form.text("code")).await {
            Ok(step) => self.enrolment(visit, by, step, name.to_owned()).await,
            Err(error) => self.store_failed(visit, &error),
        }
    }

    pub(super) async fn enrolment(&self, visit: &Visit<'_>, by: &SteppedUp, step: EnrolStep, name: String) -> Reply {
        let (form, notice) = match step {
            EnrolStep::MailFirst => return self.confirm_factor(visit, by, Factor::Device).await,
            EnrolStep::TooMany => return self.done(Some(AccountDone::TooManyDevices)),
            EnrolStep::Added => return self.done(Some(AccountDone::DeviceAdded)),
            EnrolStep::First { name, codes } => return self.show(visit, &self.codes_page(visit, codes, Some(name))),
            EnrolStep::Form(form) => (form, None),
            EnrolStep::Wrong(form) => (form, Some(EnrolNotice::Wrong)),
            EnrolStep::ClockOff { form, seconds } => (form, Some(EnrolNotice::ClockOff { seconds })),
            EnrolStep::NotDigits(form) => (form, Some(EnrolNotice::NotDigits)),
            EnrolStep::Fresh(form) => (form, Some(EnrolNotice::Fresh)),
            EnrolStep::ChangedMeanwhile(form) => (form, Some(EnrolNotice::ChangedMeanwhile)),
        };
        let EnrolForm { account, issuer, secret, link, sealed, first, ends_at } = *form;
        self.show(
            visit,
            &Page::Enrol(Box::new(EnrolPage {
                token: self.token(visit),
                account,
                issuer,
                qr: qr::svg(&link),
                secret,
                link,
                enrolment: sealed,
                name,
                first,
                ends_at,
                notice,
            })),
        )
    }

    /// New backup codes, or the page of the mailed code that comes first.
    pub(super) async fn renew_codes(&self, visit: &Visit<'_>, by: &SteppedUp) -> Reply {
        match self.flows.renew_codes(by).await {
            Ok(Renewed::Codes(codes)) => self.show(visit, &self.codes_page(visit, codes, None)),
            // On to a page of its own, which can be loaded again.
            Ok(Renewed::MailFirst) => {
                self.send_confirmation(visit, self.flows.confirm_factor(by, Factor::BackupCodes).await)
            }
            Ok(Renewed::NoDevice) => self.done(Some(AccountDone::NoDevice)),
            Err(error) => self.store_failed(visit, &error),
        }
    }

    /// New backup codes once the mailed code was right: the session counts as cleared by it.
    pub(super) async fn renew_confirmed_codes(&self, visit: &Visit<'_>) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        match self.flows.stepped_up(asking).await {
            Ok(by) => self.renew_codes(visit, &by).await,
            Err(not) => self.not_open(visit, not),
        }
    }

    pub(super) fn codes_page(&self, visit: &Visit<'_>, codes: FreshCodes, enrolled: Option<String>) -> Page {
        let FreshCodes { codes, sealed, made_at } = codes;
        let account = visit.session.account.to_string();
        Page::BackupCodes(BackupCodesPage { token: self.token(visit), account, codes, sealed, enrolled, made_at })
    }

    pub(super) fn download_codes(&self, visit: &Visit<'_>, form: &Posted) -> Reply {
        let Some((made_at, codes)) = self.flows.codes_shown(visit.session.id, form.text("sealed")) else {
            return self.done(Some(AccountDone::Gone));
        };
        let date = jiff::Timestamp::from_millisecond(made_at.as_millis())
            .map(|at| at.strftime("%Y-%m-%d").to_string())
            .unwrap_or_default();
        let head = format!("{}\r\n{}\r\n{date}\r\n\r\n", self.flows.policy.issuer, visit.session.account);
        let lines: String = codes.iter().map(|code| format!("{code}\r\n")).collect();
        Reply::download("backup-codes.txt", head + &lines)
    }
}
