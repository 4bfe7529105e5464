//! Names of constants, turned back into numbers.

mod known;
mod more;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::plan::Plan;

/// FNV-1a: names are short, and hashing them is much of what a line costs.
#[derive(Clone, Copy)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A map whose keys are names.
pub type ByName<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

/// What is known by name.
#[derive(Debug, Default)]
pub struct Symbols {
    numbers: ByName<Box<[u8]>, i64>,
}

impl Symbols {
    /// The constants of the C library and of the kernel, and those that the plugins' tables name.
    pub fn new(plans: &[Plan]) -> Self {
        let mut numbers = ByName::default();
        for (name, number) in known::CONSTANTS.iter().chain(more::CONSTANTS) {
            numbers.insert(Box::from(name.as_bytes()), *number);
        }
        let columns = plans.iter().flat_map(|plan| &plan.call.columns);
        for bit in columns.flat_map(|column| &column.bits) {
            if !bit.name.is_empty() {
                let name = Box::from(bit.name.as_bytes());
                numbers.entry(name).or_insert((bit.value) as i64);
            }
        }
        Self { numbers }
    }

    /// The number of `name`.
    pub fn number(&self, name: &[u8]) -> Option<i64> {
        match self.numbers.get(name) {
            Some(number) => Some(*number),
            None => real_time(name.strip_prefix(b"SIG")?),
        }
    }

    /// The number of a signal, whose name lacks `SIG` in sets.
    pub fn signal(&self, name: &[u8]) -> Option<i64> {
        let mut full = [0; 16];
        full[..3].copy_from_slice(b"SIG");
        full.get_mut(3..3 + name.len())?.copy_from_slice(name);
        self.numbers.get(&full[..3 + name.len()]).copied().or_else(|| real_time(name))
    }
}

/// Real-time signals, counted from the first that the kernel has: `RTMIN` is 32, `RT_1` 33.
fn real_time(name: &[u8]) -> Option<i64> {
    const FIRST: i64 = 32;
    if name == b"RTMIN" {
        return Some(FIRST);
    }
    let number = std::str::from_utf8(name.strip_prefix(b"RT_")?).ok()?;
    let number: u8 = number.parse().ok()?;
    (number <= 32).then_some(FIRST + i64::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_kernels_numbers() {
        let symbols = Symbols::new(&[]);
        assert_eq!(symbols.number(b"O_CLOEXEC"), Some(libc::O_CLOEXEC.into()));
        assert_eq!(symbols.number(b"ENOENT"), Some(2));
        assert_eq!(symbols.number(b"AT_FDCWD"), Some(-100));
        assert_eq!(symbols.number(b"SIGRT_2"), Some(34));
        assert_eq!(symbols.number(b"NO_SUCH_NAME"), None);
        assert_eq!(symbols.signal(b"CHLD"), Some(libc::SIGCHLD.into()));
        assert_eq!(symbols.signal(b"RTMIN"), Some(32));
        assert_eq!(symbols.signal(b"A_NAME_THAT_IS_FAR_TOO_LONG"), None);
    }
}
