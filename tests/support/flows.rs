//! The gate's flows with a store that is real, and around it what a test puts there.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's support fails loudly")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use poterne::challenge::ChallengePolicy;
use poterne::config::{self, Checked};
use poterne::flow::hashing::Hashing;
use poterne::flow::ports::{Courier, Directory, Panel, Store};
use poterne::flow::{FlowPolicy, Flows, OnNetworkChange};
use poterne::model::{Keys, MasterKey, Timestamp};
use poterne::state::{Claims, Sessions};
use poterne::store::{self, SqliteStore};

/// The gate's time, which stands still.
pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The settings of a gate in front of a panel with a built-in profile; `panel` is more of its section.
pub fn settings(profile: &str, panel: &str) -> Checked {
    let text = format!(
        r#"
        [listen]
        addresses = ["127.0.0.1:0"]
        hosts = ["panel.example.net"]
        [panel]
        upstream = "http://127.0.0.1:8080"
        profile = "{profile}"
        {panel}
        [accounts]
        source = "login"
        [mail]
        from = "a@panel.example"
        transport = "folder"
        path = "mails"
        [store]
        path = "poterne.db"
        key = {{ file = "poterne.key" }}
        [pages]
        brand = "x"
        support = "https://example.net/contact"
        "#
    );
    match config::load_str(&text, "test.toml", Path::new("/tmp")) {
        Ok((checked, _)) => checked,
        Err(report) => panic!("{report}"),
    }
}

/// What the flows talk to.
pub struct Around {
    pub directory: Arc<dyn Directory>,
    pub courier: Arc<dyn Courier>,
    pub panel: Arc<dyn Panel>,
}

/// The flows under these settings, with a store in `folder`.
pub async fn flows(checked: &Checked, folder: &Path, around: Around) -> Arc<Flows> {
    let keys = Keys::derive(&MasterKey::from_bytes([7; 32]));
    let store = SqliteStore::open(store::Settings {
        path: folder.join("poterne.db"),
        key_path: folder.join("poterne.key"),
        keys: keys.clone(),
        challenge: ChallengePolicy::default(),
        session: checked.session.limits,
        factors: checked.totp.factors,
        page_limit: None,
    })
    .await
    .unwrap();
    let store = Arc::new(store);
    Arc::new(Flows {
        store: Arc::clone(&store) as Arc<dyn Store>,
        accounts: store,
        hashing: Hashing::of_machine(),
        turns: Arc::default(),
        directory: around.directory,
        courier: around.courier,
        panel: around.panel,
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
            factors: checked.totp.factors,
            issuer: "x".to_owned(),
            own_pages: "https://panel.example.net/_poterne".to_owned(),
            languages: checked.pages.languages.clone(),
        },
        behind_gate: Box::new(|_| false),
        clock: Arc::new(|| NOW),
    })
}
