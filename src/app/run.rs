//! The gate, put together, started and stopped.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::clock::Clock;
use super::courier::WordedCourier;
use super::parts;
use crate::admin::{self, MailState, Metrics, Readiness, StoreState};
use crate::config::{AccountsSource, Checked};
use crate::directory::{self, FileDirectory, LoginDirectory};
use crate::flow::Flows;
use crate::flow::hashing::Hashing;
use crate::flow::ports::account::AccountStore;
use crate::flow::ports::{Directory, Store};
use crate::mail::Outbox;
use crate::model::{Keys, Timestamp};
use crate::page::Pages;
use crate::proxy::front::{self, Front, RunningServer};
use crate::proxy::{GateProxy, RefusalLog, refusal_pages};
use crate::state::{Claims, Sessions};
use crate::store::{self, SqliteStore};
use crate::upstream::HyperPanel;

/// How often last uses are written.
const FLUSH_EVERY: Duration = Duration::from_secs(10);
/// How often what has expired is purged.
const PURGE_EVERY: Duration = Duration::from_secs(30);

/// The gate can't start; the text says what the operator can do about it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RunFailed(String);

impl RunFailed {
    /// A failure for the reason that `error` tells.
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

fn failed(error: impl std::fmt::Display) -> RunFailed {
    RunFailed::of(error)
}

/// A gate that runs.
pub struct Gate {
    server: RunningServer,
    flows: Arc<Flows>,
    store: Arc<SqliteStore>,
    readiness: Readiness,
    tasks: JoinSet<()>,
    runtime: Runtime,
}

impl Gate {
    /// Starts the gate that `checked` describes. `clock` makes the gate's time from the instant
    /// that it must not start before.
    ///
    /// # Errors
    /// When a part can't be started; nothing is left running.
    pub fn start(checked: &Checked, clock: impl FnOnce(Timestamp) -> Clock) -> Result<Self, RunFailed> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("poterne-work")
            .enable_all()
            .build()
            .map_err(failed)?;
        let metrics = Metrics::new().map_err(failed)?;
        // A second gate in one process (in tests) reports to the first one's metrics.
        let handle = metrics.install().ok();
        let readiness = Readiness::new();
        let mut tasks = JoinSet::new();

        let pages = Arc::new(Pages::load(parts::pages(checked)).map_err(failed)?);
        runtime.block_on(heal_key(checked))?;
        let master = store::key_file::load_for_store(&checked.store.key_file, &checked.store.path, &mut rand::rng())
            .map_err(failed)?;
        let keys = Keys::derive(&master);
        let store = Arc::new(runtime.block_on(open_store(checked, keys.clone()))?);
        let clock = clock(store.clock_floor());
        let now: Arc<dyn Fn() -> Timestamp + Send + Sync> = {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        };
        let directory = open_directory(checked, runtime.handle())?;
        let outbox = {
            let _inside = runtime.enter();
            Outbox::start(parts::mail(checked), Arc::clone(&now), runtime.handle().clone()).map_err(failed)?
        };
        let panel = HyperPanel::new(parts::panel(checked)).map_err(failed)?;
        let flows = Arc::new(Flows {
            store: Arc::clone(&store) as Arc<dyn Store>,
            accounts: Arc::clone(&store) as Arc<dyn AccountStore>,
            hashing: Hashing::of_machine(),
            turns: Arc::default(),
            directory,
            courier: Arc::new(WordedCourier::new(Arc::clone(&pages), outbox.clone())),
            panel: Arc::new(panel),
            sessions: Arc::new(Sessions::new(checked.session.limits)),
            claims: Arc::new(Claims::default()),
            profile: Arc::new(checked.panel.profile.clone()),
            keys,
            policy: parts::flow_policy(checked),
            behind_gate: {
                let own_domains = checked.mail.own_domains.clone();
                Box::new(move |address| own_domains.serve(address))
            },
            clock: now,
        });
        runtime.block_on(flows.warm_up()).map_err(failed)?;
        runtime.block_on(flows.resume_notices()).map_err(failed)?;

        let (refusals, queue) = RefusalLog::new();
        spawn(&mut tasks, &runtime, queue.run(Arc::clone(&store) as Arc<dyn Store>));
        spawn(&mut tasks, &runtime, upkeep(Arc::clone(&flows), clock, readiness.clone(), outbox));
        let told =
            refusal_pages(Arc::clone(&pages), refusals.clone(), checked.listen.front.prefix, Arc::clone(&flows.clock));
        let proxy = GateProxy::new(
            Arc::clone(&flows),
            pages,
            parts::proxy(checked),
            refusals,
            parts::peer(checked).map_err(|error| {
                RunFailed(format!("the panel's address {} can't be found: {error}", checked.panel.upstream))
            })?,
        );
        if let (Some(address), Some(handle)) = (checked.admin.metrics, handle) {
            let listener = runtime
                .block_on(TcpListener::bind(address))
                .map_err(|error| RunFailed(format!("can't listen on {address} for metrics: {error}")))?;
            let counted = Arc::clone(&flows);
            let before_scrape = move || count_sessions(&counted);
            spawn(&mut tasks, &runtime, admin::serve(listener, handle, readiness.clone(), before_scrape));
        }
        let sockets = front::bind(&checked.listen.addresses).map_err(failed)?;
        let serving = parts::serving(checked);
        let front = Front::new(front::http_proxy(proxy, serving.threads), checked.listen.front.clone())
            .with_refusal_pages(told);
        let server = front::spawn(front, sockets, serving).map_err(failed)?;
        readiness.listening();
        for address in server.addresses() {
            info!(%address, "listening");
        }
        Ok(Self { server, flows, store, readiness, tasks, runtime })
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        self.server.addresses()
    }

