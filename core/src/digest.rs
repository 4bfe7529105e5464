//! Digests of long values, by which a recorded value is found to be equal to a replayed one.
//!
//! Whoever reads a trace has its values in its own processor's cache, and whoever makes a call has what the
//! kernel returned in its own. Comparing them byte by byte would carry every recorded byte from one to the other, which
//! takes longer than the call; two digests are sixteen bytes. Only where digests differ are the values themselves looked
//! at.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use twox_hash::XxHash3_128;

/// A value's digest. Two different values have the same one with a probability of 2⁻¹²⁸, and nobody who writes a trace
/// can bring that about: the hash is keyed anew in each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u128);

/// Values below this many bytes are compared themselves.
const LEAST: usize = 512;

/// What this run's digests are keyed with.
static KEY: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(LEAST));

impl Digest {
    /// The digest of `bytes`; none if they are so few that it isn't worth while.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= LEAST).then(|| Self(XxHash3_128::oneshot_with_seed(*KEY, bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_differs_in_one_bit_or_in_length_has_another_digest() {
        let value = vec![7; 4096];
        let digest = Digest::of(&value);
        assert!(digest.is_some());
        assert_eq!(digest, Digest::of(&value.clone()));
        assert_ne!(digest, Digest::of(&value[..4095]));
        for at in [0, 511, 2048, 4095] {
            let mut other = value.clone();
            other[at] ^= 0x10;
            assert_ne!(digest, Digest::of(&other), "byte {at}");
        }
    }

    #[test]
    fn short_values_have_none() {
        assert_eq!(Digest::of(&[0; LEAST - 1]), None);
        assert!(Digest::of(&[0; LEAST]).is_some());
    }
}
