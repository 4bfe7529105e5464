//! Equal strings that share one entry of the pool (`pack_unique`, FORMAT.md §9).

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;
use std::hash::RandomState;

use crate::pool;

/// The entries of a pool that unique columns made.
#[derive(Debug, Default)]
pub(crate) struct SharedValues {
    // Values come from outside, so their hash has a random key.
    hash: RandomState,
    offsets: HashMap<u64, usize, BuildHasherDefault<AlreadyHashed>>,
}

impl SharedValues {
    pub fn clear(&mut self) {
        self.offsets.clear();
    }

    /// Offset of an entry with this value: an earlier one, or one that is appended now.
    pub fn append(&mut self, pool: &mut Vec<u8>, value: &[u8]) -> usize {
        if value.is_empty() {
            return 0;
        }
        let key = self.hash.hash_one(value);
        if let Some(&offset) = self.offsets.get(&key)
            && pool::value(pool, offset) == Some(value)
        {
            return offset;
        }
        let offset = pool::append(pool, value);
        self.offsets.insert(key, offset);
        offset
    }
}

/// Passes a number through that is a hash already.
#[derive(Debug, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 keys are hashed");
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_an_entry() {
        let mut pool = vec![0; pool::POOL_START];
        let mut shared = SharedValues::default();
        let first = shared.append(&mut pool, b"root");
        let other = shared.append(&mut pool, b"swapper");
        assert_eq!((first, other), (4, 12));
        assert_eq!(shared.append(&mut pool, b"root"), first);
        assert_eq!(shared.append(&mut pool, b""), 0);
        shared.clear();
        assert_ne!(shared.append(&mut pool, b"root"), first);
    }
}
