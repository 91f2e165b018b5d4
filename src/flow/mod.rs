//! What happens, step by step: load, decide, save, tell.
//!
//! A flow knows the effects it needs only as [`ports`]; the application hands it the real ones.
//!
//! ```text
//! login post ──> sign_in ──┬─ refused ───────────> the panel's own answer
//!                          ├─ accepted, known ───> cleared ──────────────┐
//!                          └─ accepted, unknown ─> pending ──> verify ───┴─> released: cookies, location
//!                             or enrolled                       (mail, app, backup code)
//!
//! released ──> account: read freely; changes after the password was asked again (step-up)
//! ```

pub mod account;
mod factor;
pub mod hashing;
pub mod landing;
pub mod network;
pub mod parked;
pub mod ports;
pub mod sign_in;
pub mod tell;
pub mod turns;
pub mod upkeep;
pub mod verify;

use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, warn};

use crate::challenge::ChallengePolicy;
use crate::gate::PanelProfile;
use crate::limit::Quota;
use crate::login::jar::Jar;
use crate::model::{BrowserToken, EmailAddress, Keys, Language, SessionToken, Timestamp};
use crate::state::{Claims, Session, Sessions};

use hashing::Hashing;
use parked::Parked;
use ports::account::{AccountStore, FactorPolicy};
use ports::{Courier, Directory, Panel, PanelAnswer, PanelRequest, Store};
use turns::Turns;

/// What a changed network means for a cleared session (DESIGN §4, `session.on_network_change`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNetworkChange {
    /// A code is asked, unless the network is known for the account.
    Challenge,
    /// The session goes on; the network doesn't become known by it.
    Allow,
}

/// The rules that flows follow besides those of the challenge.
#[derive(Clone, Debug)]
pub struct FlowPolicy {
    /// The numbers of the e-mailed code.
    pub challenge: ChallengePolicy,
    /// Wrong passwords from one network, over all accounts (DESIGN §4: 20 in 10 minutes).
    pub wrong_passwords: Quota,
    /// How long a login or a logout at the panel may take (DESIGN §4: 30 s).
    pub relay_timeout: Duration,
    /// How long a probe may take.
    pub probe_timeout: Duration,
    /// The longest answer of the panel that a login reads, in bytes (DESIGN §4: 1 MiB).
    pub relay_max_body: usize,
    /// How long a claim lives (DESIGN R3: longer than any anonymous stamp).
    pub claim_ttl: Duration,
    /// What a changed network means.
    pub on_network_change: OnNetworkChange,
    /// Whether owners may enrol authenticator apps (`totp.enabled`). Who has enrolled one is asked for
    /// its codes in any case.
    pub enrolment: bool,
    /// The rules of second factors.
    pub factors: FactorPolicy,
    /// The issuer that authenticator apps show (`totp.issuer`).
    pub issuer: String,
    /// The whole address of the gate's own pages, for links in mails, without a slash at its end:
    /// from the configuration, never from a request.
    pub own_pages: String,
    /// Languages that owners can choose.
    pub languages: Vec<Language>,
}

/// Everything that the flows work with.
pub struct Flows {
    /// What must last.
    pub store: Arc<dyn Store>,
    /// What accounts' owners rely on.
    pub accounts: Arc<dyn AccountStore>,
    /// Slow hashes.
    pub hashing: Hashing,
    /// One at a time an account.
    pub turns: Arc<Turns>,
    /// Where addresses are looked up.
    pub directory: Arc<dyn Directory>,
    /// Who takes mails out.
    pub courier: Arc<dyn Courier>,
    /// The panel, for the gate's own requests.
    pub panel: Arc<dyn Panel>,
    /// The hot map of sessions.
    pub sessions: Arc<Sessions>,
    /// The hot map of claims.
    pub claims: Arc<Claims>,
    /// What the gate knows about the panel.
    pub profile: Arc<PanelProfile>,
    /// The gate's keys.
    pub keys: Keys,
    /// The rules.
    pub policy: FlowPolicy,
    /// Whether a mailbox lies behind this very gate: no code can go there (DESIGN §3).
    pub behind_gate: Box<dyn Fn(&EmailAddress) -> bool + Send + Sync>,
    /// The gate's time.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// A session that was cleared just now, and what its browser gets.
#[derive(Debug)]
pub struct Released {
    /// The session's new token: the old one is dead (DESIGN R1).
    pub token: SessionToken,
    /// The session.
    pub session: Arc<Session>,
    /// The panel's cookies for this browser, not yet stamped; empty when nothing was parked.
    pub jar: Jar,
    /// Where the browser goes, on the panel; `None`: where it was going anyway.
    pub location: Option<String>,
    /// The panel's answer to a scripted login, if the door hands it over (R7).
    pub answer: Option<PanelAnswer>,
    /// What this browser is remembered by from now on, if its owner asked for it.
    pub remembered: Option<BrowserToken>,
}

impl Flows {
    /// The gate's time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Asks the panel to end a session whose cookies are in `parked`, in the background; panels
    /// whose profile doesn't say how are left alone. Nobody waits for it and nothing depends on it.
    fn log_out_at_panel(self: &Arc<Self>, parked: Parked) {
        let Some(logout) = self.profile.logout.clone() else {
            return;
        };
        let flows = Arc::clone(self);
        tokio::spawn(async move {
            let path = logout.target.split('?').next().unwrap_or_default();
            let mut headers = parked.own_headers();
            if let Some(cookies) = parked.jar.cookie_header(path)
                && let Ok(value) = http::HeaderValue::from_bytes(&cookies)
            {
                headers.insert(http::header::COOKIE, value);
            }
            let request = PanelRequest {
                method: http::Method::GET,
                target: logout.target.clone(),
                headers,
                body: bytes::Bytes::new(),
                timeout: flows.policy.relay_timeout,
                max_body: flows.policy.relay_max_body,
            };
            match flows.panel.send(request).await {
                Ok(answer) => debug!(status = answer.status.as_u16(), "the panel was told to log a parked session out"),
                Err(error) => warn!(%error, "the panel could not be told to log a parked session out"),
            }
        });
    }
}
