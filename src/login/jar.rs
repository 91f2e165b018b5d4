//! Cookies as they stand after a login (DESIGN R6, R7).
//!
//! A failed login deletes cookies, a successful one may set a name and delete it in the same
//! answer: only the *final jar* says what was gained. It's also what is parked until clearance.

use std::fmt;

use zeroize::Zeroizing;

use crate::model::Timestamp;

mod date;
mod parked;
mod set_cookie;

pub use parked::InvalidParkedJar;
pub use set_cookie::SetCookie;

/// Most cookies in a jar: browsers keep 50 to 180 a site.
pub const MAX_COOKIES: usize = 100;

/// Most bytes of all cookies in a jar.
pub const MAX_BYTES: usize = 64 * 1024;

/// The panel set more than a browser would keep: no verdict can be had from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("more than {MAX_COOKIES} cookies or {MAX_BYTES} bytes of them")]
pub struct JarFull;

/// The cookies that were sent with a login, and what the panel's answers made of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Jar {
    /// As the browser sent them, and the gate forwarded them.
    sent: Vec<Sent>,
    /// What the answers set, in order; at most one for each name, path and domain.
    set: Vec<SetEntry>,
}

#[derive(Clone, PartialEq, Eq)]
struct Sent {
    name: Vec<u8>,
    value: Zeroizing<Vec<u8>>,
}

#[derive(Clone, PartialEq, Eq)]
struct SetEntry {
    cookie: SetCookie,
    /// The path that it's for.
    path: Vec<u8>,
    /// The panel took the cookie away.
    deleted: bool,
}

impl Jar {
    /// A jar of the cookies that go to the panel with the login: names and values as they stand in
    /// the `Cookie` header.
    ///
    /// # Errors
    /// When they are too many.
    pub fn sent<'a>(cookies: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Result<Self, JarFull> {
        let sent = cookies
            .into_iter()
            .map(|(name, value)| Sent { name: name.to_vec(), value: Zeroizing::new(value.to_vec()) })
            .collect();
        let jar = Self { sent, set: Vec::new() };
        jar.bounded().then_some(jar).ok_or(JarFull)
    }

    /// Takes in one `Set-Cookie` of an answer to a request for `request_path`. The last one for a
    /// name, path and domain counts, be it a value or a deletion.
    ///
    /// # Errors
    /// When the jar is full; it's as before then.
    pub fn receive(&mut self, cookie: SetCookie, request_path: &str, now: Timestamp) -> Result<(), JarFull> {
        let path = cookie.path().map_or_else(|| default_path(request_path.as_bytes()), <[u8]>::to_vec);
        let deleted = cookie.deletes(now);
        let before = self.set.clone();
        self.set.retain(|entry| {
            entry.path != path || entry.cookie.name() != cookie.name() || entry.cookie.domain() != cookie.domain()
        });
        self.set.push(SetEntry { cookie, path, deleted });
        if self.bounded() {
            Ok(())
        } else {
            self.set = before;
            Err(JarFull)
        }
    }

    /// The `Cookie` header that a browser would send to `path`, byte for byte; `None` for none.
    ///
    /// Longer paths come first, then what was set first. Where a cookie that was sent lives isn't
    /// known: it's taken to be for every path, and to be the one that the panel sets or deletes.
    pub fn cookie_header(&self, path: &str) -> Option<Vec<u8>> {
        let mut cookies: Vec<(&[u8], &[u8], &[u8])> = self
            .kept()
            .map(|sent| (b"/".as_slice(), sent.name.as_slice(), sent.value.as_slice()))
            .chain(self.live().map(|entry| (entry.path.as_slice(), entry.cookie.name(), entry.cookie.value())))
            .filter(|(cookie_path, ..)| path_matches(cookie_path, path.as_bytes()))
            .collect();
        cookies.sort_by_key(|(cookie_path, ..)| std::cmp::Reverse(cookie_path.len()));
        let pairs: Vec<_> = cookies.into_iter().map(|(_, name, value)| [name, b"=", value].concat()).collect();
        (!pairs.is_empty()).then(|| pairs.join(b"; ".as_slice()))
    }

    /// Whether a login cookie is in the jar that wasn't sent with this very value: the panel gave
    /// it with this login.
    pub fn gained(&self, is_login: impl Fn(&[u8]) -> bool) -> bool {
        self.live().any(|entry| {
            let (name, value) = (entry.cookie.name(), entry.cookie.value());
            is_login(name)
                && !is_void(value)
                && !self.sent.iter().any(|sent| sent.name == name && *sent.value == *value)
        })
    }

    /// What was sent and neither replaced nor deleted: name and value.
    pub fn untouched(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.kept().map(|sent| (sent.name.as_slice(), sent.value.as_slice()))
    }

    /// What the panel wants the browser to store, deletions included, in order: for the answer
    /// after clearance.
    pub fn set_cookies(&self) -> impl Iterator<Item = &SetCookie> {
        self.set.iter().map(|entry| &entry.cookie)
    }

    fn live(&self) -> impl Iterator<Item = &SetEntry> {
        self.set.iter().filter(|entry| !entry.deleted)
    }

    fn kept(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(|sent| !self.set.iter().any(|entry| entry.cookie.name() == sent.name))
    }

    fn bounded(&self) -> bool {
        let sent = self.sent.iter().map(|sent| sent.name.len().saturating_add(sent.value.len()));
        let set = self.set.iter().map(|entry| entry.cookie.header().len().saturating_add(entry.path.len()));
        self.sent.len().saturating_add(self.set.len()) <= MAX_COOKIES && sent.chain(set).sum::<usize>() <= MAX_BYTES
    }
}

impl fmt::Debug for Jar {
    /// The names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: &[u8]| name.escape_ascii().to_string();
        f.debug_struct("Jar")
            .field("sent", &self.sent.iter().map(|sent| name(&sent.name)).collect::<Vec<_>>())
            .field("set", &self.live().map(|entry| name(entry.cookie.name())).collect::<Vec<_>>())
            .finish()
    }
}

/// Whether a value says "nothing": panels empty a cookie instead of deleting it.
fn is_void(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    matches!(value.trim_ascii(), b"" | b"deleted" | b"%20" | b"+")
}

/// The path of a cookie that names none (RFC 6265, 5.1.4).
fn default_path(request_path: &[u8]) -> Vec<u8> {
    match request_path.iter().rposition(|byte| *byte == b'/') {
        Some(at) if at > 0 && request_path.first() == Some(&b'/') => {
            request_path.get(..at).unwrap_or_default().to_vec()
        }
        _ => b"/".to_vec(),
    }
}

/// Whether a cookie for `cookie_path` goes to `path` (RFC 6265, 5.1.4).
fn path_matches(cookie_path: &[u8], path: &[u8]) -> bool {
    match path.strip_prefix(cookie_path) {
        Some(rest) => rest.is_empty() || cookie_path.ends_with(b"/") || rest.starts_with(b"/"),
        None => false,
    }
}

#[cfg(test)]
mod tests;
