//! The panel's cookies on their way in and out (DESIGN R2).

use http::HeaderValue;

use crate::login::jar::SetCookie;
use crate::login::name::{is_plain, plain_start};
use crate::model::{ClaimKey, Keys, SessionId, Timestamp};

use super::pattern::{Head, NamePattern};
use super::profile::CookieRules;
use super::stamp::{self, Owner, OwnerKey};

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
        // Most names and patterns differ in their first letters, which are compared at once.
        let head = Head::of(name);
        let near = |pattern: &NamePattern| !plain || pattern.may_be(head);
        let meant = |pattern: &NamePattern| near(pattern) && pattern.matches(name);
        let lists = |list: &[NamePattern]| list.iter().any(meant);
        if self.other().iter().any(|pattern| pattern.is_literal() && meant(pattern)) {
            return CookieKind::Other;
        }
        if lists(self.login()) {
            return CookieKind::Login;
        }
        if lists(self.session()) {
            return CookieKind::Session;
        }
        let resembles = |pattern: &NamePattern| {
            if plain { near(pattern) && pattern.resembles_plain(name) } else { pattern.resembles(name) }
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
    // The length tells in nearly every case, then the last letters do, without a pattern.
    let ends = |own: &str| {
        name.len()
            .checked_sub(own.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(own.as_bytes()))
    };
    let [secure, loopback, secure_browser, loopback_browser] = OWN_NAMES.map(str::len);
    ((name.len() == loopback || name.len() == secure) && ends(LOOPBACK_NAME))
        || ((name.len() == loopback_browser || name.len() == secure_browser) && ends(LOOPBACK_BROWSER_NAME))
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
    // What [`pairs`] finds of this name, without reading the names of all others.
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            rest = past_blanks(rest);
            if rest.is_empty() {
                return None;
            }
            let (cookie, after) = cut(rest, memchr::memchr(b';', rest).unwrap_or(rest.len()));
            rest = after;
            match cookie.strip_prefix(name.as_bytes()) {
                Some([b'=', value @ ..]) => return Some(value),
                Some([]) => return Some(&[][..]),
                _ => {}
            }
        }
    })
}

/// What follows semicolons and white space.
fn past_blanks(mut line: &[u8]) -> &[u8] {
    while let [b';', after @ ..] | [b'\t' | b'\n' | b'\x0c' | b'\r' | b' ', after @ ..] = line {
        line = after;
    }
    line
}

/// What is before a place, and the rest from there; all and nothing if there's no such place.
fn cut(line: &[u8], at: usize) -> (&[u8], &[u8]) {
    line.split_at_checked(at).unwrap_or((line, &[]))
}

/// Name and value of each cookie of a `Cookie` header, exactly as they were sent: only white space
/// before a name is taken off, which every reader does. What has no `=` is a name without a value.
pub fn pairs(line: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    sent_in(line).map(|cookie| (cookie.name(), cookie.value()))
}

/// One cookie of a `Cookie` header.
struct Sent<'a> {
    /// Where in the header it begins.
    at: usize,
    /// All of it, `name=value`.
    text: &'a [u8],
    /// How long its name is.
    named: usize,
    /// The name [is plain](is_plain).
    plain: bool,
}

impl<'a> Sent<'a> {
    fn name(&self) -> &'a [u8] {
        cut(self.text, self.named).0
    }

    /// Nothing, if there's no `=`.
    fn value(&self) -> &'a [u8] {
        self.text.get(self.named + 1..).unwrap_or_default()
    }
}

