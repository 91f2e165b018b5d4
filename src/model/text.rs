//! 128 bits as text for a cookie, and their comparison.

use subtle::ConstantTimeEq;

/// Characters of 128 bits in unpadded URL-safe base 64.
pub const MAC_CHARS: usize = 22;

/// A MAC as it stands in a cookie: unpadded URL-safe base 64 (RFC 4648 §5).
///
/// Written with arithmetic only: a MAC that nobody has shown yet is a secret, and a look into a table
/// leaves its place in the cache. It's also several times as fast as a table, on every cookie that is
/// verified.
#[derive(Clone, Copy)]
pub struct MacText {
    /// The first 8 characters, the next 8, the last 6 (and two zeros), the first in the lowest byte.
    words: [u64; 3],
}

impl MacText {
    /// The text of a MAC.
    pub fn of(mac: u128) -> Self {
        let bits = mac.swap_bytes();
        let group = |shift: u32| (bits >> shift) as u64 & 0xffff_ffff_ffff;
        // The last 32 bits, with zeros behind them for 6 characters.
        let last = letters((bits as u64 & 0xffff_ffff) << 16) & 0xffff_ffff_ffff;
        Self { words: [letters(group(80)), letters(group(32)), last] }
    }

    /// The characters.
    pub fn chars(&self) -> [u8; MAC_CHARS] {
        let mut chars = [0; MAC_CHARS];
        for (place, word) in chars.chunks_mut(8).zip(self.words) {
            for (place, byte) in place.iter_mut().zip(word.to_le_bytes()) {
                *place = byte;
            }
        }
        chars
    }

    /// Whether `sent` is this text, in constant time.
    pub fn is(&self, sent: &[u8; MAC_CHARS]) -> bool {
        let [first, second, last] = self.words;
        let (Some((one, rest)), Some(end)) = (sent.split_first_chunk(), sent.last_chunk()) else { return false };
        let Some(two) = rest.first_chunk() else { return false };
        // The last eight characters overlap the second eight by two.
        let tail = second >> 48 | last << 16;
        let same = u64::from_le_bytes(*one).ct_eq(&first)
            & u64::from_le_bytes(*two).ct_eq(&second)
            & u64::from_le_bytes(*end).ct_eq(&tail);
        same.into()
    }
}

/// One in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;

/// The eight characters of 48 bits, the first in the lowest byte.
fn letters(bits: u64) -> u64 {
    // Six bits a byte: halves, then quarters, then eighths are spread out.
    let x = (bits & 0xffff_ff00_0000) << 8 | (bits & 0xff_ffff);
    let x = (x & 0x00ff_f000_00ff_f000) << 4 | (x & 0x0000_0fff_0000_0fff);
    let x = (x & 0x0fc0_0fc0_0fc0_0fc0) << 2 | (x & 0x003f_003f_003f_003f);
    let x = x.swap_bytes();
    // `A` to `Z`, `a` to `z`, `0` to `9`, `-`, `_`: each step that a value is past moves it on. No byte
    // runs over into the next.
    let past = |least: u64| ((x + (0x80 - least) * EACH) >> 7) & EACH;
    x + 65 * EACH + past(26) * 6 - past(52) * 75 - past(62) * 13 + past(63) * 49
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn it_is_base_64_and_nothing_else_is_it(mac in any::<u128>(), at in 0..MAC_CHARS, byte in any::<u8>()) {
            let text = MacText::of(mac);
            let chars = text.chars();
            let expected = URL_SAFE_NO_PAD.encode(mac.to_le_bytes());
            prop_assert_eq!(chars.as_slice(), expected.as_bytes());
            prop_assert!(text.is(&chars));
            let mut other = chars;
            other[at] = byte;
            prop_assert_eq!(text.is(&other), other == chars);
        }
    }

    #[test]
    fn every_letter_is_where_it_belongs() {
        for value in 0..64_u128 {
            let mac = (0..21).fold(0_u128, |bits, _| bits << 6 | value) << 2;
            let text = MacText::of(mac.swap_bytes()).chars();
            assert_eq!(text.as_slice(), URL_SAFE_NO_PAD.encode(mac.to_be_bytes()).as_bytes());
        }
    }
}
