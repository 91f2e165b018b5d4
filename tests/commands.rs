//! What operators do from the command line: the real program on a real store.

#![cfg(test)]

use std::path::Path;
use std::process::{Command, Output};

use poterne::challenge::ChallengePolicy;
use poterne::challenge::totp::{Step, TotpSecret};
use poterne::flow::ports::account::*;
use poterne::flow::ports::{Notice, Store};
use poterne::limit::SessionLimits;
use poterne::model::{AccountId, AlarmToken, DeviceId, Keys, Network, Reference, Timestamp};
use poterne::store::{Settings, SqliteStore, key_file};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

const CONFIG: &str = r#"
[listen]
addresses = ["127.0.0.1:0"]
hosts = ["panel.example.test"]
[panel]
upstream = "http://127.0.0.1:9"
profile = "dokuwiki"
[accounts]
source = "login"
[mail]
from = "Panel <no-reply@example.test>"
transport = "folder"
path = "mails"
[store]
path = "poterne.db"
key = { file = "poterne.key" }
[pages]
brand = "Panel"
support = "https://example.test/contact"
[admin]
socket = "poterne.sock"
"#;

/// Long before the wall clock, so that what the commands do comes after it.
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

struct Place {
    folder: tempfile::TempDir,
    rng: ChaCha20Rng,
}

fn wall_clock() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}

fn alice() -> AccountId {
    AccountId::canonical("alice").unwrap()
}

fn network() -> Network {
    Network::parse("198.51.100.7").unwrap()
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mails")).unwrap();
        std::fs::write(folder.path().join("poterne.toml"), CONFIG).unwrap();
        Self { folder, rng: ChaCha20Rng::seed_from_u64(3) }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    async fn store(&mut self) -> SqliteStore {
        let key_path = self.path().join("poterne.key");
        let master = key_file::load_or_create(&key_path, &mut self.rng).unwrap();
        let settings = Settings {
            path: self.path().join("poterne.db"),
            key_path,
            keys: Keys::derive(&master),
            challenge: ChallengePolicy::default(),
            factors: FactorPolicy::default(),
            session: SessionLimits::default(),
            page_limit: None,
        };
        SqliteStore::open(settings).await.unwrap()
    }

    /// A store in which alice has a phone, and reported a login.
    async fn lived_in(&mut self) -> (SqliteStore, Reference) {
        let store = self.store().await;
        let enrolment = Enrolment {
            account: alice(),
            device: DeviceId::random(&mut self.rng),
            name: "phone\u{1b}[2J".to_owned(),
            secret: TotpSecret::random(&mut self.rng),
            step: Step::at(NOW),
            generation: 0,
            backup_hashes: vec!["a hash".to_owned(); 10],
            now: NOW,
        };
        assert_eq!(store.enrol(enrolment).await.unwrap(), Enrolled::Done);
        // The block has to hold when the commands look at the wall clock.
        let now = wall_clock();
        let alarm = AlarmToken::random(&mut self.rng).hash();
        let raised = NewAlarm {
            alarm,
            account: alice(),
            kind: EventKind::LoginByMail,
            network: network(),
            browser: "Firefox".to_owned(),
            at: now,
            until: now + ALARM_LASTS,
        };
        store.raise_alarm(raised).await.unwrap();
        let reference = Reference::random(&mut self.rng);
        assert!(store.use_alarm(alarm, reference, now).await.unwrap().is_some());
        (store, reference)
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_poterne"))
            .args(args)
            .args(["--config", "poterne.toml"])
            .current_dir(self.path())
            .output()
            .unwrap()
    }

    fn said(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        let said = self.said(&[args, &["--json"]].concat());
        serde_json::from_str(&said).unwrap()
    }
}

