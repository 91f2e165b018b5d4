//! The panel's cookies on their way in and out (DESIGN R2).

use http::HeaderValue;

use crate::login::jar::SetCookie;
use crate::login::name::{is_plain, is_plain_letter};
use crate::model::{ClaimKey, Keys, SessionId, Timestamp};

use super::pattern::NamePattern;
use super::profile::CookieRules;
use super::stamp::{self, Owner};

/// The gate's own cookie over HTTPS (DESIGN R1).
pub const SECURE_NAME: &str = "__Host-poterne";
/// The gate's own cookie on a plain-HTTP listener, for loopback peers only.
pub const LOOPBACK_NAME: &str = "poterne";
/// The cookie of a remembered browser over HTTPS.
pub const SECURE_BROWSER_NAME: &str = "__Host-poterne-browser";
/// The cookie of a remembered browser on a plain-HTTP listener, for loopback peers only.
pub const LOOPBACK_BROWSER_NAME: &str = "poterne-browser";

/// All names of the gate's own cookies.
const OWN_NAMES: [&str; 4] = [SECURE_NAME, LOOPBACK_NAME, SECURE_BROWSER_NAME, LOOPBACK_BROWSER_NAME];

/// What a cookie's name says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieKind {
    /// Authenticates, and may exist before a login.
    Session,
    /// Authenticates, and exists only after a login.
    Login,
    /// Passes untouched in every state.
    Other,
    /// Isn't one of the panel's authenticating cookies, but a panel could read it as one; or it's
    /// named like the gate's own, or like a field that carries credentials. Never passes.
    Lookalike,
    /// Not named in the profile: passes in cleared sessions only.
    Unlisted,
}

impl CookieRules {
    /// The kind of the cookie `name`. A name listed without a star under `other` wins over the
    /// patterns with one.
    pub fn classify(&self, name: &[u8]) -> CookieKind {
        self.classify_as(name, is_plain(name))
    }

    /// [`Self::classify`], for who knows already whether the name [is plain](is_plain).
    fn classify_as(&self, name: &[u8], plain: bool) -> CookieKind {
        // `=PANELSESS=…`: browsers keep cookies without a name, and some readers skip the first `=`.
        if name.is_empty() || is_own(name) {
            return CookieKind::Lookalike;
        }
        if plain && !self.may_begin(name) {
            return if resembles_gate(name) { CookieKind::Lookalike } else { CookieKind::Unlisted };
        }
        let lists = |list: &[NamePattern]| list.iter().any(|pattern| pattern.matches(name));
        if self.other().iter().any(|pattern| pattern.is_literal() && pattern.matches(name)) {
            return CookieKind::Other;
        }
        if lists(self.login()) {
            return CookieKind::Login;
        }
        if lists(self.session()) {
            return CookieKind::Session;
        }
        let resembles = |pattern: &NamePattern| {
            if plain { pattern.resembles_plain(name) } else { pattern.resembles(name) }
        };
        if [self.session(), self.login(), self.never()].into_iter().flatten().any(resembles) || resembles_gate(name) {
            return CookieKind::Lookalike;
        }
        if lists(self.other()) { CookieKind::Other } else { CookieKind::Unlisted }
    }
}

fn is_own(name: &[u8]) -> bool {
    OWN_NAMES.iter().any(|own| name == own.as_bytes())
}

fn resembles_gate(name: &[u8]) -> bool {
    // The last letters tell in nearly every case, without a pattern.
    let ends = |own: &str| {
        name.len()
            .checked_sub(own.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(own.as_bytes()))
    };
    let [secure, loopback, secure_browser, loopback_browser] = OWN_NAMES.map(str::len);
    (ends(LOOPBACK_NAME) && (name.len() == loopback || name.len() == secure))
        || (ends(LOOPBACK_BROWSER_NAME) && (name.len() == loopback_browser || name.len() == secure_browser))
}

