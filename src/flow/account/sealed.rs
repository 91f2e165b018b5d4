//! What a form carries for the gate itself: encrypted, for one purpose and one session.

use zeroize::Zeroizing;

use crate::model::{Keys, SessionId, Timestamp};

/// What a sealed text is for; no text opens for another purpose, nor in another session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A secret that isn't confirmed yet.
    Enrolment,
    /// A code was given just now.
    Ticket,
    /// Backup codes, to be downloaded.
    Codes,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Enrolment => "enrolment",
            Self::Ticket => "turn-off",
            Self::Codes => "backup codes",
        }
    }
}

/// Seals `content`, with the time.
pub(super) fn seal(keys: &Keys, purpose: Purpose, session: SessionId, at: Timestamp, content: &[u8]) -> String {
    let mut plain = Zeroizing::new(Vec::with_capacity(8 + content.len()));
    plain.extend_from_slice(&at.as_millis().to_be_bytes());
    plain.extend_from_slice(content);
    keys.seal_ticket(session, purpose.as_str(), &plain, &mut rand::rng())
}

/// What [`seal`] sealed for the same purpose and session, and when.
pub(super) fn open(
    keys: &Keys,
    purpose: Purpose,
    session: SessionId,
    text: &str,
) -> Option<(Timestamp, Zeroizing<Vec<u8>>)> {
    let plain = keys.open_ticket(session, purpose.as_str(), text).ok()?;
    let (at, content) = plain.split_first_chunk::<8>()?;
    Some((Timestamp::from_millis(i64::from_be_bytes(*at)), Zeroizing::new(content.to_vec())))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::model::MasterKey;

    #[test]
    fn what_is_sealed_is_good_for_one_purpose_in_one_session() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let keys = Keys::derive(&MasterKey::random(&mut rng));
        let (mine, other) = (SessionId::random(&mut rng), SessionId::random(&mut rng));
        let at = Timestamp::from_millis(5);
        let text = seal(&keys, Purpose::Ticket, mine, at, b"x");
        assert_eq!(
            open(&keys, Purpose::Ticket, mine, &text).map(|(at, c)| (at, c.to_vec())),
            Some((at, b"x".to_vec()))
        );
        assert!(open(&keys, Purpose::Enrolment, mine, &text).is_none());
        assert!(open(&keys, Purpose::Ticket, other, &text).is_none());
        assert!(open(&keys, Purpose::Ticket, mine, text.get(1..).unwrap()).is_none());
        assert!(open(&keys, Purpose::Ticket, mine, "").is_none());
    }
}
