//! Stamps: whose a panel's cookie is, written into the cookie itself (DESIGN R2).
//!
//! A stamped value is the panel's own value followed by `~`, the owner's kind and a MAC over name,
//! value and owner. Nothing is stored per cookie; a value that was planted, respelt, kept from
//! before the deployment or from another session has no stamp that verifies.
//!
//! The MAC is SipHash-2-4 with 128 bits of key and of output. It was made for this: to authenticate
//! short messages against somebody who sees the MACs of messages of his choice, and can only try
//! a forgery online. BLAKE3, which makes tokens and whatever else is kept, took three times as long
//! for a cookie's few dozen bytes, on every first request of a connection.
//!
//! ```text
//! value~s<22 characters>           owned by a gate session
//! value~a<6 characters><22>        anonymous, with the second it was issued in
//! ```

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use siphasher::sip128::SipHasher24;
use subtle::ConstantTimeEq;

use crate::model::{SessionId, Timestamp};

/// How long an anonymous stamp is good (DESIGN R2).
pub const ANONYMOUS_TTL: Duration = Duration::from_secs(24 * 3600);
/// How far ahead of the gate's time an anonymous stamp may be: two nodes' clocks differ a little.
const SKEW: Duration = Duration::from_secs(120);

const MAC: usize = 16;
const MAC_CHARS: usize = 22;
const TIME_CHARS: usize = 6;

/// Whose a cookie is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody's yet: set by the panel before a login, at this time.
    Anonymous(Timestamp),
    /// A gate session's.
    Session(SessionId),
}

/// The panel's `value` with the stamp for `owner` behind it.
pub fn stamp(key: &[u8; 16], name: &[u8], value: &[u8], owner: Owner) -> Vec<u8> {
    let mut stamped = Vec::with_capacity(value.len() + 2 + TIME_CHARS + MAC_CHARS);
    stamped.extend_from_slice(value);
    match owner {
        Owner::Session(session) => {
            stamped.extend_from_slice(b"~s");
            append(&mut stamped, &mac(key, name, value, b's', session.as_bytes()));
        }
        Owner::Anonymous(at) => {
            let seconds = issued(at);
            stamped.extend_from_slice(b"~a");
            append(&mut stamped, &seconds);
            append(&mut stamped, &mac(key, name, value, b'a', &seconds));
        }
    }
    stamped
}

/// The panel's value, if `stamped` carries the stamp of `session`.
pub fn of_session<'a>(key: &[u8; 16], name: &[u8], stamped: &'a [u8], session: SessionId) -> Option<&'a [u8]> {
    let (value, kind, sent) = split(stamped, MAC_CHARS)?;
    (kind == b's' && genuine(&mac(key, name, value, b's', session.as_bytes()), sent)).then_some(value)
}

/// The panel's value, if `stamped` carries an anonymous stamp that is still good at `now`.
pub fn of_anonymous<'a>(key: &[u8; 16], name: &[u8], stamped: &'a [u8], now: Timestamp) -> Option<&'a [u8]> {
    let (value, kind, tail) = split(stamped, TIME_CHARS + MAC_CHARS)?;
    let (time, sent) = tail.split_at_checked(TIME_CHARS)?;
    let mut seconds = [0; 4];
    // The length tells; trailing bits that aren't zero are an error to the decoder.
    if URL_SAFE_NO_PAD.decode_slice(time, &mut seconds).ok()? != seconds.len() {
        return None;
    }
    let issued_at = Timestamp::from_millis(i64::from(u32::from_be_bytes(seconds)) * 1000);
    let fresh = now.since(issued_at) < ANONYMOUS_TTL && issued_at.since(now) < SKEW;
    (kind == b'a' && fresh && genuine(&mac(key, name, value, b'a', &seconds), sent)).then_some(value)
}

/// Splits `value~k<tail>` from its end; `tail` has a fixed length.
fn split(stamped: &[u8], tail: usize) -> Option<(&[u8], u8, &[u8])> {
    let (head, tail) = stamped.split_at_checked(stamped.len().checked_sub(tail)?)?;
    match head {
        [value @ .., b'~', kind] => Some((value, *kind, tail)),
        _ => None,
    }
}

fn issued(at: Timestamp) -> [u8; 4] {
    u32::try_from(at.as_secs()).unwrap_or(0).to_be_bytes()
}

/// The MAC over length-prefixed name and value, and the owner.
fn mac(key: &[u8; 16], name: &[u8], value: &[u8], kind: u8, owner: &[u8]) -> [u8; MAC] {
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
    let total = 3 + name.len() + owner.len() + value.len();
    let parts = [&[kind][..], &length, name, owner, value];
    let hasher = SipHasher24::new_with_key(key);
    // One contiguous buffer is hashed far faster than the same bytes part by part.
    let mut short = [0_u8; 256];
    let hash = match short.get_mut(..total) {
        Some(buffer) => {
            let mut rest = &mut *buffer;
            for part in parts {
                let Some((place, after)) = rest.split_at_mut_checked(part.len()) else { break };
                place.copy_from_slice(part);
                rest = after;
            }
            hasher.hash(buffer)
        }
        None => hasher.hash(&parts.concat()),
    };
    hash.as_bytes()
}

