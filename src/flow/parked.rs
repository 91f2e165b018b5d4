//! The parked jar: what an accepted login brought, kept until clearance (DESIGN R7).

use http::{HeaderMap, HeaderName, HeaderValue};
use rand::CryptoRng;

use crate::login::jar::Jar;
use crate::model::{Keys, SessionId};

/// What is parked with a pending session.
#[derive(Debug)]
pub struct Parked {
    /// The final jar: cookies sent, the answer's, the probe's.
    pub jar: Jar,
    /// Where the panel had sent the browser, on the panel.
    pub location: String,
    /// The headers that the gate's own requests for this session go with: the browser's own
    /// User-Agent, languages and forwarded address.
    pub own_headers: Vec<(String, Vec<u8>)>,
}

impl Parked {
    /// What goes into the store: encrypted, and good for this session only.
    pub fn seal(&self, keys: &Keys, session: SessionId, rng: &mut impl CryptoRng) -> Vec<u8> {
        let mut plain = zeroize::Zeroizing::new(Vec::with_capacity(1024));
        put(&mut plain, self.location.as_bytes());
        let count = u8::try_from(self.own_headers.len()).unwrap_or(u8::MAX);
        plain.push(count);
        for (name, value) in self.own_headers.iter().take(usize::from(count)) {
            put(&mut plain, name.as_bytes());
            put(&mut plain, value);
        }
        plain.extend_from_slice(&self.jar.serialize());
        keys.seal(session.as_bytes(), &plain, rng)
    }

    /// What was parked; `None` if it isn't this session's or was tampered with.
    pub fn open(keys: &Keys, session: SessionId, sealed: &[u8]) -> Option<Self> {
        let plain = keys.open(session.as_bytes(), sealed).ok()?;
        let mut rest: &[u8] = &plain;
        let location = String::from_utf8(take(&mut rest)?.to_vec()).ok()?;
        let (count, tail) = rest.split_first()?;
        rest = tail;
        let mut own_headers = Vec::with_capacity(usize::from(*count));
        for _ in 0..*count {
            let name = String::from_utf8(take(&mut rest)?.to_vec()).ok()?;
            own_headers.push((name, take(&mut rest)?.to_vec()));
        }
        Some(Self { jar: Jar::deserialize(rest).ok()?, location, own_headers })
    }

    /// The headers for a request of the gate's own, without cookies.
    pub fn own_headers(&self) -> HeaderMap {
        self.own_headers
            .iter()
            .filter_map(|(name, value)| {
                Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
            })
            .collect()
    }
}

/// A length of two bytes, then so many bytes.
fn put(to: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = bytes.get(..usize::from(u16::MAX)).unwrap_or(bytes);
    to.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    to.extend_from_slice(bytes);
}

fn take<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_first_chunk::<2>()?;
    let (bytes, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *from = rest;
    Some(bytes)
}
