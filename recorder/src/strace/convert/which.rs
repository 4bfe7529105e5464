//! Which record type a line's call becomes.

use crate::strace::capture::Registers;
use crate::strace::convert::{Converter, Pending};
use crate::strace::number::Values;
use crate::strace::shape::Shape;
use crate::strace::value::{Malformed, unsigned};

/// What strace puts before the number of a call that it has no name for, by age.
const NAMELESS: [&[u8]; 2] = [b"syscall_", b"SYS_"];

impl Converter<'_> {
    /// The plan and the kernel number of the call `name`, of which `text` is printed so far; none if it isn't
    /// recorded.
    ///
    /// # Errors
    /// The plan depends on the arguments, and these make no sense.
    pub(super) fn plan_of(
        &mut self,
        name: &[u8],
        text: &[u8],
    ) -> Result<Option<(usize, u32)>, Malformed> {
        let Some(number) = self.numbers.get(name).copied().or_else(|| nameless(name)) else {
            return Ok(None);
        };
        let deciding = self.plans.deciding(number.into());
        let mut plan = self.plans.by_number(number.into());
        if deciding != 0 {
            self.parse(text)?;
            let values = Values { text, tree: &self.tree, symbols: &self.symbols };
            let Registers { arguments, unseen, .. } = Registers::new(&Shape::default(), values);
            if unseen & deciding == 0 {
                plan = self.plans.of_call(number.into(), &arguments);
            }
        }
        Ok(plan.map(|plan| (plan, number)))
    }

    /// Whether the call can wait for what others do.
    pub fn may_wait(&self, pending: &Pending) -> bool {
        pending.plan.is_some_and(|(plan, _)| self.plans.plan(plan).call.blocks)
    }

    /// Whether strace prints all of the call when it is entered: the kernel fills in nothing.
    pub fn is_printed_before(&self, pending: &Pending) -> bool {
        pending.plan.is_some_and(|(plan, _)| self.plans.plan(plan).exit.is_empty())
    }
}

/// The number in a name that strace made up: `syscall_0x1c4`, `syscall_452`.
fn nameless(name: &[u8]) -> Option<u32> {
    let number = NAMELESS.iter().find_map(|before| name.strip_prefix(*before))?;
    u32::try_from(unsigned(number)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_without_a_name_tell_their_number() {
        assert_eq!(nameless(b"syscall_0x1c4"), Some(452));
        assert_eq!(nameless(b"syscall_452"), Some(452));
        assert_eq!(nameless(b"SYS_452"), Some(452));
        assert_eq!(nameless(b"read"), None);
        assert_eq!(nameless(b"syscall_0x1ffffffff"), None);
    }
}
