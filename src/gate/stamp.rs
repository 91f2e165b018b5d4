//! Stamps: whose a panel's cookie is, written into the cookie itself (DESIGN R2).
//!
//! A stamped value is the panel's own value followed by `~`, the owner's kind and a MAC over owner,
//! name and value, as they stand in a `Cookie` header. Nothing is stored per cookie; a value that was
//! planted, respelt, kept from before the deployment or from another session has no stamp that
//! verifies.
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
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::model::text::{MAC_CHARS, MacText};
use crate::model::{SessionId, Timestamp};

/// How long an anonymous stamp is good (DESIGN R2).
pub const ANONYMOUS_TTL: Duration = Duration::from_secs(24 * 3600);
/// How far ahead of the gate's time an anonymous stamp may be: two nodes' clocks differ a little.
const SKEW: Duration = Duration::from_secs(120);

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
    let owner = match owner {
        Owner::Session(session) => {
            stamped.extend_from_slice(b"~s");
            OwnerKey::of_session(key, session)
        }
        Owner::Anonymous(at) => {
            stamped.extend_from_slice(b"~a");
            stamped.extend_from_slice(URL_SAFE_NO_PAD.encode(issued(at)).as_bytes());
            OwnerKey::of_nobody(key)
        }
    };
    let mac = owner.mac(&[name, b"=", &stamped].concat());
    stamped.extend_from_slice(&mac.chars());
    stamped
}

/// The panel's value, if `cookie` (`name=value`, as a `Cookie` header has it, with a name of `name`
/// bytes) carries the stamp of the session that the key is for.
pub fn of_session<'a>(session: &OwnerKey, cookie: &'a [u8], name: usize) -> Option<&'a [u8]> {
    let (text, sent) = cookie.split_last_chunk()?;
    let value = value_in(text.strip_suffix(b"~s")?, name)?;
    session.mac(text).is(sent).then_some(value)
}

/// The panel's value, if `cookie` (as for [`of_session`]) carries an anonymous stamp that is still good
/// at `now`.
pub fn of_anonymous<'a>(nobody: &OwnerKey, cookie: &'a [u8], name: usize, now: Timestamp) -> Option<&'a [u8]> {
    let (text, sent) = cookie.split_last_chunk()?;
    let (before, time) = text.split_last_chunk::<TIME_CHARS>()?;
    let value = value_in(before.strip_suffix(b"~a")?, name)?;
    let mut seconds = [0; 4];
    if URL_SAFE_NO_PAD.decode_slice(time, &mut seconds).ok()? != seconds.len() {
        return None;
    }
    let issued_at = Timestamp::from_millis(i64::from(u32::from_be_bytes(seconds)) * 1000);
    let fresh = now.since(issued_at) < ANONYMOUS_TTL && issued_at.since(now) < SKEW;
    (fresh && nobody.mac(text).is(sent)).then_some(value)
}

/// What follows the name and its `=`.
fn value_in(cookie: &[u8], name: usize) -> Option<&[u8]> {
    match cookie.get(name..)? {
        [b'=', value @ ..] => Some(value),
        _ => None,
    }
}

fn issued(at: Timestamp) -> [u8; 4] {
    u32::try_from(at.as_secs()).unwrap_or(0).to_be_bytes()
}

/// The key of one owner's stamps: the gate's, and with it a hash of the owner.
///
/// A keyed hash whose key is a keyed hash of another part of the message is one of the whole
/// message. It lets a cookie be hashed as it lies in the request, and the owner once for all of them.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct OwnerKey([u8; 16]);

impl OwnerKey {
    /// For a session's cookies.
    pub fn of_session(key: &[u8; 16], session: SessionId) -> Self {
        Self::of(key, session.as_bytes())
    }

    /// For anonymous ones. No session gets this key: it's that of a text of another length.
    pub fn of_nobody(key: &[u8; 16]) -> Self {
        Self::of(key, b"nobody")
    }

    fn of(key: &[u8; 16], owner: &[u8]) -> Self {
        Self(SipHasher24::new_with_key(key).hash(owner).as_bytes())
    }

    /// The MAC over a cookie up to its MAC: `name=value~s`, `name=value~aAAAAAA`. A name has no `=` in
    /// it, so no two cookies have one text.
    fn mac(&self, text: &[u8]) -> MacText {
        MacText::of(u128::from_le_bytes(SipHasher24::new_with_key(&self.0).hash(text).as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    const KEY: [u8; 16] = [3; 16];
    const NOW: Timestamp = Timestamp::from_millis(1_795_350_752_123);

    fn of_session(key: &[u8; 16], name: &[u8], stamped: &[u8], session: SessionId) -> Option<Vec<u8>> {
        let cookie = [name, b"=", stamped].concat();
        super::of_session(&OwnerKey::of_session(key, session), &cookie, name.len()).map(<[u8]>::to_vec)
    }

    fn of_anonymous(key: &[u8; 16], name: &[u8], stamped: &[u8], now: Timestamp) -> Option<Vec<u8>> {
        let cookie = [name, b"=", stamped].concat();
        super::of_anonymous(&OwnerKey::of_nobody(key), &cookie, name.len(), now).map(<[u8]>::to_vec)
    }

    fn session(seed: u64) -> SessionId {
        SessionId::random(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn a_stamp_is_good_for_its_name_value_and_owner_only() {
        let stamped = stamp(&KEY, b"PHPSESSID", b"abc", Owner::Session(session(1)));
        assert_eq!(of_session(&KEY, b"PHPSESSID", &stamped, session(1)), Some(b"abc".to_vec()));
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
        assert_eq!(stamp(&KEY, b"PHPSESSID", b"abc", owner), b"abc~slQeIaZbaJhoPK-cyJ1vhfw");
        assert_eq!(stamp(&KEY, b"PHPSESSID", b"abc", Owner::Anonymous(NOW)), b"abc~aawLg4AaIt6JDVftZfAFuQH-bdMJQ");
        assert_eq!(stamp(&KEY, b"PHPSESSID", &long, owner).get(300..), Some(&b"~saS2tGWw7lyubefNQj_dO5w"[..]));
    }

    #[test]
    fn an_anonymous_stamp_is_good_for_a_day() {
        let stamped = stamp(&KEY, b"S", b"v", Owner::Anonymous(NOW));
        let at = |later: u64| of_anonymous(&KEY, b"S", &stamped, NOW + Duration::from_secs(later));
        assert_eq!(at(0), Some(b"v".to_vec()));
        assert_eq!(at(24 * 3600 - 2), Some(b"v".to_vec()));
        assert_eq!(at(24 * 3600), None);
        assert_eq!(of_anonymous(&KEY, b"S", &stamped, NOW.before(Duration::from_secs(600))), None, "from the future");
        assert_eq!(of_session(&KEY, b"S", &stamped, session(1)), None);
    }

    proptest! {
        #[test]
        fn any_value_comes_back_byte_for_byte(name in "[A-Za-z_]{1,40}", value in prop::collection::vec(any::<u8>(), 0..600)) {
            let stamped = stamp(&KEY, name.as_bytes(), &value, Owner::Session(session(1)));
            prop_assert_eq!(of_session(&KEY, name.as_bytes(), &stamped, session(1)), Some(value.clone()));
            let stamped = stamp(&KEY, name.as_bytes(), &value, Owner::Anonymous(NOW));
            prop_assert_eq!(of_anonymous(&KEY, name.as_bytes(), &stamped, NOW), Some(value.clone()));
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
