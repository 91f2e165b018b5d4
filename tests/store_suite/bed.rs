//! What a behaviour is tried on: a store, a clock, randomness, and short words for long requests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use poterne::challenge::ChallengePolicy;
use poterne::flow::ports::account::*;
use poterne::flow::ports::*;
use poterne::limit::{Block, SessionLimits};
use poterne::model::{
    AccountId, AttemptId, ChallengeId, ClaimKey, EmailAddress, Keys, Language, MasterKey, Network, OneTimeCode,
    Reference, SessionId, Timestamp, TypedCode,
};
use poterne::store::{OpenFailed, Settings, SqliteStore};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// Both halves of a store.
pub trait Whole: Store + AccountStore {}

impl<T: Store + AccountStore> Whole for T {}

/// An engine with a place of its own to keep things.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Opens the store, the same one each time.
    async fn open(&mut self, policy: &ChallengePolicy, factors: FactorPolicy) -> Arc<dyn Whole>;
    /// Closes it in good order.
    async fn close(&mut self);
}

pub struct Sqlite {
    pub folder: tempfile::TempDir,
    pub store: Option<Arc<SqliteStore>>,
}

impl Sqlite {
    pub fn fresh() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), store: None }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("poterne.db")
    }
}

pub fn keys() -> Keys {
    Keys::derive(&MasterKey::from_bytes([7; 32]))
}

pub fn settings(path: &Path, policy: &ChallengePolicy) -> Settings {
    Settings {
        path: path.to_owned(),
        key_path: path.with_extension("key"),
        keys: keys(),
        challenge: policy.clone(),
        factors: FactorPolicy::default(),
        session: SessionLimits::default(),
        page_limit: None,
    }
}

/// Opens a SQLite store with the default rules.
pub async fn open(path: &Path) -> Result<SqliteStore, OpenFailed> {
    SqliteStore::open(settings(path, &ChallengePolicy::default())).await
}

#[async_trait]
impl Engine for Sqlite {
    async fn open(&mut self, policy: &ChallengePolicy, factors: FactorPolicy) -> Arc<dyn Whole> {
        let settings = Settings { factors, ..settings(&self.path(), policy) };
        let store = Arc::new(SqliteStore::open(settings).await.unwrap());
        self.store = Some(Arc::clone(&store));
        store
    }

    async fn close(&mut self) {
        if let Some(store) = self.store.take() {
            store.close().await;
        }
    }
}

pub struct Bed {
    engine: Box<dyn Engine>,
    pub store: Arc<dyn Whole>,
    pub policy: ChallengePolicy,
    pub factors: FactorPolicy,
    pub keys: Keys,
    pub rng: ChaCha20Rng,
    pub now: Timestamp,
}

/// A login that the panel accepted, and what the store made of it.
pub struct Login {
    pub session: SessionId,
    /// The digits of the code that was made for it.
    pub code: String,
    pub challenge: ChallengeId,
    pub opened: Opened,
}

impl Bed {
    pub async fn new(engine: Box<dyn Engine>) -> Self {
        let mut engine = engine;
        let policy = ChallengePolicy::default();
        let factors = FactorPolicy::default();
        let store = engine.open(&policy, factors).await;
        let rng = ChaCha20Rng::seed_from_u64(11);
        Self { engine, store, policy, factors, keys: keys(), rng, now: start() }
    }

    /// The store is closed and opened again, perhaps under other rules.
    pub async fn reopen(&mut self) {
        self.engine.close().await;
        self.store = self.engine.open(&self.policy, self.factors).await;
    }

    pub fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    pub fn opening(&mut self, account: &str, from: Network) -> OpenSession {
        OpenSession {
            session: SessionId::random(&mut self.rng),
            token: self.keys.new_token(&mut self.rng).1,
            attempt: AttemptId::random(&mut self.rng),
            account: AccountId::canonical(account).unwrap(),
            network: from,
            created_from: None,
            sealed_jar: b"the parked jar".to_vec(),
            addresses: vec![
                EmailAddress::parse("alice@example.test").unwrap(),
                EmailAddress::parse("a.home@example.test").unwrap(),
            ],
            language: Language::Fr,
            browser: "Firefox on Linux".to_owned(),
            code: self.new_code(),
            replaces: None,
            remembered: None,
            reference: Reference::random(&mut self.rng),
            now: self.now,
        }
    }

    pub fn new_code(&mut self) -> NewCode {
        NewCode { challenge: ChallengeId::random(&mut self.rng), code: OneTimeCode::random(6, &mut self.rng) }
    }

    pub async fn open(&self, opening: OpenSession) -> Login {
        let session = opening.session;
        let (challenge, code) = (opening.code.challenge, opening.code.code.expose().to_owned());
        let opened = self.store.open_session(opening).await.unwrap();
        Login { session, code, challenge, opened }
    }

