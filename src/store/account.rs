//! What accounts' owners rely on, kept.

use async_trait::async_trait;

use super::sqlite::SqliteStore;
use crate::flow::ports::account::*;
use crate::flow::ports::{CodeGrant, StoreFailed};
use crate::model::{
    AccountId, AlarmHash, DeviceId, EmailAddress, Language, Network, Reference, SessionId, Timestamp, TypedCode,
};

#[async_trait]
impl AccountStore for SqliteStore {
    async fn answer_totp(&self, _answer: FactorAnswer, _typed: TypedCode) -> Result<FactorAnswered, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn backup_candidate(
        &self,
        _session: SessionId,
        _network: Network,
        _used_for: FactorUse,
        _slot: u8,
        _now: Timestamp,
    ) -> Result<BackupCandidate, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn answer_backup(
        &self,
        _answer: FactorAnswer,
        _slot: u8,
        _against: String,
        _right: bool,
    ) -> Result<FactorAnswered, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn keep_password_hash(&self, _session: SessionId, _hash: String) -> Result<(), StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn begin_step_up(&self, _session: SessionId, _now: Timestamp) -> Result<StepUpTry, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn finish_step_up(&self, _session: SessionId, _until: Timestamp) -> Result<(), StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn session_security(&self, _session: SessionId) -> Result<Option<SessionSecurity>, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn security(&self, _account: &AccountId, _now: Timestamp) -> Result<AccountSecurity, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn choices(&self, _account: &AccountId) -> Result<AccountChoices, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn enrol(&self, _enrolment: Enrolment) -> Result<Enrolled, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn remove_device(
        &self,
        _account: &AccountId,
        _device: DeviceId,
        _now: Timestamp,
    ) -> Result<bool, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn turn_off(&self, _account: &AccountId, _now: Timestamp) -> Result<bool, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn replace_backup_codes(
        &self,
        _account: &AccountId,
        _hashes: Vec<String>,
        _now: Timestamp,
    ) -> Result<bool, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn forget_network(&self, _account: &AccountId, _network: Network) -> Result<bool, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn end_sessions(
        &self,
        _account: &AccountId,
        _which: Which,
        _now: Timestamp,
    ) -> Result<Vec<(SessionId, Option<Vec<u8>>)>, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn forget_browsers(&self, _account: &AccountId) -> Result<u64, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn set_language(&self, _account: &AccountId, _language: Language) -> Result<(), StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn remove_address(&self, _account: &AccountId, _address: &EmailAddress) -> Result<bool, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn record_events(&self, _events: Vec<AccountEvent>) -> Result<(), StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn begin_confirmation(&self, _confirmation: NewConfirmation) -> Result<CodeGrant, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn confirmation(&self, _session: SessionId, _now: Timestamp) -> Result<Option<Confirmation>, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn answer_confirmation(&self, _answer: ConfirmationAnswer) -> Result<ConfirmationAnswered, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn raise_alarm(&self, _alarm: NewAlarm) -> Result<(), StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn alarm(&self, _alarm: AlarmHash, _now: Timestamp) -> Result<Option<Alarm>, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }

    async fn use_alarm(
        &self,
        _alarm: AlarmHash,
        _reference: Reference,
        _now: Timestamp,
    ) -> Result<Option<AlarmUsed>, StoreFailed> {
        Err(StoreFailed("not written yet".to_owned()))
    }
}