/// On whose behalf a request goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// Nobody that the gate knows, or somebody whose login is still pending: only what is stamped
    /// anonymous and not claimed, and of kind `session` only.
    Anonymous,
    /// A cleared session.
    Session(SessionId),
    /// A door that the operator opened: none of the panel's authenticating cookies at all.
    Nobody,
}

/// The cookies that may go up.
#[derive(Debug, Default)]
pub struct Selection {
    /// The one `Cookie` header for the panel; `None`: no header.
    pub header: Option<HeaderValue>,
    /// The claim keys of the anonymous values that passed.
    pub claims: Vec<ClaimKey>,
    /// Name and value of every cookie that passed, as the panel knows them; only if asked for.
    pub values: Vec<(Vec<u8>, Vec<u8>)>,
    /// How many were dropped, for the log at debug level.
    pub dropped: usize,
}

/// The values of the gate's own cookie in a `Cookie` header.
pub fn gate_tokens<'a>(line: &'a [u8], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    pairs(line).filter(move |(n, _)| *n == name.as_bytes()).map(|(_, value)| value)
}

/// Name and value of each cookie of a `Cookie` header, exactly as they were sent: only white space
/// before a name is taken off, which every reader does. What has no `=` is a name without a value.
pub fn pairs(line: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    sent_in(line).map(|cookie| (cookie.name, cookie.value))
}

/// One cookie of a `Cookie` header.
struct Sent<'a> {
    name: &'a [u8],
    value: &'a [u8],
    /// The name [is plain](is_plain).
    plain: bool,
}

/// The cookies of a header, each name looked at once.
fn sent_in(line: &[u8]) -> impl Iterator<Item = Sent<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        while let [b';', after @ ..] | [b'\t' | b'\n' | b'\x0c' | b'\r' | b' ', after @ ..] = rest {
            rest = after;
        }
        let mut plain = true;
        let mut end = 0;
        for byte in rest.iter().take_while(|byte| !matches!(byte, b'=' | b';')) {
            plain &= is_plain_letter(*byte);
            end += 1;
        }
        let (name, after) = rest.split_at_checked(end).filter(|_| !rest.is_empty())?;
        let (value, after) = match after {
            [b'=', value @ ..] => {
                value.split_at_checked(memchr::memchr(b';', value).unwrap_or(value.len())).unwrap_or((value, &[]))
            }
            _ => (&[][..], after),
        };
        rest = after;
        Some(Sent { name, value, plain: plain && end > 0 })
    })
}

/// Chooses what of the browser's cookies may go up on behalf of `bearer`.
///
/// `claimed` tells whether a value is claimed by a login (DESIGN R3); it's asked for anonymous
/// values only.
pub fn select<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    rules: &CookieRules,
    keys: &Keys,
    bearer: Bearer,
    now: Timestamp,
    want_values: bool,
    claimed: impl Fn(&ClaimKey) -> bool,
) -> Selection {
    let mut selection = Selection::default();
    let mut up: Vec<u8> = Vec::new();
    let cookies = lines.flat_map(|line| {
        let commas = memchr::memchr(b',', line).is_some();
        sent_in(line).map(move |cookie| (cookie, commas))
    });
    for (Sent { name, value: sent, plain }, commas) in cookies {
        let kind = rules.classify_as(name, plain);
        let value = match (kind, bearer) {
            (CookieKind::Lookalike, _) => None,
            (_, _) if commas && hides_another(sent, rules) => None,
            (CookieKind::Other, _) => Some(sent),
            (CookieKind::Unlisted, Bearer::Session(_)) => Some(sent),
            (CookieKind::Unlisted, _) | (_, Bearer::Nobody) => None,
            (CookieKind::Session | CookieKind::Login, Bearer::Session(session)) => {
                stamp::of_session(keys.stamp(), name, sent, session)
            }
            (CookieKind::Login, Bearer::Anonymous) => None,
            (CookieKind::Session, Bearer::Anonymous) => {
                stamp::of_anonymous(keys.stamp(), name, sent, now).filter(|value| {
                    let key = keys.claim_key(name, value);
                    let free = !claimed(&key);
                    if free {
                        selection.claims.push(key);
                    }
                    free
                })
            }
        };
        let Some(value) = value else {
            selection.dropped += 1;
            continue;
        };
        if want_values {
            selection.values.push((name.to_vec(), value.to_vec()));
        }
        if up.is_empty() {
            up.reserve(512);
        } else {
            up.extend_from_slice(b"; ");
        }
        up.extend_from_slice(name);
        up.push(b'=');
        up.extend_from_slice(value);
    }
    selection.header = (!up.is_empty()).then(|| HeaderValue::from_maybe_shared(bytes::Bytes::from(up)).ok()).flatten();
    selection
}

