//! Changes that wait for mailed codes.

use std::sync::Arc;

use tracing::warn;

use super::super::after::{After, parameter};
use super::super::reply::Reply;
use super::super::request;
use super::super::service::GateProxy;
use super::{Posted, Visit};
use crate::flow::account::{Adding, AddressesFailed, Confirmed, Confirming, SteppedUp};
use crate::flow::ports::account::Change;
use crate::model::EmailAddress;
use crate::page::{AccountDone, BlockedPage, ConfirmChange, ConfirmNotice, ConfirmPage, Page};

impl GateProxy {
    pub(super) async fn show_address(&self, visit: &Visit<'_>) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        match self.flows.stepped_up(asking).await {
            Ok(by) => {
                let confirming = self.flows.confirming_address(&by).await;
                self.show_confirmation(visit, confirming)
            }
            Err(not) => self.not_open(visit, not),
        }
    }

    /// Codes were asked for: on to their page.
    pub(super) fn send_confirmation(&self, visit: &Visit<'_>, adding: Result<Adding, AddressesFailed>) -> Reply {
        if let Ok(Adding::Confirming(confirming)) = &adding
            && let Some(waiting) = &confirming.waiting
        {
            let after = if confirming.sent == Some(false) { "?after=later" } else { "?after=sent" };
            let after =
                if visit.target.path().ends_with("/resend") || confirming.sent == Some(false) { after } else { "" };
            return Reply::redirect(&format!("{}{}{after}", self.settings.prefix, page_of(&waiting.change)));
        }
        self.show_confirmation(visit, adding)
    }

    pub(super) fn show_confirmation(&self, visit: &Visit<'_>, adding: Result<Adding, AddressesFailed>) -> Reply {
        let reference = request::reference();
        let page = match adding {
            Ok(Adding::Confirming(confirming)) => self.confirm_page(visit, *confirming),
            Ok(Adding::NotPossible) => return self.done(Some(AccountDone::AddressNotPossible)),
            Ok(Adding::Gone) => return self.done(Some(AccountDone::Gone)),
            Ok(Adding::NoAddress) => Page::NoAddress { account: visit.session.account.to_string(), reference },
            Ok(Adding::Blocked(block)) => {
                Page::Blocked(BlockedPage { account: Some(visit.session.account.to_string()), block })
            }
            Err(AddressesFailed::Store(error)) => return self.store_failed(visit, &error),
            Err(AddressesFailed::Directory(error)) => {
                warn!(%error, "codes for a change could not be sent without the directory");
                Page::AccountsUnavailable { reference }
            }
        };
        self.show(visit, &page)
    }

    pub(super) fn confirm_page(&self, visit: &Visit<'_>, confirming: Confirming) -> Page {
        let Confirming { waiting, change, addresses, next_mail_at, sent } = confirming;
        let notice = match sent {
            Some(false) => Some(ConfirmNotice::NotYet),
            _ => parameter(visit.target, "after").and_then(|after| After::of_str(&after)?.confirm_notice()),
        };
        Page::Confirm(Box::new(ConfirmPage {
            token: self.token(visit),
            account: visit.session.account.to_string(),
            change: match change {
                Change::Enrol => ConfirmChange::Enrol,
                Change::AddAddress(address) => ConfirmChange::AddAddress { address: address.masked() },
            },
            addresses: addresses.iter().map(EmailAddress::masked).collect(),
            sent_at: waiting.as_ref().map(|waiting| waiting.sent_at),
            expires_at: waiting.as_ref().map(|waiting| waiting.expires_at),
            next_mail_at,
            tries_left: waiting.map_or(self.flows.policy.challenge.tries, |waiting| waiting.tries_left),
            notice,
        }))
    }

    pub(super) async fn confirm(&self, visit: &Visit<'_>, by: &SteppedUp, form: &Posted, enrolling: bool) -> Reply {
        let second = (!enrolling).then(|| form.text("second_code"));
        let place = if enrolling { "/account/enrol" } else { "/account/addresses/confirm" };
        let after = match self.flows.confirm_change(by, form.text("code"), second).await {
            Ok(Confirmed::Done(Change::Enrol)) => return Reply::redirect(&format!("{}{place}", self.settings.prefix)),
            Ok(Confirmed::Done(Change::AddAddress(_))) => return self.done(Some(AccountDone::AddressAdded)),
            Ok(Confirmed::NotPossible) => return self.done(Some(AccountDone::AddressNotPossible)),
            Ok(Confirmed::Over) => return self.session_over(visit),
            Ok(Confirmed::NotDigits) => After::NotDigits,
            Ok(Confirmed::Wrong) => After::Wrong,
            Ok(Confirmed::Expired) => After::Expired,
            Err(error) => return self.store_failed(visit, &error),
        };
        Reply::redirect(&format!("{}{place}?after={}", self.settings.prefix, after.to_text()))
    }
}

/// Where a change's codes are typed.
const fn page_of(change: &Change) -> &'static str {
    match change {
        Change::Enrol => "/account/enrol",
        Change::AddAddress(_) => "/account/addresses/confirm",
    }
}
