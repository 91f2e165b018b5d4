//! How panels read the names of fields.
//!
//! PHP trims leading spaces, cuts at NUL, turns `.`, space and an unclosed `[` into `_`, and reads
//! `a[b]` as an array; ASP.NET ignores case; Rack, qs and others have brackets of their own. Two
//! names *meet* if any of these readings makes them one, or one a part of the other.

/// Most brackets in a name that all panels read alike. PHP drops the *whole* array when a name goes
/// deeper than 64, whatever else was read into it; qs stops at 5, but keeps the rest.
const MAX_DEPTH: usize = 32;

/// Whether some panel could take the parameter `name` (decoded) for the field `wanted`, or for an
/// array that `wanted` is or lies in.
pub(super) fn meets(name: &[u8], wanted: &str) -> bool {
    let wanted = wanted.as_bytes();
    // The usual case: both are nothing but letters and digits, and can only differ in case.
    if is_plain(name) && is_plain(wanted) {
        return name.eq_ignore_ascii_case(wanted);
    }
    meets_somehow(name, wanted)
}

/// [`meets`] with every reading that there is.
fn meets_somehow(name: &[u8], wanted: &[u8]) -> bool {
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    // PHP's own server takes `/x??name=` for `/x?name=`.
    let start = name.iter().position(|byte| *byte > b' ' && *byte != b'?').unwrap_or(name.len());
    let name = name.get(start..).unwrap_or_default();
    if same(name, wanted) {
        return true;
    }
    let (base, keys) = split(name);
    let (wanted_base, wanted_keys) = split(wanted);
    same(base, wanted_base)
        && (count(keys, b'[') > MAX_DEPTH
            || bracketed(keys)
                .zip(bracketed(wanted_keys))
                .all(|(key, wanted)| key.is_empty() || wanted.is_empty() || same(key, wanted)))
}

/// Whether a name has nothing in it but letters, digits, `_` and `-`: nobody reads it in another way
/// than it's written, but for its case.
pub(crate) fn is_plain(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().fold(true, |plain, b| plain & is_plain_letter(*b))
}

/// Whether a byte is a letter, a digit, `_` or `-`.
pub(crate) fn is_plain_letter(b: u8) -> bool {
    // A look into a table: this is asked for every letter of every cookie's name.
    PLAIN.get(usize::from(b)).copied().unwrap_or(false)
}

/// How many of the first bytes are [plain letters](is_plain_letter).
pub(crate) fn plain_start(text: &[u8]) -> usize {
    let mut rest = text;
    // Eight at a time: bytes below 128 compare by the carry into their highest bit.
    while let Some((eight, after)) = rest.split_first_chunk() {
        let eight = u64::from_le_bytes(*eight);
        let ascii = eight & !HIGHS;
        let lower = ascii | (0x20 * EACH);
        let from = |word: u64, least: u8| word + u64::from(0x80 - least) * EACH;
        let is = |letter: u8| !((ascii ^ (u64::from(letter) * EACH)) + 0x7f * EACH);
        let letter = from(lower, b'a') & !from(lower, b'z' + 1);
        let digit = from(ascii, b'0') & !from(ascii, b'9' + 1);
        let plain = (letter | digit | is(b'_') | is(b'-')) & !eight & HIGHS;
        let odd = plain ^ HIGHS;
        if odd != 0 {
            return text.len() - rest.len() + (odd.trailing_zeros() / 8) as usize;
        }
        rest = after;
    }
    text.len() - rest.len() + rest.iter().take_while(|b| is_plain_letter(**b)).count()
}

/// One in each byte, and the highest bit of each.
const EACH: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x80 * EACH;

const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        #[expect(clippy::indexing_slicing, reason = "a byte is less than 256, and it's the compiler who runs this")]
        {
            plain[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        }
        byte += 1;
    }
    plain
};

