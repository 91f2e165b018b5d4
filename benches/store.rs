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
use poterne::challenge::totp::{Step, TotpSecret};
use poterne::flow::ports::account::{
    AccountStore, Enrolled, Enrolment, FactorAnswer, FactorAnswered, FactorPolicy, FactorUse,
};
use poterne::flow::ports::{Answered, ClaimOutcome, CodeAnswer, NewClaim, NewCode, OpenSession, Opened, Store};
use poterne::limit::{Quota, SessionLimits};
use poterne::model::{
    AccountId, AttemptId, ChallengeId, ClaimKey, DeviceId, EmailAddress, Keys, Language, MasterKey, Network,
    OneTimeCode, Reference, SessionId, Timestamp, TypedCode,
};
use poterne::store::{Settings, SqliteStore};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

const PARALLEL: u64 = 64;
const FOR: Duration = Duration::from_secs(4);
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

type Turn = Box<dyn Fn(Arc<SqliteStore>, u64, u64) -> BoxFuture<'static, ()> + Send + Sync>;

/// Turns that are none of a measurement's own, each kind with randomness of its own.
const BEFORE_CODES: u64 = 1 << 39;
const BEFORE_APPS: u64 = 1 << 38;
const WITH_APPS: u64 = 1 << 37;

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
        // So that sessions outlive the bench, each turn of which is a TOTP step of thirty seconds.
        session: SessionLimits { idle: 8760 * hour, max: 8760 * hour },
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

/// A login to an account that has an app, from a network known for it.
fn opening_with_app(worker: u64, turn: u64, now: Timestamp) -> OpenSession {
    let account = AccountId::canonical(&format!("owner{worker}")).unwrap();
    OpenSession { account, created_from: Some(network(worker)), now, ..opening(worker, turn) }
}

/// An account with an app and a session that was cleared before it was enrolled.
async fn enrolled(store: &SqliteStore, worker: u64) -> (SessionId, TotpSecret) {
    let opening = opening_with_app(worker, BEFORE_APPS, NOW);
    let (session, account) = (opening.session, opening.account.clone());
    assert!(matches!(store.open_session(opening).await.unwrap(), Opened::Cleared(_)));
    let mut rng = rng(worker, BEFORE_APPS | 1);
    let secret = TotpSecret::random(&mut rng);
    let enrolment = Enrolment {
        account: account.clone(),
        device: DeviceId::random(&mut rng),
        name: "phone".to_owned(),
        secret: secret.clone(),
        step: Step::at(NOW),
        generation: store.security(&account, NOW).await.unwrap().generation,
        backup_hashes: vec!["a hash".to_owned(); 10],
        now: NOW,
    };
    assert_eq!(store.enrol(enrolment).await.unwrap(), Enrolled::Done);
    (session, secret)
}

/// What the app shows in a turn of the bench, which has a step of its own.
async fn type_from_app(
    store: &SqliteStore,
    session: SessionId,
    secret: &TotpSecret,
    used_for: FactorUse,
    (worker, now): (u64, Timestamp),
) -> FactorAnswered {
    let typed = TypedCode::parse(&secret.code_at(Step::at(now))).unwrap();
    let reference = Reference::random(&mut rng(worker, 0));
    let answer = FactorAnswer { session, network: network(worker), used_for, reference, now };
    store.answer_totp(answer, typed).await.unwrap()
}

/// The instant of a turn that types a code from an app.
fn step_of(turn: u64) -> Timestamp {
    NOW + Duration::from_secs(30) * u32::try_from(turn + 1).unwrap()
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
async fn measure(name: &str, store: &Arc<SqliteStore>, step: Turn) {
    measure_several(name, 1, store, step).await;
}

/// The same for steps of several decisions each.
async fn measure_several(name: &str, decisions: u64, store: &Arc<SqliteStore>, step: Turn) {
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
                    done.fetch_add(decisions, Ordering::Relaxed);
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
        let opening = opening(worker, BEFORE_CODES);
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

    let mut apps = Vec::new();
    for worker in 0..PARALLEL {
        apps.push(enrolled(&store, worker).await);
    }
    let apps = Arc::new(apps);
    let owners = Arc::clone(&apps);
    measure(
        "answer_totp, right",
        &store,
        Box::new(move |store, worker, turn| {
            let owners = Arc::clone(&owners);
            Box::pin(async move {
                let (session, secret) = &owners[usize::try_from(worker).unwrap()];
                let at = (worker, step_of(turn));
                let answered = type_from_app(&store, *session, secret, FactorUse::Confirm, at).await;
                assert!(matches!(answered, FactorAnswered::Confirmed { .. }), "{answered:?}");
            })
        }),
    )
    .await;

    measure_several(
        "login with an app",
        2,
        &store,
        Box::new(move |store, worker, turn| {
            let apps = Arc::clone(&apps);
            Box::pin(async move {
                let (_, secret) = &apps[usize::try_from(worker).unwrap()];
                // Later than all that was typed before.
                let now = step_of(turn) + Duration::from_secs(4000 * 3600);
                let opening = opening_with_app(worker, WITH_APPS | turn << 1, now);
                let session = opening.session;
                assert!(matches!(store.open_session(opening).await.unwrap(), Opened::Pending { .. }));
                let mut rng = rng(worker, WITH_APPS | turn << 1 | 1);
                let used_for = FactorUse::Clear {
                    new_token: keys().new_token(&mut rng).1,
                    remember: None,
                    next_code: NewCode {
                        challenge: ChallengeId::random(&mut rng),
                        code: OneTimeCode::random(6, &mut rng),
                    },
                };
                let answered = type_from_app(&store, session, secret, used_for, (worker, now)).await;
                assert!(matches!(answered, FactorAnswered::Cleared { .. }), "{answered:?}");
            })
        }),
    )
    .await;
    store.close().await;
}