    /// A login that must become pending with a code on its way.
    pub async fn login(&mut self, account: &str, from: Network) -> Login {
        let opening = self.opening(account, from);
        let login = self.open(opening).await;
        assert!(matches!(login.opened, Opened::Pending { grant: CodeGrant::Granted { .. }, .. }), "{:?}", login.opened);
        login
    }

    pub fn typed(&mut self, session: SessionId, typed: &str, from: Network) -> CodeAnswer {
        CodeAnswer {
            session,
            typed: TypedCode::parse(typed).unwrap(),
            network: from,
            new_token: self.keys.new_token(&mut self.rng).1,
            reference: Reference::random(&mut self.rng),
            now: self.now,
        }
    }

    pub async fn answer(&mut self, session: SessionId, typed: &str, from: Network) -> Answered {
        let answer = self.typed(session, typed, from);
        self.store.answer_code(answer).await.unwrap()
    }

    /// A code that is certainly wrong: it has too many digits.
    pub async fn wrong(&mut self, session: SessionId, from: Network) -> Answered {
        self.answer(session, "12345678", from).await
    }

    /// Answers rightly, which must clear the session.
    pub async fn pass(&mut self, login: &Login, from: Network) -> (StoredSession, Option<Vec<u8>>) {
        match self.answer(login.session, &login.code, from).await {
            Answered::Cleared { session, sealed_jar, .. } => (session, sealed_jar),
            other => panic!("not cleared: {other:?}"),
        }
    }

    /// Makes `network` known for `account`.
    pub async fn learn(&mut self, account: &str, network: Network) {
        let login = self.login(account, network).await;
        self.pass(&login, network).await;
    }

    /// Three wrong codes, the last of which must block.
    pub async fn block(&mut self, account: &str, network: Network) -> Block {
        let login = self.login(account, network).await;
        for _ in 0..2 {
            assert!(matches!(self.wrong(login.session, network).await, Answered::Wrong { .. }));
        }
        match self.wrong(login.session, network).await {
            Answered::Blocked { block, fresh: true } => block,
            other => panic!("not blocked: {other:?}"),
        }
    }

    /// Asks for another code: the digits and what became of it.
    pub async fn another(&mut self, session: SessionId, from: Network) -> (String, CodeGrant) {
        let code = self.new_code();
        let digits = code.code.expose().to_owned();
        let reference = Reference::random(&mut self.rng);
        let request = NewCodeRequest { session, network: from, code, reference, now: self.now };
        (digits, self.store.new_code(request).await.unwrap())
    }

    pub async fn status(&self, session: SessionId, from: Network) -> ChallengeStatus {
        self.store.challenge_status(session, from, self.now).await.unwrap()
    }

    /// The challenge's state, which must be that a code is awaited.
    pub async fn waiting(&self, session: SessionId, from: Network) -> WaitingChallenge {
        match self.status(session, from).await {
            ChallengeStatus::Waiting(waiting) => waiting,
            other => panic!("not waiting: {other:?}"),
        }
    }

    pub async fn standing(&self, account: &str, from: Network) -> NetworkStanding {
        self.store.network_standing(&AccountId::canonical(account).unwrap(), from, None, self.now).await.unwrap()
    }

    pub fn key(&mut self) -> ClaimKey {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        ClaimKey::from_bytes(bytes)
    }

    pub fn claiming(&mut self, keys: &[ClaimKey], released_by: Option<SessionId>) -> NewClaim {
        let attempt = AttemptId::random(&mut self.rng);
        NewClaim { attempt, keys: keys.to_vec(), released_by, now: self.now, until: self.now + 48 * HOUR }
    }

    pub async fn claim(&mut self, keys: &[ClaimKey], released_by: Option<SessionId>) -> (AttemptId, ClaimOutcome) {
        let claim = self.claiming(keys, released_by);
        (claim.attempt, self.store.claim(claim).await.unwrap())
    }

    pub async fn load(&self) -> HotState {
        self.store.load(self.now).await.unwrap()
    }

    /// Purges until nothing is left to purge; how many rows went.
    pub async fn purge(&self) -> u64 {
        let mut gone = 0;
        loop {
            match self.store.purge_expired(self.now).await.unwrap().rows {
                0 => return gone,
                some => gone += some,
            }
        }
    }
}

/// An account, as it's spelt here.
pub fn account(name: &str) -> AccountId {
    AccountId::canonical(name).unwrap()
}

pub fn start() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

/// The n-th network.
pub fn net(n: u32) -> Network {
    let [_, _, high, low] = n.to_be_bytes();
    Network::parse(&format!("198.51.{high}.{low}")).unwrap()
}