    /// Waits until `until` is over, then stops: requests under way may end, what waits to be written
    /// is written.
    pub fn stop_after(self, until: impl Future<Output = ()>) {
        self.runtime.block_on(until);
        self.stop();
    }

    /// Stops.
    pub fn stop(self) {
        let Self { server, flows, store, readiness, mut tasks, runtime } = self;
        info!("stopping");
        readiness.stopping();
        server.stop();
        runtime.block_on(async {
            flows.flush_touches().await;
            tasks.abort_all();
            store.close().await;
        });
        runtime.shutdown_timeout(Duration::from_secs(2));
    }
}

fn spawn(tasks: &mut JoinSet<()>, runtime: &Runtime, task: impl Future<Output = ()> + Send + 'static) {
    tasks.spawn_on(task, runtime.handle());
}

fn open_directory(checked: &Checked, runtime: &Handle) -> Result<Arc<dyn Directory>, RunFailed> {
    Ok(match &checked.accounts.source {
        AccountsSource::Login => Arc::new(LoginDirectory::new(checked.mail.own_domains.clone())),
        AccountsSource::File { path, reload, .. } => {
            let file = Arc::new(open_file(checked, path)?);
            file.keep_fresh(*reload, runtime);
            file
        }
    })
}

fn open_file(checked: &Checked, path: &Path) -> Result<FileDirectory, RunFailed> {
    let creation = parts::creation_networks(checked);
    let own_domains = checked.mail.own_domains.clone();
    FileDirectory::open(directory::Settings { path: path.to_owned(), own_domains, creation }).map_err(failed)
}

/// What a checked configuration names beside itself and the gate would start with: the operator's
/// own pages, the accounts. All that is wrong with them.
pub fn rehearse(checked: &Checked) -> Vec<RunFailed> {
    let pages = Pages::load(parts::pages(checked)).map(drop).map_err(failed);
    let accounts = match &checked.accounts.source {
        AccountsSource::Login => Ok(()),
        AccountsSource::File { path, .. } => open_file(checked, path).map(drop),
    };
    [pages, accounts].into_iter().filter_map(Result::err).collect()
}

/// Tells the metrics how many sessions there are.
fn count_sessions(flows: &Flows) {
    let (pending, cleared) = flows.sessions.count();
    gauge!("poterne_sessions", "state" => "pending").set(pending as f64);
    gauge!("poterne_sessions", "state" => "cleared").set(cleared as f64);
}

/// What runs beside the requests.
async fn upkeep(flows: Arc<Flows>, clock: Clock, readiness: Readiness, outbox: Outbox) {
    let mut flush = tokio::time::interval(FLUSH_EVERY);
    let mut purge = tokio::time::interval(PURGE_EVERY);
    loop {
        tokio::select! {
            _ = flush.tick() => {
                flows.flush_touches().await;
                readiness.set_mail(if outbox.health().is_down() { MailState::Down } else { MailState::Up });
                let written = flows.store.note_time(flows.now()).await;
                readiness.set_store(if written.is_ok() { StoreState::Writable } else { StoreState::Failing });
            }
            _ = purge.tick() => {
                flows.purge().await;
                let drift = clock.drift();
                if drift.abs() > 5_000 {
                    warn!(milliseconds = drift, "the wall clock was set; codes and blocks keep the gate's own time until a restart");
                }
            }
        }
    }
}

/// Runs the gate until it's told to stop by SIGINT or SIGTERM.
///
/// # Errors
/// When it can't start.
pub fn run(checked: &Checked, clock: impl FnOnce(Timestamp) -> Clock) -> Result<(), RunFailed> {
    super::logging::init(parts::logging(checked).map_err(failed)?).map_err(failed)?;
    let gate = Gate::start(checked, clock)?;
    info!("ready");
    gate.stop_after(stop_signal());
    Ok(())
}

/// Waits for SIGINT or SIGTERM.
pub(super) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        (Err(error), _) | (_, Err(error)) => {
            error!(%error, "signals can't be waited for: stop the process by SIGKILL");
            std::future::pending::<()>().await;
        }
    }
}

pub(super) async fn open_store(checked: &Checked, keys: Keys) -> Result<SqliteStore, RunFailed> {
    SqliteStore::open(store_settings(checked, keys)).await.map_err(failed)
}

/// Finishes a change of the key that was interrupted.
pub(super) async fn heal_key(checked: &Checked) -> Result<(), RunFailed> {
    let key = &checked.store.key_file;
    if store::rotation::heal(key, &checked.store.path).await.map_err(failed)? {
        warn!(key = %key.display(), "a change of the key had been interrupted: it is finished now");
    }
    Ok(())
}

pub(super) fn store_settings(checked: &Checked, keys: Keys) -> store::Settings {
    store::Settings {
        path: checked.store.path.clone(),
        key_path: checked.store.key_file.clone(),
        keys,
        challenge: checked.challenge.clone(),
        session: checked.session.limits,
        factors: checked.totp.factors,
        page_limit: None,
    }
}
