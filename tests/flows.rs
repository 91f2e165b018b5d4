//! Logins step by step, with a store that is real and a world that does as told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

#[path = "support/flows.rs"]
mod building;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderMap, Method};
use poterne::admin::Metrics;
use poterne::flow::Flows;
use poterne::flow::sign_in::{LoginAttempt, SignIn, TurnedAway};
use poterne::gate::decide::{Decision, Request, Standing, decide_post};
use poterne::gate::target::Target;
use poterne::login::Form;
use poterne::model::{Language, Network, Reference};

use building::Told;

struct World {
    told: Arc<Told>,
    flows: Arc<Flows>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(directory_is_up: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let told = Arc::new(Told::default());
        told.directory_is_down.store(!directory_is_up, Ordering::Release);
        let checked = building::settings("wordpress", building::PROBE);
        let flows = building::flows(&checked, folder.path(), told.around()).await;
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
            assert_eq!(world.told.codes().len(), 0);
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
    assert_eq!((world.flows.sessions.count(), world.told.codes().len()), ((1, 0), 1));
    // On an id of its own it goes through.
    let other = Arc::clone(&world.flows).sign_in(world.attempt("s2")).await;
    assert!(matches!(other, SignIn::Pending { .. }), "{other:?}");
}
