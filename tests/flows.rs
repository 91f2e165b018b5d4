//! Logins step by step, with a store that is real and a world that does as told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use poterne::admin::Metrics;
use poterne::challenge::ChallengePolicy;
use poterne::config;
use poterne::flow::hashing::Hashing;
use poterne::flow::ports::account::FactorPolicy;
use poterne::flow::ports::{
    AccountRecord, CodeMail, ConfirmationMail, Courier, Directory, DirectoryUnavailable, MailStatus, NoticeMail, Panel,
    PanelAnswer, PanelFailed, PanelRequest, Receipt,
};
use poterne::flow::sign_in::{LoginAttempt, SignIn, TurnedAway};
use poterne::flow::{FlowPolicy, Flows, OnNetworkChange};
use poterne::gate::decide::{Decision, Request, Standing, decide_post};
use poterne::gate::target::Target;
use poterne::login::Form;
use poterne::model::{AccountId, ChallengeId, Keys, Language, MasterKey, Network, Reference, Timestamp};
use poterne::state::{Claims, Sessions};
use poterne::store::{self, SqliteStore};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A directory that is down, a panel that takes every password, and mails that are only counted.
#[derive(Default)]
struct Told {
    directory_is_up: bool,
    logins: AtomicUsize,
    mails: AtomicUsize,
}

#[async_trait]
impl Directory for Told {
    async fn lookup(&self, account: &AccountId) -> Result<Option<AccountRecord>, DirectoryUnavailable> {
        if !self.directory_is_up {
            return Err(DirectoryUnavailable("no connection".to_owned()));
        }
        Ok(Some(AccountRecord {
            account: account.clone(),
            addresses: vec![poterne::model::EmailAddress::parse("alice@example.test").unwrap()],
            language: None,
            customer_type: None,
            created_from: None,
            billing: None,
        }))
    }
}

impl Courier for Told {
    fn send(&self, _: CodeMail) {
        self.mails.fetch_add(1, Ordering::Relaxed);
    }

    fn confirm(&self, _: ConfirmationMail) {}

    fn notify(&self, _: NoticeMail, _: Receipt) {}

    fn status(&self, _: ChallengeId) -> MailStatus {
        MailStatus::Sent
    }
}

#[async_trait]
impl Panel for Told {
    async fn send(&self, request: PanelRequest) -> Result<PanelAnswer, PanelFailed> {
        let mut headers = HeaderMap::new();
        if request.method == Method::GET {
            return Ok(PanelAnswer { status: StatusCode::OK, headers, body: Bytes::from_static(b"wp-admin-bar") });
        }
        self.logins.fetch_add(1, Ordering::Relaxed);
        headers.insert("location", HeaderValue::from_static("/wp-admin/"));
        headers.insert("set-cookie", HeaderValue::from_static("wordpress_logged_in_1=alice%7C1%7Cx; path=/"));
        Ok(PanelAnswer { status: StatusCode::FOUND, headers, body: Bytes::new() })
    }
}

struct World {
    told: Arc<Told>,
    flows: Arc<Flows>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(directory_is_up: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"
            [listen]
            addresses = ["127.0.0.1:0"]
            hosts = ["panel.example.net"]
            [panel]
            upstream = "http://127.0.0.1:8080"
            profile = "wordpress"
            probe = { path = "/wp-admin/profile.php", inside = [{ status = 200, body = "wp-admin-bar" }], account = "" }
            [accounts]
            source = "login"
            [mail]
            from = "a@panel.example"
            transport = "folder"
            path = "mails"
            [store]
            path = "poterne.db"
            key = { file = "poterne.key" }
            [pages]
            brand = "x"
            support = "https://example.net/contact"
        "#;
        let checked = match config::load_str(text, "test.toml", Path::new("/tmp")) {
            Ok((checked, _)) => checked,
            Err(report) => panic!("{report}"),
        };
        let keys = Keys::derive(&MasterKey::from_bytes([7; 32]));
        let store = SqliteStore::open(store::Settings {
            path: folder.path().join("poterne.db"),
            key_path: folder.path().join("poterne.key"),
            keys: keys.clone(),
            challenge: ChallengePolicy::default(),
            session: checked.session.limits,
            factors: FactorPolicy::default(),
            page_limit: None,
        })
        .await
        .unwrap();
        let store = Arc::new(store);
        let told = Arc::new(Told { directory_is_up, ..Told::default() });
        let flows = Arc::new(Flows {
            accounts: store.clone(),
            store,
            hashing: Hashing::of_machine(),
            turns: Arc::default(),
            behind_gate: Box::new(|_| false),
            directory: Arc::clone(&told) as Arc<dyn Directory>,
            courier: Arc::clone(&told) as Arc<dyn Courier>,
            panel: Arc::clone(&told) as Arc<dyn Panel>,
            sessions: Arc::new(Sessions::new(checked.session.limits)),
            claims: Arc::new(Claims::default()),
            profile: Arc::new(checked.panel.profile.clone()),
            keys,
            policy: FlowPolicy {
                challenge: ChallengePolicy::default(),
                wrong_passwords: checked.limits.wrong_passwords_per_network,
                relay_timeout: Duration::from_secs(5),
                probe_timeout: Duration::from_secs(5),
                relay_max_body: 1024,
                claim_ttl: Duration::from_hours(48),
                on_network_change: OnNetworkChange::Challenge,
                enrolment: true,
                factors: FactorPolicy::default(),
                issuer: "x".to_owned(),
                own_pages: "https://panel.example.net/_poterne".to_owned(),
                languages: checked.pages.languages.clone(),
            },
            clock: Arc::new(|| NOW),
        });
        Self { told, flows, _folder: folder }
    }

