//! What was judged on a connection, for its next request (DESIGN §5).
//!
//! A browser sends the same cookies with every request of a connection, and what may go up of them
//! depends on these bytes and on the session only: stamps that verified once for a session verify
//! again. So the next request needs no look-up and no hash, if nothing has changed.
//!
//! What can change without a byte of the request changing is looked at each time, by who holds the
//! memo: whether the session is over (ended, replaced, idle for too long), and the network that the
//! request comes from. Uncleared requests are never remembered: what goes up with them depends on
//! claims and on time.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use zeroize::Zeroizing;

use crate::model::ClientAddr;

use super::cookie::gate_tokens;

/// Longest cookies that are remembered, in bytes: an idle connection keeps no more than that.
const MOST: usize = 8 * 1024;
/// Cookies up to so many bytes lie beside the rest of the memory: what is looked at together is found
/// together, which counts when there are more connections than the processor's caches hold.
const SHORT: usize = 512;

/// A cleared session's cookies on one connection, and what became of them. `S` is the session.
pub struct Judged<S> {
    client: ClientAddr,
    cookie_name: &'static str,
    session: S,
    up: Option<HeaderValue>,
    /// The lines as they were sent, each with a line break behind it, which no line has in it.
    length: usize,
    short: Zeroizing<[u8; SHORT]>,
    /// All of them, if they're longer.
    long: Zeroizing<Vec<u8>>,
}

impl<S> Judged<S> {
    /// Remembers that the cookies that `lines` goes through named `session` (with the gate's cookie called
    /// `cookie_name`), and that `up` goes up for them.
    ///
    /// `None` if that can't be reused: cookies of more than 8 KiB; or not exactly one gate cookie,
    /// because then the other one may name a live session the next time.
    pub fn of<'a, I>(
        client: ClientAddr,
        cookie_name: &'static str,
        lines: impl Fn() -> I,
        session: S,
        up: Option<HeaderValue>,
    ) -> Option<Arc<Self>>
    where
        I: Iterator<Item = &'a [u8]>,
    {
        let (mut tokens, mut length) = (0, 0_usize);
        for line in lines() {
            tokens += gate_tokens(line, cookie_name).count();
            length = length.saturating_add(line.len() + 1);
        }
        if tokens != 1 || length > MOST {
            return None;
        }
        // The cookies are copied to where they stay, so that no other copy is left behind that nobody
        // wipes. (The lines themselves are slices of the whole request's buffer, which they'd keep.)
        let long = Zeroizing::new(if length > SHORT { vec![0; length] } else { Vec::new() });
        let short = Zeroizing::new([0; SHORT]);
        let mut judged = Arc::new(Self { client, cookie_name, session, up, length, short, long });
        let Self { short, long, .. } = Arc::get_mut(&mut judged)?;
        let mut free = if length > SHORT { long.as_mut_slice() } else { short.as_mut_slice() };
        for line in lines() {
            let (place, after) = free.split_at_mut_checked(line.len())?;
            place.copy_from_slice(line);
            let (end, after) = after.split_first_mut()?;
            *end = b'\n';
            free = after;
        }
        Some(judged)
    }

    /// The lines, each with its line break.
    fn kept(&self) -> &[u8] {
        if self.length > SHORT { &self.long } else { self.short.get(..self.length).unwrap_or_default() }
    }

    /// Whether a request of `client` with the cookies in `lines` is the same again. Its session has
    /// to be looked at still.
    pub fn is_for<'a>(&self, client: ClientAddr, cookie_name: &str, lines: impl Iterator<Item = &'a [u8]>) -> bool {
        if self.client != client || self.cookie_name != cookie_name {
            return false;
        }
        let mut rest = self.kept();
        for line in lines {
            match rest.split_at_checked(line.len()) {
                Some((kept, [b'\n', tail @ ..])) if kept == line => rest = tail,
                _ => return false,
            }
        }
        rest.is_empty()
    }

    /// The session that the cookies named.
    pub const fn session(&self) -> &S {
        &self.session
    }

    /// The `Cookie` line for the panel; `None`: none.
    pub const fn up(&self) -> Option<&HeaderValue> {
        self.up.as_ref()
    }
}

impl<S> fmt::Debug for Judged<S> {
    /// Without the cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judged").field("client", &self.client).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::cookie::LOOPBACK_NAME;

    fn client(last: u8) -> ClientAddr {
        ClientAddr::resolved([192, 0, 2, last].into())
    }

    fn judged(lines: &[&str]) -> Option<Arc<Judged<u8>>> {
        let up = HeaderValue::from_static("a=b");
        Judged::of(client(1), LOOPBACK_NAME, || lines.iter().map(|line| line.as_bytes()), 7, Some(up))
    }

    fn same(judged: &Judged<u8>, lines: &[&str]) -> bool {
        judged.is_for(client(1), LOOPBACK_NAME, lines.iter().map(|line| line.as_bytes()))
    }

    #[test]
    fn only_the_very_same_cookies_of_the_same_client_are_the_same_again() {
        let one = judged(&["poterne=t; a=b", "c=d"]).unwrap();
        assert!(same(&one, &["poterne=t; a=b", "c=d"]));
        assert_eq!((one.session(), one.up().unwrap().as_bytes()), (&7, &b"a=b"[..]));
        for other in [
            &["poterne=t; a=b"][..],
            &["poterne=t; a=b", "c=d", ""],
            &["poterne=t; a=b", "c=d", "e=f"],
            &["c=d", "poterne=t; a=b"],
            &["poterne=t; a=b", "c=D"],
            &["poterne=t; a=b", "c=d "],
            &["poterne=t; a=b; c=d"],
            &["poterne=T; a=b", "c=d"],
            &[],
        ] {
            assert!(!same(&one, other), "{other:?}");
        }
        let lines = || ["poterne=t; a=b", "c=d"].iter().map(|line| line.as_bytes());
        assert!(!one.is_for(client(2), LOOPBACK_NAME, lines()), "behind a trusted proxy, somebody else");
        assert!(!one.is_for(client(1), crate::gate::cookie::SECURE_NAME, lines()), "another scheme");
    }

    #[test]
    fn cookies_of_every_length_are_kept_to_the_last_byte() {
        for length in [SHORT - 1, SHORT, SHORT + 1, 3000, MOST] {
            let start = "poterne=t; a=";
            let line = format!("{start}{}", "x".repeat(length - 1 - start.len()));
            let one = judged(&[&line]).unwrap();
            assert!(same(&one, &[&line]), "{length}");
            let other = format!("{}y", line.strip_suffix('x').unwrap());
            assert!(!same(&one, &[&other]) && !same(&one, &[&format!("{line}x")]), "{length}");
        }
    }

    #[test]
    fn what_could_name_another_session_the_next_time_is_not_remembered() {
        assert!(judged(&["a=b"]).is_none());
        assert!(judged(&["poterne=t; poterne=u"]).is_none());
        assert!(judged(&["poterne=t", "poterne=u"]).is_none());
        let long = format!("poterne=t; a={}", "x".repeat(MOST));
        assert!(judged(&[&long]).is_none());
    }

    #[test]
    fn what_is_remembered_is_not_shown() {
        let one = judged(&["poterne=secret; a=secret"]).unwrap();
        assert!(!format!("{one:?}").contains("secret"));
    }
}
