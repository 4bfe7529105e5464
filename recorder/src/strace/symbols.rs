//! Names of constants, turned back into numbers.

mod known;
mod more;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

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
    of_plugins: ByName<Box<[u8]>, i64>,
}

/// The constants of the C library and of the kernel.
fn known() -> &'static ByName<&'static [u8], i64> {
    static KNOWN: OnceLock<ByName<&'static [u8], i64>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let constants = known::CONSTANTS.iter().chain(more::CONSTANTS);
        constants.map(|(name, number)| (name.as_bytes(), *number)).collect()
    })
}

impl Symbols {
    /// The constants of the C library and of the kernel, and those that the plugins' tables name.
    pub fn new(plans: &[Plan]) -> Self {
        let mut of_plugins = ByName::default();
        let columns = plans.iter().flat_map(|plan| &plan.call.columns);
        for bit in columns.flat_map(|column| &column.bits) {
            if !bit.name.is_empty() && !known().contains_key(bit.name.as_bytes()) {
                let name = Box::from(bit.name.as_bytes());
                of_plugins.entry(name).or_insert((bit.value) as i64);
            }
        }
        Self { of_plugins }
    }

    fn by_name(&self, name: &[u8]) -> Option<i64> {
        known().get(name).or_else(|| self.of_plugins.get(name)).copied()
    }

    /// The number of `name`.
    pub fn number(&self, name: &[u8]) -> Option<i64> {
        self.by_name(name).or_else(|| real_time(name.strip_prefix(b"SIG")?))
    }

    /// The number of a signal, whose name lacks `SIG` in sets.
    pub fn signal(&self, name: &[u8]) -> Option<i64> {
        let mut full = [0; 16];
        full[..3].copy_from_slice(b"SIG");
        full.get_mut(3..3 + name.len())?.copy_from_slice(name);
        self.by_name(&full[..3 + name.len()]).or_else(|| real_time(name))
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
