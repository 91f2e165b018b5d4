//! What accounts' owners rely on, kept: each decision is one job of the writer, each page one read.

use async_trait::async_trait;
use sqlx::Connection;

use super::sqlite::{BACKGROUND_STEP, SqliteStore};
use super::writer::Fate;
use super::{alarms, confirmations, events, factors, notices, security, step_up};
use crate::flow::ports::account::*;
use crate::flow::ports::{CodeGrant, NoticeId, Notifying, StoreFailed};
use crate::model::{
    AccountId, AlarmHash, DeviceId, EmailAddress, Language, Network, Reference, SessionId, Timestamp, TypedCode,
};

#[async_trait]
impl AccountStore for SqliteStore {
    async fn answer_totp(&self, answer: FactorAnswer, typed: TypedCode) -> Result<FactorAnswered, StoreFailed> {
        self.writer
            .decide(Some(answer.now), (self.rules(), answer, typed), |connection, given| {
                Box::pin(async move {
                    let (rules, answer, typed) = &*given;
                    factors::answer_totp(connection, rules, answer, typed).await.map(Fate::Keep)
                })
            })
            .await
    }

    async fn backup_candidate(
        &self,
        session: SessionId,
        network: Network,
        used_for: FactorUse,
        slot: u8,
        now: Timestamp,
    ) -> Result<BackupCandidate, StoreFailed> {
        let mut reader = self.reader().await?;
        let mut reading = reader.begin().await?;
        factors::backup_candidate(&mut reading, &self.rules, session, network, &used_for, slot, now).await
    }

    async fn answer_backup(
        &self,
        answer: FactorAnswer,
        slot: u8,
        against: String,
        right: bool,
    ) -> Result<FactorAnswered, StoreFailed> {
        self.writer
            .decide(Some(answer.now), (self.rules(), answer, slot, against, right), |connection, given| {
                Box::pin(async move {
                    let (rules, answer, slot, against, right) = &*given;
                    factors::answer_backup(connection, rules, answer, *slot, against, *right).await.map(Fate::Keep)
                })
            })
            .await
    }

    async fn keep_password_hash(&self, session: SessionId, hash: String) -> Result<(), StoreFailed> {
        self.writer
            .decide(None, (session, hash), |connection, given| {
                Box::pin(
                    async move { step_up::keep_password_hash(connection, given.0, &given.1).await.map(Fate::Keep) },
                )
            })
            .await
    }

    async fn begin_step_up(&self, session: SessionId, now: Timestamp) -> Result<StepUpTry, StoreFailed> {
        self.writer
            .decide(Some(now), (self.rules(), session, now), |connection, given| {
                Box::pin(async move { step_up::begin(connection, &given.0, given.1, given.2).await.map(Fate::Keep) })
            })
            .await
    }

