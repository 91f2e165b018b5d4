//! How a jar is written down while its login is pending (DESIGN R7). The caller encrypts it.

use zeroize::Zeroizing;

use super::{Jar, MAX_COOKIES, Sent, SetCookie, SetEntry};

/// The format's number, its first byte.
const VERSION: u8 = 1;

/// Bytes that are no jar of this version: the session's jar is lost, its owner logs in again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the parked cookies can't be read")]
pub struct InvalidParkedJar;

impl Jar {
    /// The jar as bytes: version, the sent cookies, then what was set. Numbers are 32 bits, little
    /// endian; every text follows its length.
    pub fn serialize(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(vec![VERSION]);
        put_length(&mut out, self.sent.len());
        for sent in &self.sent {
            put(&mut out, &sent.name);
            put(&mut out, &sent.value);
        }
        put_length(&mut out, self.set.len());
        for entry in &self.set {
            put(&mut out, entry.cookie.header());
            put(&mut out, &entry.path);
            out.push(u8::from(entry.deleted));
        }
        out
    }

    /// The jar that [`Jar::serialize`] wrote.
    ///
    /// # Errors
    /// When the bytes are anything else.
    pub fn deserialize(bytes: &[u8]) -> Result<Self, InvalidParkedJar> {
        let rest = &mut bytes.strip_prefix(&[VERSION]).ok_or(InvalidParkedJar)?;
        let mut jar = Self::default();
        for _ in 0..take_count(rest)? {
            let name = take(rest)?.to_vec();
            jar.sent.push(Sent { name, value: Zeroizing::new(take(rest)?.to_vec()) });
        }
        for _ in 0..take_count(rest)? {
            let cookie = SetCookie::parse(take(rest)?).ok_or(InvalidParkedJar)?;
            let path = take(rest)?.to_vec();
            let (flag, after) = rest.split_first().ok_or(InvalidParkedJar)?;
            *rest = after;
            let deleted = match flag {
                0 => false,
                1 => true,
                _ => return Err(InvalidParkedJar),
            };
            jar.set.push(SetEntry { cookie, path, deleted });
        }
        (rest.is_empty() && jar.bounded()).then_some(jar).ok_or(InvalidParkedJar)
    }
}

/// Lengths in a jar are far below 4 GiB; one that isn't couldn't be read back.
fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn put(out: &mut Vec<u8>, text: &[u8]) {
    put_length(out, text.len());
    out.extend_from_slice(text);
}

fn take_length(rest: &mut &[u8]) -> Result<usize, InvalidParkedJar> {
    let (length, after) = rest.split_first_chunk().ok_or(InvalidParkedJar)?;
    *rest = after;
    usize::try_from(u32::from_le_bytes(*length)).map_err(|_| InvalidParkedJar)
}

fn take_count(rest: &mut &[u8]) -> Result<usize, InvalidParkedJar> {
    take_length(rest).ok().filter(|count| *count <= MAX_COOKIES).ok_or(InvalidParkedJar)
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], InvalidParkedJar> {
    let length = take_length(rest)?;
    let (text, after) = rest.split_at_checked(length).ok_or(InvalidParkedJar)?;
    *rest = after;
    Ok(text)
}
