//! Durable decisions a second, 64 in parallel, on the disk that `TMPDIR` is on.
//!
//! `cargo bench --bench store`. Each decision is answered after its commit was flushed to the disk.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench ends by panicking, measures time, and prints what it measured"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use poterne::challenge::ChallengePolicy;
use poterne::flow::ports::account::FactorPolicy;
use poterne::flow::ports::{Answered, ClaimOutcome, CodeAnswer, NewClaim, NewCode, OpenSession, Opened, Store};
use poterne::limit::{Quota, SessionLimits};
use poterne::model::{
    AccountId, AttemptId, ChallengeId, ClaimKey, EmailAddress, Keys, Language, MasterKey, Network, OneTimeCode,
    Reference, SessionId, Timestamp, TypedCode,
};
use poterne::store::{Settings, SqliteStore};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

const PARALLEL: u64 = 64;
const FOR: Duration = Duration::from_secs(4);
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

type Step = Box<dyn Fn(Arc<SqliteStore>, u64, u64) -> BoxFuture<'static, ()> + Send + Sync>;

fn rng(worker: u64, turn: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(worker << 40 | turn)
}

fn keys() -> Keys {
    Keys::derive(&MasterKey::from_bytes([7; 32]))
}

fn network(n: u64) -> Network {
    Network::parse(&format!("198.{}.{}.{}", 18 + (n >> 16) % 2, n >> 8 & 255, n & 255)).unwrap()
}

async fn fresh(path: &Path) -> Arc<SqliteStore> {
    let hour = Duration::from_secs(3600);
    // Limits out of the way: what's measured are wrong codes that are counted, not blocks.
    let challenge = ChallengePolicy {
        tries: u32::MAX,
        support_after: u32::MAX,
        wrong_per_account: Quota::of(10, Duration::from_millis(1)),
        mails_per_network: Quota::of(100_000, hour),
        mails_per_account: Quota::of(100_000, hour),
        ..ChallengePolicy::default()
    };
    let settings = Settings {
        path: path.to_owned(),
        key_path: path.with_extension("key"),
        keys: keys(),
        challenge,
        session: SessionLimits::default(),
        factors: FactorPolicy::default(),
        page_limit: None,
    };
    Arc::new(SqliteStore::open(settings).await.unwrap())
}

fn opening(worker: u64, turn: u64) -> OpenSession {
    let mut rng = rng(worker, turn);
    OpenSession {
        session: SessionId::random(&mut rng),
        token: keys().new_token(&mut rng).1,
        attempt: AttemptId::random(&mut rng),
        account: AccountId::canonical(&format!("customer{worker}-{}", turn % 1000)).unwrap(),
        network: network(worker),
        created_from: None,
        sealed_jar: vec![1; 600],
        addresses: vec![EmailAddress::parse("customer@example.test").unwrap()],
        language: Language::Fr,
        browser: "Firefox on Linux".to_owned(),
        code: NewCode { challenge: ChallengeId::random(&mut rng), code: OneTimeCode::random(6, &mut rng) },
        replaces: None,
        remembered: None,
        reference: Reference::random(&mut rng),
        now: NOW,
    }
}

/// The processor time that this process has used: says more than the rate where others are at work.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name in parentheses; user and system time are the 14th and 15th field of all, in
    // hundredths of a second (proc(5)).
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

/// Runs one measurement, unless the command line names others.
async fn measure(name: &str, store: &Arc<SqliteStore>, step: Step) {
    let mut wanted = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).peekable();
    if wanted.peek().is_some() && !wanted.any(|wanted| name.starts_with(&wanted)) {
        return;
    }
    let step = Arc::new(step);
    let done = Arc::new(AtomicU64::new(0));
    let cpu = cpu_seconds();
    let start = Instant::now();
    let workers: Vec<_> = (0..PARALLEL)
        .map(|worker| {
            let (store, step, done) = (Arc::clone(store), Arc::clone(&step), Arc::clone(&done));
            tokio::spawn(async move {
                let mut turn = 0;
                while start.elapsed() < FOR {
                    step(Arc::clone(&store), worker, turn).await;
                    done.fetch_add(1, Ordering::Relaxed);
                    turn += 1;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let rate = done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    let each = (cpu_seconds() - cpu) * 1e6 / done.load(Ordering::Relaxed) as f64;
    println!("{name:<24} {rate:>8.0} durable decisions/s, {PARALLEL} in parallel, {each:>4.0} µs of CPU each");
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = fresh(&folder.path().join("bench.db")).await;

    measure(
        "claim",
        &store,
        Box::new(|store, worker, turn| {
            Box::pin(async move {
                let mut rng = rng(worker, turn);
                let mut key = [0; 16];
                rng.fill_bytes(&mut key);
                let claim = NewClaim {
                    attempt: AttemptId::random(&mut rng),
                    keys: vec![ClaimKey::from_bytes(key)],
                    released_by: None,
                    now: NOW,
                    until: NOW + Duration::from_secs(48 * 3600),
                };
                assert_eq!(store.claim(claim).await.unwrap(), ClaimOutcome::Claimed);
            })
        }),
    )
    .await;

    let mut pending = Vec::new();
    for worker in 0..PARALLEL {
        let opening = opening(worker, u64::MAX >> 25);
        let session = opening.session;
        assert!(matches!(store.open_session(opening).await.unwrap(), Opened::Pending { .. }));
        pending.push(session);
    }
    measure(
        "answer_code, wrong",
        &store,
        Box::new(move |store, worker, turn| {
            let session = pending[usize::try_from(worker).unwrap()];
            Box::pin(async move {
                let mut rng = rng(worker, turn);
                let answer = CodeAnswer {
                    session,
                    typed: TypedCode::parse("12345678").unwrap(),
                    network: network(worker),
                    new_token: keys().new_token(&mut rng).1,
                    reference: Reference::random(&mut rng),
                    now: NOW + Duration::from_millis(turn * 2),
                };
                assert!(matches!(store.answer_code(answer).await.unwrap(), Answered::Wrong { .. }));
            })
        }),
    )
    .await;

    measure(
        "open_session, pending",
        &store,
        Box::new(|store, worker, turn| {
            Box::pin(async move {
                store.open_session(opening(worker, turn)).await.unwrap();
            })
        }),
    )
    .await;
    store.close().await;
}
