//! What operators do from the command line besides running the gate.

use std::future::Future;

use super::clock::Clock;
use super::run::{self, RunFailed};
use crate::config::Checked;
use crate::flow::ports::RefusalRecord;
use crate::model::{AccountId, Keys, Language, Reference, Timestamp};
use crate::store::rotation::{self, Rotated};
use crate::store::support::{AccountReport, Lifted};
use crate::store::{self, SqliteStore};

/// What a reference that a user reads out stands for.
///
/// # Errors
/// When the store can't be read.
pub fn reference(checked: &Checked, reference: Reference) -> Result<Option<RefusalRecord>, RunFailed> {
    wait_for(async {
        let mut lookup = store::lookup::open_readonly(&checked.store.path).await.map_err(RunFailed::of)?;
        let found = lookup.reference(reference).await.map_err(RunFailed::of);
        lookup.close().await.map_err(RunFailed::of)?;
        found
    })
}

/// How an account stands. The gate may run meanwhile.
///
/// # Errors
/// When the store can't be read.
pub fn show(checked: &Checked, account: &AccountId) -> Result<AccountReport, RunFailed> {
    wait_for(async {
        let mut lookup = store::lookup::open_readonly(&checked.store.path).await.map_err(RunFailed::of)?;
        let floor = lookup.high_water().await.map_err(RunFailed::of)?;
        let now = Clock::start(floor).now();
        let report = lookup.account(account, checked.session.limits, now).await.map_err(RunFailed::of);
        lookup.close().await.map_err(RunFailed::of)?;
        report
    })
}

/// Lifts every block of an account and the suspicion of its password. Nobody else may have the store
/// open.
///
/// # Errors
/// When the store can't be opened or written.
pub fn unblock(checked: &Checked, account: &AccountId) -> Result<Lifted, RunFailed> {
    with_store(checked, async |store, now| store.lift_blocks(account, now).await)
}

/// Takes all second factors of an account away (b75); `false` if there were none. Nobody else may have
/// the store open.
///
/// # Errors
/// When the store can't be opened or written.
pub fn totp_off(checked: &Checked, account: &AccountId) -> Result<bool, RunFailed> {
    let language = checked.pages.languages.first().copied().unwrap_or(Language::En);
    with_store(checked, async |store, now| store.turn_off_by_support(account, language, now).await)
}

/// Puts a new key into the place of the one there is. Nobody else may have the store open.
///
/// # Errors
/// When the store can't be opened or written, or the key can't be replaced.
pub fn rotate_key(checked: &Checked) -> Result<Rotated, RunFailed> {
    wait_for(async {
        let settings = run::store_settings(checked, keys(checked).await?);
        rotation::rotate(&settings, &mut rand::rng()).await.map_err(RunFailed::of)
    })
}

async fn keys(checked: &Checked) -> Result<Keys, RunFailed> {
    run::heal_key(checked).await?;
    Ok(Keys::derive(&store::key_file::load(&checked.store.key_file).map_err(RunFailed::of)?))
}

fn with_store<T>(
    checked: &Checked,
    deed: impl AsyncFnOnce(&SqliteStore, Timestamp) -> Result<T, crate::flow::ports::StoreFailed>,
) -> Result<T, RunFailed> {
    wait_for(async {
        let store = run::open_store(checked, keys(checked).await?).await?;
        let now = Clock::start(store.clock_floor()).now();
        let done = deed(&store, now).await.map_err(RunFailed::of);
        store.close().await;
        done
    })
}

fn wait_for<T>(deed: impl Future<Output = Result<T, RunFailed>>) -> Result<T, RunFailed> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(RunFailed::of)?;
    runtime.block_on(deed)
}