/// Whether two names without structure can be one.
fn same(name: &[u8], wanted: &[u8]) -> bool {
    let loose = |text: &[u8]| {
        text.iter()
            .filter(|byte| **byte != b']')
            .map(|byte| match byte {
                b' ' | b'.' | b'[' => b'_',
                other => other.to_ascii_lowercase(),
            })
            .collect::<Vec<_>>()
    };
    // Most names differ in length or in their first letter: nothing is copied for these.
    if name == wanted {
        return true;
    }
    if name.len() < wanted.len().saturating_sub(count(wanted, b']')) || !first_can_match(name, wanted) {
        return false;
    }
    let wanted = loose(wanted);
    loose(name) == wanted || loose(name.trim_ascii_end()) == wanted
}

fn count(text: &[u8], byte: u8) -> usize {
    text.iter().filter(|found| **found == byte).count()
}

fn first_can_match(name: &[u8], wanted: &[u8]) -> bool {
    match (name.first(), wanted.first()) {
        (Some(name), Some(wanted)) if wanted.is_ascii_alphabetic() => {
            name.eq_ignore_ascii_case(wanted) || *name == b']'
        }
        _ => true,
    }
}

/// A name's part before its first bracket, and the rest.
fn split(name: &[u8]) -> (&[u8], &[u8]) {
    match name.iter().position(|byte| *byte == b'[') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, &[]),
    }
}

/// The keys of `[a][b]`; what follows the last closed bracket counts for nothing.
fn bracketed(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let inside = rest.strip_prefix(b"[")?;
        let end = inside.iter().position(|byte| *byte == b']')?;
        let (key, after) = inside.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        Some(key.trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{is_plain_letter, meets, meets_somehow, plain_start};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn r10_the_short_way_says_what_the_long_one_says(
            name in "[aAbB_.\\[\\] ?-]{0,5}", wanted in "[aAbB_.\\[\\]-]{0,4}",
        ) {
            prop_assert_eq!(meets(name.as_bytes(), &wanted), meets_somehow(name.as_bytes(), wanted.as_bytes()));
        }
    }

    #[test]
    fn eight_letters_at_a_time_say_what_one_says() {
        for byte in 0..=255 {
            for at in 0..20 {
                let mut text = *b"aZ0_-9zA_mM5-xYqb7Kj";
                text[at] = byte;
                let expected = if is_plain_letter(byte) { text.len() } else { at };
                assert_eq!(plain_start(&text), expected, "{byte} at {at}");
            }
        }
    }

    #[test]
    fn r10_every_spelling_of_a_field_meets_it() {
        let table: &[(&str, &[&[u8]])] = &[
            (
                "username",
                &[
                    b"username",
                    b"  username",
                    b"username ",
                    b"\tusername",
                    b"?username",
                    b"username\0x",
                    b" username\0[",
                    b"username[]",
                    b"username[",
                    b"username[a][b]",
                    b"username[a",
                    b"USERNAME",
                    b"UserName[x]",
                ],
            ),
            ("user_name", &[b"user.name", b"user name", b"user[name", b"USER.name[]", b" user_name"]),
            (
                "login[user]",
                &[
                    b"login[user]",
                    b"login[user]x",
                    b"login",
                    b"login[]",
                    b"login[user][]",
                    b"login[User]",
                    b"login.user",
                    b"login[ user ]",
                    b" login[user]",
                ],
            ),
            ("user.name", &[b"user_name", b"user.name", b"user name[]"]),
        ];
        for (wanted, names) in table {
            for name in *names {
                assert!(meets(name, wanted), "{} {wanted}", name.escape_ascii());
            }
        }
    }

    #[test]
    fn a_name_so_deep_that_php_drops_its_array_meets_all_of_it() {
        let deep = [b"login[pass]".as_slice(), &b"[k]".repeat(64)].concat();
        assert!(meets(&deep, "login[user]"));
        assert!(!meets(&deep, "other[user]"));
    }

    #[test]
    fn other_fields_do_not_meet_it() {
        let table: &[(&str, &[&[u8]])] = &[
            ("username", &[b"user", b"usernames", b"xusername", b"", b"[username]", b"\0username", b"password"]),
            ("login[user]", &[b"login[pass]", b"login[pass][user]", b"user", b"login2[user]"]),
            ("u", &[b"p", b"uu", b"id", b"u2[u]"]),
        ];
        for (wanted, names) in table {
            for name in *names {
                assert!(!meets(name, wanted), "{} {wanted}", name.escape_ascii());
            }
        }
    }
}