/// Some readers split a header at commas too: a value that hides an authenticating cookie behind
/// one doesn't pass.
fn hides_another(value: &[u8], rules: &CookieRules) -> bool {
    value.contains(&b',')
        && value.split(|b| *b == b',').skip(1).any(|piece| {
            let name = piece.trim_ascii_start().split(|b| *b == b'=').next().unwrap_or_default();
            matches!(rules.classify(name), CookieKind::Session | CookieKind::Login | CookieKind::Lookalike)
        })
}

/// Who gets an answer of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// A browser without a gate session.
    Anonymous,
    /// A browser whose login is pending: it gets no authenticating cookie until clearance (R7).
    Pending,
    /// A cleared session.
    Session(SessionId),
}

/// What becomes of a `Set-Cookie` line.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// It leaves as it is.
    Keep,
    /// It leaves with the stamped value.
    Stamped(Vec<u8>),
    /// It doesn't leave.
    Drop,
}

/// What becomes of a `Set-Cookie` line of the panel on its way to `receiver`.
pub fn outgoing(line: &[u8], rules: &CookieRules, keys: &Keys, receiver: Receiver, now: Timestamp) -> Outgoing {
    let Some(cookie) = SetCookie::parse(line) else {
        return Outgoing::Drop;
    };
    let name = cookie.name();
    if is_own(name) {
        return Outgoing::Drop;
    }
    let owner = match (rules.classify(name), receiver) {
        (CookieKind::Other | CookieKind::Unlisted | CookieKind::Lookalike, _) => return Outgoing::Keep,
        (CookieKind::Session | CookieKind::Login, Receiver::Pending) => return Outgoing::Drop,
        (CookieKind::Session | CookieKind::Login, _) if cookie.deletes(now) => return Outgoing::Keep,
        (CookieKind::Login, Receiver::Anonymous) => return Outgoing::Drop,
        (CookieKind::Session, Receiver::Anonymous) => Owner::Anonymous(now),
        (CookieKind::Session | CookieKind::Login, Receiver::Session(session)) => Owner::Session(session),
    };
    Outgoing::Stamped(cookie.with_value(&stamp::stamp(keys.stamp(), name, cookie.value(), owner)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// One pass over a header finds the cookies that cutting it at `;` and `=` finds.
        #[test]
        fn r2_a_header_is_read_as_it_is_cut(line in "[ab_.=;=; \\t\\[%\"]{0,20}") {
            let cut: Vec<(&str, &str)> = line
                .split(';')
                .map(|piece| piece.trim_ascii_start())
                .filter(|piece| !piece.is_empty())
                .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
                .collect();
            let read: Vec<_> = sent_in(line.as_bytes()).collect();
            prop_assert_eq!(read.len(), cut.len());
            for (read, (name, value)) in read.iter().zip(cut) {
                prop_assert_eq!((read.name, read.value), (name.as_bytes(), value.as_bytes()));
                prop_assert_eq!(read.plain, is_plain(name.as_bytes()));
            }
        }
    }
}
