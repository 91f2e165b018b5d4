//! Backup codes: ten of them, for logins without the app (b72).

use std::fmt;

use rand::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Codes of a set (b72).
pub const CODES: u8 = 10;
/// How many are left when their owner is told to renew them.
pub const FEW: u32 = 2;

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Random characters of a code, five bits each: 70 bits (DESIGN §4: at least 64).
const RANDOM: usize = 14;
/// All characters: its number in the set, the random ones, a check.
pub const LENGTH: usize = 1 + RANDOM + 1;

/// One backup code: `1A2B-3C4D-5E6F-7G8H`. The first character is its number in the set, which says
/// which hash to compare with; the last one is a check, so that a slip of the pen isn't a wrong try.
/// Wiped when dropped, not printable.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BackupCode([u8; LENGTH]);

/// Why a typed text isn't a backup code. Neither says anything about the codes that there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotABackupCode {
    /// It hasn't sixteen letters and digits.
    #[error("not sixteen letters and digits")]
    Shape,
    /// One character or more is misread: the check doesn't fit.
    #[error("a character is misread")]
    Misread,
}

impl BackupCode {
    /// A fresh one, number `slot` of its set.
    pub fn random(slot: u8, rng: &mut impl CryptoRng) -> Self {
        let mut values = [0; LENGTH];
        let mut random = [0; RANDOM];
        rng.fill_bytes(&mut random);
        let own = std::iter::once(slot % 32).chain(random.iter().map(|byte| byte % 32));
        for (place, value) in values.iter_mut().zip(own) {
            *place = value;
        }
        random.zeroize();
        let check = check_of(&values);
        if let Some(last) = values.last_mut() {
            *last = check;
        }
        Self(values)
    }

    /// A whole set.
    pub fn set(rng: &mut impl CryptoRng) -> Vec<Self> {
        (0..CODES).map(|slot| Self::random(slot, rng)).collect()
    }

    /// What somebody typed or pasted: any case, spaces and hyphens anywhere, `O` for `0`, `I` or `L`
    /// for `1`.
    ///
    /// # Errors
    /// When it can't be one.
    pub fn parse(text: &str) -> Result<Self, NotABackupCode> {
        let mut values = [0; LENGTH];
        let mut length = 0;
        for c in text.chars().take(64).filter(|c| !c.is_whitespace() && !is_hyphen(*c)) {
            let upper = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let value = ALPHABET.iter().position(|a| char::from(*a) == upper).ok_or(NotABackupCode::Shape)?;
            *values.get_mut(length).ok_or(NotABackupCode::Shape)? =
                u8::try_from(value).map_err(|_| NotABackupCode::Shape)?;
            length += 1;
        }
        if length != LENGTH {
            return Err(NotABackupCode::Shape);
        }
        let code = Self(values);
        if code.0.last() == Some(&check_of(&code.0)) { Ok(code) } else { Err(NotABackupCode::Misread) }
    }

    /// Its number in the set.
    pub fn slot(&self) -> u8 {
        self.0.first().copied().unwrap_or_default()
    }

    /// What is hashed: its characters without hyphens.
    pub fn secret(&self) -> zeroize::Zeroizing<Vec<u8>> {
        zeroize::Zeroizing::new(self.letters().collect())
    }

    /// The code for its owner, in groups of four.
    pub fn expose(&self) -> String {
        let mut text = String::with_capacity(LENGTH + 3);
        for (at, letter) in self.letters().enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(letter));
        }
        text
    }

    fn letters(&self) -> impl Iterator<Item = u8> {
        self.0.iter().map(|value| ALPHABET.get(usize::from(*value)).copied().unwrap_or(b'0'))
    }
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}')
}

/// The check over all but the last character: weights are odd, thus every single misread character is
/// found, and neighbours have different ones, thus nearly every pair that changed places.
fn check_of(values: &[u8; LENGTH]) -> u8 {
    let sum: u32 =
        values.iter().take(LENGTH - 1).zip(0_u32..).map(|(value, at)| u32::from(*value) * (2 * at + 1)).sum();
    u8::try_from(sum % 32).unwrap_or_default()
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn b72_a_set_is_ten_different_codes_in_groups_of_four() {
        let set = BackupCode::set(&mut ChaCha20Rng::seed_from_u64(3));
        assert_eq!(set.len(), 10);
        for (slot, code) in set.iter().enumerate() {
            let text = code.expose();
            assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4], "{text}");
            assert_eq!(usize::from(code.slot()), slot);
            assert_eq!(code.secret().len(), 16);
            assert!(set.iter().filter(|other| other.expose() == text).count() == 1);
            assert_eq!(format!("{code:?}"), "BackupCode(…)");
        }
    }

    #[test]
    fn a_code_is_read_as_people_copy_it() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        for _ in 0..100 {
            let code = BackupCode::random(7, &mut rng);
            let shown = code.expose();
            for typed in [
                shown.clone(),
                shown.to_lowercase(),
                shown.replace('-', " "),
                shown.replace('-', ""),
                shown.replace('0', "o").replace('1', "l"),
                shown.replace('-', " – "),
                format!("  {shown}\n"),
            ] {
                assert_eq!(BackupCode::parse(&typed).as_ref(), Ok(&code), "{typed}");
            }
        }
        for typed in ["", "123456", "7K2M-Q9XD", "U234-5678-9012-3456", "1234-5678-9012-3456-7"] {
            assert_eq!(BackupCode::parse(typed), Err(NotABackupCode::Shape), "{typed}");
        }
    }

    #[test]
    fn a_misread_character_is_not_a_wrong_try() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let code = BackupCode::random(3, &mut rng);
        for at in 0..LENGTH {
            for value in 0..32 {
                let mut misread = code.clone();
                if misread.0[at] != value {
                    misread.0[at] = value;
                    assert_eq!(BackupCode::parse(&misread.expose()), Err(NotABackupCode::Misread), "{at} {value}");
                }
            }
        }
    }
}
