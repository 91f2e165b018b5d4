//! What the gate knows about the panel behind it.

use crate::login::{DoorKind, Probe};

use super::doors::Doors;
use super::pattern::{NamePattern, PathPattern};
use super::watched::WatchedNames;

/// The panel's cookies that carry authentication, by name (DESIGN R2).
#[derive(Clone, Debug, Default)]
pub struct CookieRules {
    session: Vec<NamePattern>,
    login: Vec<NamePattern>,
    other: Vec<NamePattern>,
    never: Vec<NamePattern>,
    /// Letters that a plain name of any list begins with, in either case: most cookies of a panel
    /// are in no list, and one look says so.
    firsts: LetterSet,
}

impl CookieRules {
    /// Rules out of the four lists.
    ///
    /// - `session` may exist before login, as PHP's session does: stamped for "anonymous" or for a
    ///   session;
    /// - `login` exist only after a login: stamped for a session only;
    /// - `other` pass untouched, in every state (CSRF tokens, languages);
    /// - `never` go up: fields that carry credentials, on panels that read them from a cookie as
    ///   well (PHP's `$_REQUEST` without a `request_order`).
    pub fn new(
        session: Vec<NamePattern>,
        login: Vec<NamePattern>,
        other: Vec<NamePattern>,
        never: Vec<NamePattern>,
    ) -> Self {
        let all = [&session, &login, &other, &never];
        let firsts = LetterSet::of(all.into_iter().flatten().map(NamePattern::first));
        Self { session, login, other, never, firsts }
    }

    /// What may exist before login.
    pub fn session(&self) -> &[NamePattern] {
        &self.session
    }

    /// What exists only after one.
    pub fn login(&self) -> &[NamePattern] {
        &self.login
    }

    /// What passes untouched.
    pub fn other(&self) -> &[NamePattern] {
        &self.other
    }

    /// What never goes up.
    pub fn never(&self) -> &[NamePattern] {
        &self.never
    }

    /// Whether a plain name can be in a list, or resemble one that is.
    pub(super) fn may_begin(&self, name: &[u8]) -> bool {
        name.first().is_none_or(|first| self.firsts.contains(*first))
    }
}

/// Some of all bytes: first letters, for a look that costs next to nothing.
#[derive(Clone, Debug)]
pub(super) struct LetterSet([bool; 256]);

impl LetterSet {
    /// These letters, in either case; all there are if one isn't known.
    pub(super) fn of(letters: impl Iterator<Item = Option<u8>>) -> Self {
        let mut set = Self::default();
        for letter in letters {
            match letter {
                Some(letter) => {
                    for letter in [letter.to_ascii_lowercase(), letter.to_ascii_uppercase()] {
                        if let Some(place) = set.0.get_mut(usize::from(letter)) {
                            *place = true;
                        }
                    }
                }
                None => set.0 = [true; 256],
            }
        }
        set
    }

    /// Whether `letter` is one.
    pub(super) fn contains(&self, letter: u8) -> bool {
        self.0.get(usize::from(letter)).copied().unwrap_or(true)
    }
}

impl Default for LetterSet {
    fn default() -> Self {
        Self([false; 256])
    }
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
    pub doors: Doors,
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
    /// What of a query is worth reading.
    pub watched: Watched,
    /// Request headers that carry credentials and are dropped in every state unless an open `api`
    /// door takes them, in lower case: `authorization` and its kin (R5).
    pub credential_headers: Vec<http::HeaderName>,
}

/// The names of query parameters that any rule of a profile asks for.
#[derive(Clone, Debug)]
pub struct Watched {
    /// At the path of a door: session ids, the doors' conditions, the fields of credentials.
    pub at_doors: WatchedNames,
    /// At any other path: session ids; and credentials, where the panel takes them anywhere.
    pub elsewhere: WatchedNames,
}

impl Watched {
    /// What is worth reading for these doors and keys of session ids.
    pub fn of(doors: &Doors, session_keys: &[String], anywhere: bool) -> Self {
        let credentials = |kind: Option<DoorKind>| {
            let doors = doors.iter().filter(move |door| kind.is_none_or(|kind| door.kind == kind));
            doors.flat_map(|door| door.username.iter().chain(&door.password)).chain(session_keys).map(String::as_str)
        };
        let conditions = doors.iter().flat_map(|door| door.query.keys()).map(String::as_str);
        Self {
            at_doors: WatchedNames::of(credentials(None).chain(conditions)),
            elsewhere: match anywhere {
                true => WatchedNames::of(credentials(Some(DoorKind::Login))),
                false => WatchedNames::of(session_keys.iter().map(String::as_str)),
            },
        }
    }
}
