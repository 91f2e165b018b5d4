//! "It wasn't me": a link in a mail, a page that does nothing by itself (b64, b65), one button.

use std::sync::Arc;

use tracing::warn;

use super::super::Flows;
use super::super::ports::account::{Alarm, EventKind};
use super::super::ports::{Notice, StoreFailed};
use super::super::tell::Happening;
use crate::model::{AlarmToken, Language, Network, Reference};

/// What a link leads to.
#[derive(Debug)]
pub enum AlarmLooked {
    /// Its page, with the one button.
    Ready(Alarm),
    /// Its button was used before.
    Used(Alarm),
    /// No such link, or not any more.
    Unknown,
}

/// What the button did.
#[derive(Debug)]
pub struct Reported {
    /// What it was about.
    pub alarm: Alarm,
    /// Sessions that ended.
    pub ended: usize,
    /// Whether it was used before: nothing was done this time.
    pub before: bool,
}

impl Flows {
    /// What a link leads to. Changes nothing.
    ///
    /// # Errors
    /// When the store can't be asked.
    pub async fn look_at_alarm(&self, token: &str) -> Result<AlarmLooked, StoreFailed> {
        let Some(token) = AlarmToken::parse(token.as_bytes()) else { return Ok(AlarmLooked::Unknown) };
        Ok(match self.accounts.alarm(token.hash(), self.now()).await? {
            Some(alarm) if alarm.used_at.is_some() => AlarmLooked::Used(alarm),
            Some(alarm) => AlarmLooked::Ready(alarm),
            None => AlarmLooked::Unknown,
        })
    }

    /// The button: sessions end, the network is forgotten and blocked, the password suspected, the
    /// contacts told. `None` if there's no such link.
    ///
    /// # Errors
    /// When the store can't be written: then nothing was done.
    pub async fn report(
        self: &Arc<Self>,
        token: &str,
        network: Network,
        browser: String,
        language: Language,
        reference: Reference,
    ) -> Result<Option<Reported>, StoreFailed> {
        let Some(token) = AlarmToken::parse(token.as_bytes()) else { return Ok(None) };
        let Some(used) = self.accounts.use_alarm(token.hash(), reference, self.now()).await? else {
            return Ok(None);
        };
        let alarm = used.alarm;
        if alarm.used_at.is_some() {
            return Ok(Some(Reported { alarm, ended: 0, before: true }));
        }
        let ended = used.ended.len();
        self.sessions.remove_where(|session| session.account == alarm.account);
        self.over(&alarm.account, used.ended);
        metrics::counter!("poterne_reports_total").increment(1);
        warn!(%reference, network = %alarm.network, of = alarm.kind.slug(), "an account's owner says that it wasn't them");
        let of = Happening {
            account: alarm.account.clone(),
            kind: EventKind::Reported,
            network,
            browser,
            detail: Some(alarm.network.to_string()),
        };
        self.note(of.clone()).await;
        let notice = Notice::Reported { what: alarm.kind };
        self.notify(notice, of, language, Vec::new()).await;
        Ok(Some(Reported { alarm, ended, before: false }))
    }
}