    async fn finish_step_up(&self, session: SessionId, until: Timestamp) -> Result<(), StoreFailed> {
        self.writer
            .decide(None, (session, until), |connection, given| {
                Box::pin(async move { step_up::finish(connection, given.0, given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn session_security(&self, session: SessionId) -> Result<Option<SessionSecurity>, StoreFailed> {
        step_up::security(&mut *self.reader().await?, session).await
    }

    async fn security(&self, account: &AccountId, now: Timestamp) -> Result<AccountSecurity, StoreFailed> {
        let mut reader = self.reader().await?;
        let mut reading = reader.begin().await?;
        security::of_account(&mut reading, self.rules.session, account, now).await
    }

    async fn choices(&self, account: &AccountId) -> Result<AccountChoices, StoreFailed> {
        security::choices(&mut *self.reader().await?, account).await
    }

    async fn enrol(&self, enrolment: Enrolment) -> Result<Enrolled, StoreFailed> {
        let secret = enrolment.secret.expose();
        let sealed = self.rules.keys.seal_totp(&enrolment.account, enrolment.device, secret, &mut rand::rng());
        self.writer
            .decide(Some(enrolment.now), (self.rules(), enrolment, sealed), |connection, given| {
                Box::pin(async move {
                    let (rules, enrolment, sealed) = &*given;
                    factors::enrol(connection, rules, enrolment, sealed).await.map(Fate::Keep)
                })
            })
            .await
    }

    async fn remove_device(&self, account: &AccountId, device: DeviceId, now: Timestamp) -> Result<bool, StoreFailed> {
        self.writer
            .decide(Some(now), (account.clone(), device), |connection, given| {
                Box::pin(async move { factors::remove_device(connection, &given.0, given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn turn_off(&self, account: &AccountId, now: Timestamp) -> Result<bool, StoreFailed> {
        self.writer
            .decide(Some(now), account.clone(), |connection, given| {
                Box::pin(async move { factors::turn_off(connection, &given).await.map(Fate::Keep) })
            })
            .await
    }

    async fn replace_backup_codes(
        &self,
        account: &AccountId,
        hashes: Vec<String>,
        now: Timestamp,
    ) -> Result<bool, StoreFailed> {
        self.writer
            .decide(Some(now), (account.clone(), hashes), |connection, given| {
                Box::pin(
                    async move { factors::replace_backup_codes(connection, &given.0, &given.1).await.map(Fate::Keep) },
                )
            })
            .await
    }

    async fn forget_network(&self, account: &AccountId, network: Network) -> Result<bool, StoreFailed> {
        self.writer
            .decide(None, (account.clone(), network), |connection, given| {
                Box::pin(async move { security::forget_network(connection, &given.0, given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn end_sessions(
        &self,
        account: &AccountId,
        which: Which,
        now: Timestamp,
    ) -> Result<Vec<(SessionId, Option<Vec<u8>>)>, StoreFailed> {
        self.writer
            .decide(Some(now), (account.clone(), which), |connection, given| {
                Box::pin(async move { security::end_sessions(connection, &given.0, given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn forget_browsers(&self, account: &AccountId) -> Result<u64, StoreFailed> {
        self.writer
            .decide(None, account.clone(), |connection, given| {
                Box::pin(async move { factors::forget_browsers(connection, &given).await.map(Fate::Keep) })
            })
            .await
    }

    async fn set_language(&self, account: &AccountId, language: Language) -> Result<(), StoreFailed> {
        self.writer
            .decide(None, (account.clone(), language), |connection, given| {
                Box::pin(async move { security::set_language(connection, &given.0, given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn remove_address(&self, account: &AccountId, address: &EmailAddress) -> Result<bool, StoreFailed> {
        self.writer
            .decide(None, (account.clone(), address.clone()), |connection, given| {
                Box::pin(async move { security::remove_address(connection, &given.0, &given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn record_events(&self, mut events: Vec<AccountEvent>) -> Result<(), StoreFailed> {
        while !events.is_empty() {
            // From the front: the newest must stay the newest.
            let rest = events.split_off(events.len().min(BACKGROUND_STEP));
            let chunk = std::mem::replace(&mut events, rest);
            self.writer
                .in_background(None, chunk, |connection, chunk| {
                    Box::pin(async move { events::record(connection, &chunk).await.map(Fate::Keep) })
                })
                .await?;
        }
        Ok(())
    }

    async fn begin_confirmation(&self, confirmation: NewConfirmation) -> Result<CodeGrant, StoreFailed> {
        self.writer
            .decide(Some(confirmation.now), (self.rules(), confirmation), |connection, given| {
                Box::pin(async move { confirmations::begin(connection, &given.0, &given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn confirmation(&self, session: SessionId, now: Timestamp) -> Result<Option<Confirmation>, StoreFailed> {
        let mut reader = self.reader().await?;
        let mut reading = reader.begin().await?;
        confirmations::status(&mut reading, &self.rules, session, now).await
    }

    async fn answer_confirmation(&self, answer: ConfirmationAnswer) -> Result<ConfirmationAnswered, StoreFailed> {
        self.writer
            .decide(Some(answer.now), (self.rules(), answer), |connection, given| {
                Box::pin(async move { confirmations::answer(connection, &given.0, &given.1).await.map(Fate::Keep) })
            })
            .await
    }

    async fn keep_notice(&self, notice: Notifying) -> Result<NoticeId, StoreFailed> {
        self.writer
            .decide(None, notice, |connection, given| {
                Box::pin(async move { notices::keep(connection, &given).await.map(Fate::Keep) })
            })
            .await
    }

    async fn notice_left(&self, notice: NoticeId) -> Result<(), StoreFailed> {
        self.writer
            .decide(None, notice, |connection, given| {
                Box::pin(async move { notices::left(connection, *given).await.map(Fate::Keep) })
            })
            .await
    }

    async fn notices_kept(&self) -> Result<Vec<(NoticeId, Notifying)>, StoreFailed> {
        notices::kept(&mut *self.reader().await?).await
    }

    async fn raise_alarm(&self, alarm: NewAlarm) -> Result<(), StoreFailed> {
        self.writer
            .decide(Some(alarm.at), alarm, |connection, given| {
                Box::pin(async move { alarms::raise(connection, &given).await.map(Fate::Keep) })
            })
            .await
    }

    async fn alarm(&self, alarm: AlarmHash, now: Timestamp) -> Result<Option<Alarm>, StoreFailed> {
        alarms::load(&mut *self.reader().await?, alarm, now).await
    }

    async fn use_alarm(
        &self,
        alarm: AlarmHash,
        reference: Reference,
        now: Timestamp,
    ) -> Result<Option<AlarmUsed>, StoreFailed> {
        self.writer
            .decide(Some(now), (alarm, reference, now), |connection, given| {
                Box::pin(async move { alarms::consume(connection, given.0, given.1, given.2).await.map(Fate::Keep) })
            })
            .await
    }
}
