//! What the gate knows about the panel behind it.

use crate::login::{Door, Probe};

use super::pattern::{NamePattern, PathPattern};

/// The panel's cookies that carry authentication, by name (DESIGN R2).
#[derive(Clone, Debug, Default)]
pub struct CookieRules {
    /// May exist before login, as PHP's session does: stamped for "anonymous" or for a session.
    pub session: Vec<NamePattern>,
    /// Exist only after a login: stamped for a session only.
    pub login: Vec<NamePattern>,
    /// Pass untouched, in every state (CSRF tokens, languages).
    pub other: Vec<NamePattern>,
    /// Names that never go up: fields that carry credentials, on panels that read them from a
    /// cookie as well (PHP's `$_REQUEST` without a `request_order`).
    pub never: Vec<NamePattern>,
}

/// A panel's request that ends its session, for the gate to send by itself (DESIGN R7).
#[derive(Clone, Debug)]
pub struct LogoutRequest {
    /// Path and query, fetched with `GET` and the parked cookies.
    pub target: String,
}

/// The panel: where it is left open, where its doors are, what its cookies are called.
#[derive(Clone, Debug)]
pub struct PanelProfile {
    /// Where somebody who isn't logged in is sent; `{target}` is replaced by the wanted path and
    /// query, percent-encoded.
    pub login_page: String,
    /// Where a login ends when the panel's own redirect doesn't lead back to the panel.
    pub landing: String,
    /// Paths that anybody may `GET` (R4).
    pub public: Vec<PathPattern>,
    /// File endings that a glob in `public` never matches, with their dot: `.php`.
    pub scripts: Vec<String>,
    /// Which cookies authenticate.
    pub cookies: CookieRules,
    /// Every way of presenting a password or token; what isn't listed is closed (R5).
    pub doors: Vec<Door>,
    /// A page that shows who is inside (R6).
    pub probe: Option<Probe>,
    /// How the gate logs a parked session out (R7).
    pub logout: Option<LogoutRequest>,
    /// The panel takes credentials at any URL (R5).
    pub anywhere: bool,
    /// The panel is a webmail: addresses behind it can't be an account's only ones (DESIGN §3).
    pub serves_mail: bool,
    /// Query keys that carry a session id (`PHPSESSID`): refused without a cleared session (R4).
    pub session_keys: Vec<String>,
    /// Request headers that carry credentials and are dropped in every state unless an open `api`
    /// door takes them, in lower case: `authorization` and its kin (R5).
    pub credential_headers: Vec<http::HeaderName>,
}