    /// A login of alice's on the panel's session with this id, as the gate takes it when it comes.
    fn attempt(&self, session: &str) -> LoginAttempt {
        let body = Bytes::from_static(b"log=alice&pwd=x&testcookie=1");
        let target = Target::parse(b"/wp-login.php").unwrap();
        let form = Form::parse(Some(b"application/x-www-form-urlencoded"), &body).unwrap();
        let request = Request {
            method: &Method::POST,
            target: &target,
            standing: Standing::Anonymous,
            has_body: true,
            body_length: Some(body.len() as u64),
            upgrade: false,
        };
        let Decision::Door(door, permit) = decide_post(&self.flows.profile, request, Some(&form)) else {
            panic!("it's the login's door")
        };
        LoginAttempt {
            method: Method::POST,
            target: "/wp-login.php".to_owned(),
            headers: HeaderMap::new(),
            own_headers: HeaderMap::new(),
            body,
            host: "panel.example.net".to_owned(),
            sent: Vec::new(),
            claims: vec![self.flows.keys.claim_key(b"SESSION", session.as_bytes())],
            network: Network::parse("203.0.113.7").unwrap(),
            language: Language::En,
            browser: "a browser".to_owned(),
            present: None,
            reference: Reference::random(&mut rand::rng()),
            typed: Some("alice".to_owned()),
            password: None,
            remembered: None,
            door: door.clone(),
            permit,
        }
    }
}

#[test]
fn a_directory_that_cant_be_asked_clears_nobody_sends_nothing_and_is_counted() {
    let metrics = Metrics::new().unwrap();
    let handle = metrics.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics.record(|| {
        runtime.block_on(async {
            let world = World::new(false).await;
            for _ in 0..2 {
                let outcome = Arc::clone(&world.flows).sign_in(world.attempt("s1")).await;
                assert!(matches!(outcome, SignIn::Turned(TurnedAway::AccountsUnavailable | TurnedAway::StartAgain)));
                let outcome = Arc::clone(&world.flows).sign_in(world.attempt("s2")).await;
                assert!(matches!(outcome, SignIn::Turned(_)), "{outcome:?}");
            }
            assert_eq!(world.flows.sessions.count(), (0, 0));
            assert_eq!(world.told.mails.load(Ordering::Relaxed), 0);
            assert!(world.flows.claims.is_claimed(&world.flows.keys.claim_key(b"SESSION", b"s1")), "it stays closed");
        });
    });
    let text = handle.render();
    assert!(text.contains("\npoterne_directory_errors_total 2\n"), "{text}");
}

#[tokio::test]
async fn r3_two_logins_that_saw_the_same_session_id_free_the_second_is_told_to_start_again() {
    let world = World::new(true).await;
    // Both were taken in while nobody had the id.
    let (first, second) = (world.attempt("s1"), world.attempt("s1"));
    let first = Arc::clone(&world.flows).sign_in(first).await;
    assert!(matches!(first, SignIn::Pending { .. }), "{first:?}");
    let second = Arc::clone(&world.flows).sign_in(second).await;
    assert!(matches!(second, SignIn::Turned(TurnedAway::StartAgain)), "{second:?}");
    assert_eq!(world.told.logins.load(Ordering::Relaxed), 1, "the panel never saw the second");
    assert_eq!((world.flows.sessions.count(), world.told.mails.load(Ordering::Relaxed)), ((1, 0), 1));
    // On an id of its own it goes through.
    let other = Arc::clone(&world.flows).sign_in(world.attempt("s2")).await;
    assert!(matches!(other, SignIn::Pending { .. }), "{other:?}");
}
