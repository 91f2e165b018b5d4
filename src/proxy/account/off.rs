//! Second factors are turned off, or a device is taken away.

use std::sync::Arc;

use super::super::after::{After, parameter};
use super::super::endpoints::without_gate_cookie;
use super::super::reply::Reply;
use super::super::service::GateProxy;
use super::{Posted, Visit};
use crate::flow::account::{OffStep, SteppedUp, What};
use crate::model::DeviceId;
use crate::page::{AccountDone, BlockedPage, Page, TurnOff, TurnOffConfirmPage, TurnOffPage};

impl GateProxy {
    pub(super) async fn show_turn_off(&self, visit: &Visit<'_>) -> Reply {
        let asking = self.asking(visit.exchange, &visit.asker, Arc::clone(&visit.session));
        let by = match self.flows.stepped_up(asking).await {
            Ok(by) => by,
            Err(not) => return self.not_open(visit, not),
        };
        let Ok(device) = device_of(parameter(visit.target, "device").as_deref()) else {
            return self.done(Some(AccountDone::Gone));
        };
        match self.flows.to_turn_off(&by, device).await {
            Ok(Some(what)) => {
                let after = parameter(visit.target, "after").and_then(|text| After::of_str(&text));
                let page = Page::TurnOff(TurnOffPage {
                    token: self.token(visit),
                    account: visit.session.account.to_string(),
                    what: shown_what(what),
                    backup: parameter(visit.target, "with").is_some_and(|with| with == "backup"),
                    tries_left: parameter(visit.target, "left").and_then(|left| left.parse().ok()).filter(|n| *n < 100),
                    notice: after.and_then(After::factor_notice),
                });
                self.show(visit, &page)
            }
            Ok(None) => self.done(Some(AccountDone::Gone)),
            Err(error) => self.store_failed(visit, &error),
        }
    }

    pub(super) async fn begin_turn_off(&self, visit: &Visit<'_>, by: &SteppedUp, form: &Posted) -> Reply {
        let named = parameter(visit.target, "device").unwrap_or_else(|| form.text("device").to_owned());
        let backup = !form.text("backup").is_empty() || parameter(visit.target, "with").is_some_and(|w| w == "backup");
        let Ok(device) = device_of(Some(&named)) else { return self.done(Some(AccountDone::Gone)) };
        let (after, left) = match self.flows.begin_turn_off(by, device, form.text("code")).await {
            Ok(OffStep::Confirm { what, ticket, devices, backup_left }) => {
                let page = Page::TurnOffConfirm(TurnOffConfirmPage {
                    token: self.token(visit),
                    account: visit.session.account.to_string(),
                    what: shown_what(what),
                    ticket,
                    devices,
                    backup_left,
                });
                return self.show(visit, &page);
            }
            Ok(OffStep::Gone) => return self.done(Some(AccountDone::Gone)),
            Ok(OffStep::Blocked { block, fresh }) => {
                let account = Some(visit.session.account.to_string());
                let reply = self.show(visit, &Page::Blocked(BlockedPage { account, block }));
                return if fresh { without_gate_cookie(reply, &visit.asker) } else { reply };
            }
            Ok(OffStep::NotAFactor(not)) => (After::of_no_factor(not, backup), None),
            Ok(OffStep::Wrong { tries_left, clock_off }) => {
                (clock_off.map_or(After::Wrong, After::ClockOff), Some(tries_left))
            }
            Err(error) => return self.store_failed(visit, &error),
        };
        // A browser is sent there: loading the page once more must not type the code again.
        let mut query = format!("?after={}", after.to_text());
        if let Some(device) = device {
            query += &format!("&device={}", device.to_text());
        }
        if backup {
            query += "&with=backup";
        }
        if let Some(left) = left {
            query += &format!("&left={left}");
        }
        Reply::redirect(&format!("{}/account/off{query}", self.settings.prefix))
    }
}

/// A device as a form or an address names it; none at all means everything.
fn device_of(text: Option<&str>) -> Result<Option<DeviceId>, ()> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => DeviceId::of_text(text).map(Some).ok_or(()),
    }
}

fn shown_what(what: What) -> TurnOff {
    match what {
        What::Everything => TurnOff::Everything,
        What::Device(device) => TurnOff::Device { id: device.id.to_text(), name: device.name },
    }
}