#[tokio::test]
async fn b15_support_sees_how_an_account_stands_while_the_gate_runs() {
    let mut place = Place::new();
    let (store, reference) = place.lived_in().await;
    let shown = place.json(&["account", "show", " Alice "]);
    assert_eq!(shown["account"], "alice");
    assert_eq!(shown["blocks"][0]["reason"], "reported");
    assert_eq!(shown["blocks"][0]["network"], "198.51.100.7");
    assert_eq!(shown["blocks"][0]["reference"], reference.to_string());
    assert_eq!(shown["backup_codes_left"], 10);
    assert_eq!(shown["devices"].as_array().unwrap().len(), 1);
    assert!(shown["suspected_since"].is_string(), "{shown}");
    let text = place.said(&["account", "show", "alice"]);
    for part in ["reported for 198.51.100.7", &reference.to_string(), "suspected to be stolen", "10 backup codes left"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "a name must not command the terminal: {text:?}");
    let nobody = place.json(&["account", "show", "nobody"]);
    assert_eq!(
        (nobody["blocks"].as_array().unwrap().len(), &nobody["backup_codes_left"]),
        (0, &serde_json::Value::Null)
    );

    // What changes something waits until the gate is stopped.
    for args in [&["account", "totp-off", "alice"][..], &["account", "unblock", "alice"], &["key", "rotate"]] {
        let refused = place.run(args);
        assert_eq!(refused.status.code(), Some(1), "{args:?}");
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(why.contains("in use by another process"), "{why}");
    }
    store.close().await;
}

#[tokio::test]
async fn b75_support_turns_the_app_off_for_a_lost_phone() {
    let mut place = Place::new();
    let (store, _) = place.lived_in().await;
    store.close().await;
    assert_eq!(place.json(&["account", "totp-off", "ALICE"])["turned_off"], true);
    assert_eq!(place.json(&["account", "totp-off", "alice"])["turned_off"], false, "once");
    let text = place.said(&["account", "totp-off", "alice"]);
    assert!(text.contains("nothing was changed"), "{text}");
    let shown = place.json(&["account", "show", "alice"]);
    assert_eq!(shown["devices"].as_array().unwrap().len(), 0);
    assert_eq!(shown["events"].as_array().unwrap().len(), 1);
    assert_eq!(shown["events"][0]["kind"], "totp-off-by-support");
    // The owner is told by mail when the gate runs again.
    let store = place.store().await;
    let kept = store.notices_kept().await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].1.notice, &kept[0].1.of.account), (&Notice::TotpOffBySupport, &alice()));
    store.close().await;
}

#[tokio::test]
async fn unblocking_lifts_what_was_reported_and_the_suspicion() {
    let mut place = Place::new();
    let (store, reference) = place.lived_in().await;
    store.close().await;
    let lifted = place.json(&["account", "unblock", "alice"]);
    assert_eq!((&lifted["lifted"], &lifted["suspicion_lifted"]), (&1.into(), &true.into()));
    let shown = place.json(&["account", "show", "alice"]);
    assert_eq!((shown["blocks"].as_array().unwrap().len(), &shown["suspected_since"]), (0, &serde_json::Value::Null));
    assert_eq!(place.json(&["reference", &reference.to_string()])["reason"], "reported", "still found");
    let again = place.json(&["account", "unblock", "alice"]);
    assert_eq!((&again["lifted"], &again["suspicion_lifted"]), (&0.into(), &false.into()));
}

#[tokio::test]
async fn the_key_is_changed_and_a_change_that_was_interrupted_is_finished() {
    let mut place = Place::new();
    let (store, _) = place.lived_in().await;
    store.close().await;
    let key = place.path().join("poterne.key");
    let old = std::fs::read(&key).unwrap();
    assert_eq!(place.json(&["key", "rotate"])["secrets"], 1);
    let new = std::fs::read(&key).unwrap();
    assert_ne!(new, old);
    // As a crash before the renaming would have left it; the next command finishes it.
    std::fs::rename(&key, place.path().join("poterne.key.new")).unwrap();
    place.said(&["account", "unblock", "alice"]);
    assert_eq!(std::fs::read(&key).unwrap(), new);
    let store = place.store().await;
    let now = wall_clock();
    assert_eq!(store.security(&alice(), now).await.unwrap().devices.len(), 1);
    assert!(store.load(now).await.unwrap().sessions.is_empty());
    store.close().await;
}

#[test]
fn a_store_that_is_not_there_and_a_login_that_cannot_be_one_are_told() {
    let place = Place::new();
    let missing = place.run(&["account", "show", "alice"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("poterne.db"));
    assert!(!place.path().join("poterne.db").exists(), "looking makes nothing");
    let empty = place.run(&["account", "show", "  "]);
    assert_eq!(empty.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&empty.stderr).contains("empty"));
}
