//! Changes that wait for mailed codes.

use std::sync::Arc;

use tracing::warn;

use super::super::after::{After, parameter};
use super::super::reply::Reply;
use super::super::request;
use super::super::service::GateProxy;
use super::{Posted, Visit};
use crate::flow::account::{Adding, AddressesFailed, Confirmed, Confirming, Factor, SteppedUp, Wanted};
use crate::flow::ports::account::Change;
use crate::model::EmailAddress;
use crate::page::{AccountDone, BlockedPage, ConfirmChange, ConfirmNotice, ConfirmPage, Page};

const DEVICE_PAGE: &str = "/account/enrol";
const CODES_PAGE: &str = "/account/codes";
const ADDRESS_PAGE: &str = "/account/addresses/confirm";

impl GateProxy {
    /// The page of what waits for its codes; nothing is sent by it.
    pub(super) async fn show_waiting(&self, visit: &Visit<'_>, wanted: Wanted) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        let by = match self.flows.stepped_up(asking).await {
            Ok(by) => by,
            Err(not) => return self.not_open(visit, not),
        };
        let confirming = match wanted {
            Wanted::Factor(factor) if came_too_late(visit) => self.flows.confirming_too_late(&by, factor).await,
            wanted => self.flows.confirming_change(&by, wanted).await,
        };
        self.show_confirmation(visit, confirming)
    }

    /// A code is asked before a second factor.
    pub(super) async fn confirm_factor(&self, visit: &Visit<'_>, by: &SteppedUp, factor: Factor) -> Reply {
        // Whoever came too late asks for another code himself: the page says so.
        let confirming = if came_too_late(visit) {
            self.flows.confirming_too_late(by, factor).await
        } else {
            self.flows.confirm_factor(by, factor).await
        };
        self.show_confirmation(visit, confirming)
    }

    pub(super) async fn resend(&self, visit: &Visit<'_>, by: &SteppedUp, wanted: Wanted) -> Reply {
        self.send_confirmation(visit, self.flows.resend_confirmation(by, wanted).await)
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
                Change::RenewCodes => ConfirmChange::RenewCodes,
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

    pub(super) async fn confirm(&self, visit: &Visit<'_>, by: &SteppedUp, form: &Posted, wanted: Wanted) -> Reply {
        let place = match wanted {
            Wanted::Factor(Factor::Device) => DEVICE_PAGE,
            Wanted::Factor(Factor::BackupCodes) => CODES_PAGE,
            Wanted::Address => ADDRESS_PAGE,
        };
        let after = match self.flows.confirm_change(by, wanted, form.text("code"), form.text("second_code")).await {
            Ok(Confirmed::Done(Change::Enrol)) => return Reply::redirect(&format!("{}{place}", self.settings.prefix)),
            Ok(Confirmed::Done(Change::RenewCodes)) => return self.renew_confirmed_codes(visit).await,
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
        Change::Enrol => DEVICE_PAGE,
        Change::RenewCodes => CODES_PAGE,
        Change::AddAddress(_) => ADDRESS_PAGE,
    }
}

/// Whether the page is shown because what was typed came too late.
fn came_too_late(visit: &Visit<'_>) -> bool {
    parameter(visit.target, "after").and_then(|after| After::of_str(&after)) == Some(After::Expired)
}
