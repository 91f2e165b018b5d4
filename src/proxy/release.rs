//! The cookies that a browser gets from the gate: its own, and at clearance the parked ones.

use std::time::Duration;

use http::HeaderValue;

use crate::gate::CookieRules;
use crate::gate::cookie::{
    self, LOOPBACK_BROWSER_NAME, LOOPBACK_NAME, Outgoing, Receiver, SECURE_BROWSER_NAME, SECURE_NAME, gate_tokens,
};
use crate::login::jar::Jar;
use crate::model::{BrowserHash, BrowserToken, ClientAddr, Keys, PeerAddr, SessionId, SessionToken, Timestamp};

use super::client::Scheme;

/// How the browser reaches the gate, as far as cookies are concerned (DESIGN R1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// HTTPS, here or at a trusted proxy; also what a plain-HTTP client that isn't on this machine is
    /// treated as: its browser then refuses the cookie, and nobody is logged in over the open line.
    Secure,
    /// Plain HTTP from this machine, and not through a proxy on it that forgot to say "https".
    Loopback,
}

impl Route {
    /// The route of a request.
    pub fn of(scheme: Scheme, peer: PeerAddr, client: ClientAddr) -> Self {
        match scheme {
            Scheme::Http if peer.ip().is_loopback() && client.ip().is_loopback() => Self::Loopback,
            _ => Self::Secure,
        }
    }

    /// The name of the gate's cookie.
    pub const fn cookie_name(self) -> &'static str {
        match self {
            Self::Secure => SECURE_NAME,
            Self::Loopback => LOOPBACK_NAME,
        }
    }

    /// The name of a remembered browser's cookie.
    const fn browser_name(self) -> &'static str {
        match self {
            Self::Secure => SECURE_BROWSER_NAME,
            Self::Loopback => LOOPBACK_BROWSER_NAME,
        }
    }

    const fn attributes(self) -> &'static str {
        match self {
            Self::Secure => "; Path=/; Secure; HttpOnly; SameSite=Lax",
            Self::Loopback => "; Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// The `Set-Cookie` line that hands a session's token to its browser; it ends with the browser.
    pub fn gate_cookie(self, token: &SessionToken) -> Option<HeaderValue> {
        let text = zeroize::Zeroizing::new(token.expose());
        let mut line = HeaderValue::from_str(&format!("{}={}{}", self.cookie_name(), *text, self.attributes())).ok()?;
        line.set_sensitive(true);
        Some(line)
    }

    /// The `Set-Cookie` line by which this browser is remembered. It outlives the browser's session:
    /// that's what its owner asked for. It says nothing about who is in: without the password it's
    /// worth nothing.
    pub fn browser_cookie(self, token: &BrowserToken, lasts: Duration) -> Option<HeaderValue> {
        let text = zeroize::Zeroizing::new(token.expose());
        let line = format!("{}={}{}; Max-Age={}", self.browser_name(), *text, self.attributes(), lasts.as_secs());
        let mut line = HeaderValue::from_str(&line).ok()?;
        line.set_sensitive(true);
        Some(line)
    }

    /// What a browser says that it's remembered by. Of several such cookies none counts: one of them
    /// was planted.
    pub fn remembered<'a>(self, lines: impl Iterator<Item = &'a [u8]>) -> Option<BrowserHash> {
        let mut tokens = lines.flat_map(|line| gate_tokens(line, self.browser_name()));
        let token = tokens.next()?;
        if tokens.next().is_some() {
            return None;
        }
        BrowserToken::parse(token).map(|token| token.hash())
    }

    /// The `Set-Cookie` line that takes the gate's cookie away.
    pub fn no_gate_cookie(self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{}={}; Max-Age=0", self.cookie_name(), self.attributes())).ok()
    }
}

/// The `Set-Cookie` lines for what was parked, stamped for the session that was cleared.
pub fn parked_cookies(
    jar: &Jar,
    rules: &CookieRules,
    keys: &Keys,
    session: SessionId,
    now: Timestamp,
) -> Vec<HeaderValue> {
    let kept = jar.untouched().map(|(name, value)| [name, b"=", value, b"; Path=/; HttpOnly; SameSite=Lax"].concat());
    kept.chain(jar.set_cookies().map(|cookie| cookie.header().to_vec()))
        .filter_map(|line| match cookie::outgoing(&line, rules, keys, Receiver::Session(session), now) {
            Outgoing::Keep => HeaderValue::from_bytes(&line).ok(),
            Outgoing::Stamped(stamped) => HeaderValue::from_bytes(&stamped).ok(),
            Outgoing::Drop => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::model::MasterKey;

    #[test]
    fn a_browser_is_remembered_by_one_cookie_or_none() {
        let token = BrowserToken::random(&mut ChaCha20Rng::seed_from_u64(2));
        let line = Route::Secure.browser_cookie(&token, Duration::from_hours(24)).unwrap();
        assert!(line.is_sensitive());
        let text = line.to_str().unwrap();
        let sent = text.split(';').next().unwrap();
        assert!(sent.starts_with("__Host-poterne-browser="), "{text}");
        assert!(text.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400"), "{text}");
        let read = |route: Route, header: &str| route.remembered([header.as_bytes()].into_iter());
        assert_eq!(read(Route::Secure, &format!("a=b; {sent}")), Some(token.hash()));
        assert_eq!(read(Route::Loopback, sent), None);
        assert_eq!(read(Route::Secure, &format!("{sent}; {sent}")), None);
        assert_eq!(read(Route::Secure, "__Host-poterne-browser=x"), None);
    }

    #[test]
    fn the_gates_cookie_is_host_only_secure_and_out_of_reach_for_scripts() {
        let keys = Keys::derive(&MasterKey::from_bytes([1; 32]));
        let (token, _) = keys.new_token(&mut ChaCha20Rng::seed_from_u64(1));
        let line = Route::Secure.gate_cookie(&token).unwrap();
        let line = line.to_str().unwrap();
        assert!(line.starts_with("__Host-poterne=") && line.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"));
        let local = Route::Loopback.gate_cookie(&token).unwrap();
        assert!(local.to_str().unwrap().starts_with("poterne=") && !local.to_str().unwrap().contains("Secure"));
        let peer = |ip: &str| PeerAddr::of(std::net::SocketAddr::new(ip.parse().unwrap(), 1));
        let client = |ip: &str| ClientAddr::resolved(ip.parse().unwrap());
        for (scheme, from, who, route) in [
            (Scheme::Http, "127.0.0.9", "127.0.0.9", Route::Loopback),
            (Scheme::Https, "127.0.0.9", "127.0.0.9", Route::Secure),
            (Scheme::Http, "192.0.2.1", "192.0.2.1", Route::Secure),
            (Scheme::Https, "127.0.0.1", "192.0.2.1", Route::Secure),
            // A TLS proxy on this machine that doesn't say "https": still no cookie for the open line.
            (Scheme::Http, "127.0.0.1", "192.0.2.1", Route::Secure),
            (Scheme::Http, "192.0.2.1", "127.0.0.1", Route::Secure),
        ] {
            assert_eq!(Route::of(scheme, peer(from), client(who)), route, "{scheme:?} {from} {who}");
        }
    }
}
