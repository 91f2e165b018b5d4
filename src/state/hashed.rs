//! A map's hash for keys that are hashes already.

use std::hash::{BuildHasher, Hasher};

/// Takes a key's first eight bytes for its hash.
///
/// For keys that are keyed hashes themselves (session tokens, claims): they're uniform, and nobody
/// without the gate's keys can choose them to collide.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlreadyHashed;

/// The first bytes of one key.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstBytes(u64);

impl BuildHasher for AlreadyHashed {
    type Hasher = FirstBytes;

    fn build_hasher(&self) -> FirstBytes {
        FirstBytes::default()
    }
}

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    /// A slice's length comes first, and says nothing.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClaimKey;

    #[test]
    fn a_keys_own_bytes_are_its_hash() {
        let mut bytes = [9; 16];
        bytes[..8].copy_from_slice(&0x0102_0304_0506_0708_u64.to_le_bytes());
        assert_eq!(AlreadyHashed.hash_one(ClaimKey::from_bytes(bytes)), 0x0102_0304_0506_0708);
    }
}