fn genuine(mac: &[u8; MAC], sent: &[u8]) -> bool {
    let mut expected = [0; MAC_CHARS];
    match URL_SAFE_NO_PAD.encode_slice(mac, &mut expected) {
        Ok(MAC_CHARS) => match (words(&expected), words(sent)) {
            // Two words at once, in as constant a time as byte by byte.
            (Some(expected), Some(sent)) => (expected.0.ct_eq(&sent.0) & expected.1.ct_eq(&sent.1)).into(),
            _ => false,
        },
        _ => false,
    }
}

/// All of a MAC's characters in two numbers that overlap; `None` for another length.
fn words(chars: &[u8]) -> Option<(u128, u64)> {
    let (first, last) = (chars.first_chunk()?, chars.last_chunk()?);
    (chars.len() == MAC_CHARS).then(|| (u128::from_ne_bytes(*first), u64::from_ne_bytes(*last)))
}

fn append(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(URL_SAFE_NO_PAD.encode(bytes).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    const KEY: [u8; 16] = [3; 16];
    const NOW: Timestamp = Timestamp::from_millis(1_795_350_752_123);

    fn session(seed: u64) -> SessionId {
        SessionId::random(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn a_stamp_is_good_for_its_name_value_and_owner_only() {
        let stamped = stamp(&KEY, b"PHPSESSID", b"abc", Owner::Session(session(1)));
        assert_eq!(of_session(&KEY, b"PHPSESSID", &stamped, session(1)), Some(&b"abc"[..]));
        assert_eq!(of_session(&KEY, b"PHPSESSID", &stamped, session(2)), None, "another session's");
        assert_eq!(of_session(&KEY, b"phpsessid", &stamped, session(1)), None, "another name");
        assert_eq!(of_session(&[4; 16], b"PHPSESSID", &stamped, session(1)), None, "another key");
        assert_eq!(of_anonymous(&KEY, b"PHPSESSID", &stamped, NOW), None, "not anonymous");
        assert_eq!(of_session(&KEY, b"PHPSESSID", b"abc", session(1)), None, "from before the deployment");
    }

    /// The stamps of a release are read by the next one: another MAC logs everybody out. (The values are
    /// from an implementation of SipHash of its own.)
    #[test]
    fn stamps_stay_the_same_from_release_to_release() {
        let owner = Owner::Session(SessionId::from_slice(&[7; 16]).unwrap());
        let long = [b'v'; 300];
        assert_eq!(stamp(&KEY, b"PHPSESSID", b"abc", owner), b"abc~sE6FpKg-4EzaJ4AQnAmNf4w");
        assert_eq!(stamp(&KEY, b"PHPSESSID", b"abc", Owner::Anonymous(NOW)), b"abc~aawLg4AUDFPCvYQxEesdLKLhNF7gA");
        assert_eq!(stamp(&KEY, b"PHPSESSID", &long, owner).get(300..), Some(&b"~sfRuKbUoDGQKIpQdvNifCyw"[..]));
    }

    #[test]
    fn an_anonymous_stamp_is_good_for_a_day() {
        let stamped = stamp(&KEY, b"S", b"v", Owner::Anonymous(NOW));
        let at = |later: u64| of_anonymous(&KEY, b"S", &stamped, NOW + Duration::from_secs(later));
        assert_eq!(at(0), Some(&b"v"[..]));
        assert_eq!(at(24 * 3600 - 2), Some(&b"v"[..]));
        assert_eq!(at(24 * 3600), None);
        assert_eq!(of_anonymous(&KEY, b"S", &stamped, NOW.before(Duration::from_secs(600))), None, "from the future");
        assert_eq!(of_session(&KEY, b"S", &stamped, session(1)), None);
    }

    proptest! {
        #[test]
        fn any_value_comes_back_byte_for_byte(name in "[A-Za-z_]{1,40}", value in prop::collection::vec(any::<u8>(), 0..600)) {
            let stamped = stamp(&KEY, name.as_bytes(), &value, Owner::Session(session(1)));
            prop_assert_eq!(of_session(&KEY, name.as_bytes(), &stamped, session(1)), Some(&value[..]));
            let stamped = stamp(&KEY, name.as_bytes(), &value, Owner::Anonymous(NOW));
            prop_assert_eq!(of_anonymous(&KEY, name.as_bytes(), &stamped, NOW), Some(&value[..]));
        }

        /// One changed, added or removed byte anywhere, and it isn't the panel's any more.
        #[test]
        fn no_respelling_passes(value in "[ -~]{0,60}", at in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..3) {
            let stamped = stamp(&KEY, b"Cacti", value.as_bytes(), Owner::Session(session(1)));
            let mut forged = stamped.clone();
            let index = at.index(forged.len());
            match how {
                0 => forged[index] = byte,
                1 => forged.insert(index, byte),
                _ => { forged.remove(index); }
            }
            prop_assume!(forged != stamped);
            prop_assert_eq!(of_session(&KEY, b"Cacti", &forged, session(1)), None);
            prop_assert_eq!(of_anonymous(&KEY, b"Cacti", &forged, NOW), None);
        }
    }
}
