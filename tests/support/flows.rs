//! The gate's flows with a store that is real, and around it what a test puts there.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's support fails loudly")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use pingora::upstreams::peer::HttpPeer;
use poterne::challenge::ChallengePolicy;
use poterne::config::Checked;
use poterne::flow::hashing::Hashing;
use poterne::flow::ports::{
    AccountRecord, CodeMail, ConfirmationMail, Courier, Directory, DirectoryUnavailable, MailStatus, NoticeMail, Panel,
    PanelAnswer, PanelFailed, PanelRequest, Receipt, Store,
};
use poterne::flow::{FlowPolicy, Flows, OnNetworkChange};
use poterne::model::{AccountId, ChallengeId, EmailAddress, Keys, MasterKey, NetworkPrefix};
use poterne::page::{self, Pages};
use poterne::proxy::client::{ClientPolicy, ClientSource};
use poterne::proxy::front::{self, Front, FrontSettings, RunningServer, ServeSettings};
use poterne::proxy::{GateProxy, ProxySettings, RefusalLog};
use poterne::state::{Claims, Sessions};
use poterne::store::{self, SqliteStore};

#[path = "settings.rs"]
mod settings;

pub use settings::{NOW, settings};

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

/// The gate's front before these flows and a panel at `upstream`, on a free port.
pub fn serve(checked: &Checked, flows: &Arc<Flows>, upstream: SocketAddr) -> RunningServer {
    let pages = Pages::load(page::Settings {
        languages: checked.pages.languages.clone(),
        brand: "x".to_owned(),
        support: checked.pages.support.clone(),
        sender: "a@panel.example".to_owned(),
        prefix: checked.listen.prefix.clone(),
        panel_host: "panel.example.net".to_owned(),
        login: "/wp-login.php".to_owned(),
        landing: "/".to_owned(),
        policy: ChallengePolicy::default(),
        zone: checked.pages.zone.clone(),
        directory: None,
    })
    .unwrap();
    let settings = ProxySettings {
        hosts: vec!["panel.example.net".to_owned(), "127.0.0.1".to_owned()],
        // The test is a proxy that is believed: one connection of it carries many clients.
        client: ClientPolicy { trusted: vec!["127.0.0.1/32".parse().unwrap()], source: ClientSource::XForwardedFor },
        network_prefix: NetworkPrefix::default(),
        prefix: checked.listen.prefix.clone(),
        host: None,
        panel_timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
    };
    let peer = HttpPeer::new(upstream, false, String::new());
    let (refusals, _) = RefusalLog::new();
    let proxy = GateProxy::new(Arc::clone(flows), Arc::new(pages), settings, refusals, peer);
    let sockets = front::bind(&["127.0.0.1:0".parse::<SocketAddr>().unwrap()]).unwrap();
    let front = Front::new(front::http_proxy(proxy, 1), FrontSettings::default());
    let serving = ServeSettings { threads: 1, grace_period: Duration::from_secs(1) };
    front::spawn(front, sockets, serving).unwrap()
}

/// A directory that can be down, a panel that takes every password, and mails that are only kept.
#[derive(Default)]
pub struct Told {
    pub directory_is_down: AtomicBool,
    /// Logins that reached the panel.
    pub logins: AtomicUsize,
    codes: Mutex<Vec<String>>,
}

impl Told {
    /// The codes of every mail so far.
    pub fn codes(&self) -> Vec<String> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All of it, for the flows.
    pub fn around(self: &Arc<Self>) -> Around {
        Around { directory: self.clone(), courier: self.clone(), panel: self.clone() }
    }

    fn keep(&self, mail: &CodeMail) {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).push(mail.code.expose().to_owned());
    }
}

#[async_trait]
impl Directory for Told {
    async fn lookup(&self, account: &AccountId) -> Result<Option<AccountRecord>, DirectoryUnavailable> {
        if self.directory_is_down.load(Ordering::Acquire) {
            return Err(DirectoryUnavailable("no connection".to_owned()));
        }
        Ok(Some(AccountRecord {
            account: account.clone(),
            addresses: vec![EmailAddress::parse("alice@example.test").unwrap()],
            language: None,
            customer_type: None,
            created_from: None,
            billing: None,
        }))
    }
}

impl Courier for Told {
    fn send(&self, mail: CodeMail) {
        self.keep(&mail);
    }

    fn confirm(&self, mail: ConfirmationMail) {
        self.keep(&mail.code);
    }

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

/// What makes such a panel's login one with evidence.
pub const PROBE: &str =
    r#"probe = { path = "/wp-admin/profile.php", inside = [{ status = 200, body = "wp-admin-bar" }], account = "" }"#;