/// The cookies of a header, each name looked at once.
fn sent_in(line: &[u8]) -> impl Iterator<Item = Sent<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = past_blanks(rest);
        if rest.is_empty() {
            return None;
        }
        let at = line.len() - rest.len();
        let mut named = plain_start(rest);
        let plain = matches!(rest.get(named), None | Some(b'=' | b';')) && named > 0;
        if !plain {
            let (_, after) = cut(rest, named);
            named += memchr::memchr2(b'=', b';', after).unwrap_or(after.len());
        }
        let (_, after) = cut(rest, named);
        let length = match memchr::memchr(b';', after) {
            Some(ahead) => named + ahead,
            None => rest.len(),
        };
        let (text, after) = cut(rest, length);
        rest = after;
        Some(Sent { at, text, named, plain })
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
    let mut up = Going::default();
    let owner = match bearer {
        Bearer::Session(session) => OwnerKey::of_session(keys.stamp(), session),
        Bearer::Anonymous | Bearer::Nobody => OwnerKey::of_nobody(keys.stamp()),
    };
    for line in lines {
        let commas = memchr::memchr(b',', line).is_some();
        for cookie in sent_in(line) {
            let (name, sent) = (cookie.name(), cookie.value());
            let kind = rules.classify_as(name, cookie.plain);
            let value = match (kind, bearer) {
                (CookieKind::Lookalike, _) => None,
                (_, _) if commas && hides_another(sent, rules) => None,
                (CookieKind::Other, _) => Some(sent),
                (CookieKind::Unlisted, Bearer::Session(_)) => Some(sent),
                (CookieKind::Unlisted, _) | (_, Bearer::Nobody) => None,
                (CookieKind::Session | CookieKind::Login, Bearer::Session(_)) => {
                    stamp::of_session(&owner, cookie.text, cookie.named)
                }
                (CookieKind::Login, Bearer::Anonymous) => None,
                (CookieKind::Session, Bearer::Anonymous) => stamp::of_anonymous(&owner, cookie.text, cookie.named, now)
                    .filter(|value| {
                        let key = keys.claim_key(name, value);
                        let free = !claimed(&key);
                        if free {
                            selection.claims.push(key);
                        }
                        free
                    }),
            };
            let Some(value) = value else {
                selection.dropped += 1;
                continue;
            };
            if want_values {
                selection.values.push((name.to_vec(), value.to_vec()));
            }
            if cookie.text.len() == cookie.named {
                up.add_bare(line, name);
            } else {
                up.add(line, cookie.at, cookie.named + 1 + value.len());
            }
        }
        up.end_line(line);
    }
    selection.header = up.into_header();
    selection
}

/// The header that goes up, as it grows. What lies side by side in the browser's is copied at once.
#[derive(Default)]
struct Going {
    header: Vec<u8>,
    /// The part of the present line that goes up and isn't copied yet, from where to where.
    run: Option<(usize, usize)>,
}

impl Going {
    /// Adds so many bytes of the line.
    fn add(&mut self, line: &[u8], at: usize, length: usize) {
        self.run = match self.run {
            Some((from, to)) if line.get(to..at) == Some(b"; ") => Some((from, at + length)),
            _ => {
                self.end_line(line);
                Some((at, at + length))
            }
        };
    }

    /// Adds a name that was sent without a value: every reader takes it for one with an empty value.
    fn add_bare(&mut self, line: &[u8], name: &[u8]) {
        self.end_line(line);
        self.push(line, name);
        self.header.push(b'=');
    }

    fn end_line(&mut self, line: &[u8]) {
        if let Some(part) = self.run.take().and_then(|(from, to)| line.get(from..to)) {
            self.push(line, part);
        }
    }

    fn push(&mut self, line: &[u8], part: &[u8]) {
        if self.header.is_empty() {
            // All that a browser sends, as a rule.
            self.header.reserve(line.len().max(512));
        } else {
            self.header.extend_from_slice(b"; ");
        }
        self.header.extend_from_slice(part);
    }

    fn into_header(self) -> Option<HeaderValue> {
        let header = Some(self.header).filter(|header| !header.is_empty())?;
        HeaderValue::from_maybe_shared(bytes::Bytes::from(header)).ok()
    }
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
            for own in ["a", "_", "b."] {
                let named = cut.iter().filter(|(name, _)| *name == own).map(|(_, value)| value.as_bytes());
                prop_assert!(gate_tokens(line.as_bytes(), own).eq(named), "{}", line);
            }
            for (read, (name, value)) in read.iter().zip(cut) {
                prop_assert_eq!((read.name(), read.value()), (name.as_bytes(), value.as_bytes()));
                prop_assert_eq!(read.plain, is_plain(name.as_bytes()));
                prop_assert!(line.as_bytes()[read.at..].starts_with(read.text));
                prop_assert_eq!(read.text.len(), name.len() + if read.text == name.as_bytes() { 0 } else { 1 + value.len() });
            }
        }
    }
}
