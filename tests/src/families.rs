//! Programs that make every call of a family, with flags, edge values and threads: succeeding, and failing. The
//! program `family` runs one of them; tests record it.
//!
//! They make raw calls, so that what is recorded is what stands here and not what a C library makes of it.

#[macro_use]
mod make;

mod credentials;
mod descriptors;
mod files;
mod ipc;
mod machine;
mod memory;
mod metadata;
mod names;
mod processes;
pub mod recorded;
mod signals;
mod sockets;
mod task;

use std::ffi::{CString, c_long};

/// Calls that belong together.
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// Calls that it makes with success and with failure.
    pub both: &'static str,
    /// Calls that it makes with success only: there is no failing, or not here.
    pub succeeds: &'static str,
    /// Calls that it makes with failure only: success would change the machine, or needs one of its own.
    pub fails: &'static str,
    run: fn(),
}

/// All of them.
pub const ALL: &[Family] = &[
    files::FAMILY,
    names::FAMILY,
    metadata::FAMILY,
    descriptors::FAMILY,
    sockets::FAMILY,
    processes::FAMILY,
    task::FAMILY,
    credentials::FAMILY,
    signals::FAMILY,
    memory::FAMILY,
    ipc::FAMILY,
    machine::FAMILY,
];

impl Family {
    /// The family called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|family| family.name == name)
    }

    /// Makes its calls in the working directory, which is empty. What comes before its first prctl(2) is the
    /// loader's.
    pub fn run(&self) {
        let name = CString::new(self.name).expect("no NUL in a name");
        works!(SYS_prctl, libc::PR_SET_NAME, name.as_ptr());
        (self.run)();
    }

    /// The calls that it makes, each with whether it succeeds and whether it fails.
    pub fn calls(&self) -> impl Iterator<Item = (&'static str, bool, bool)> {
        let each = |names: &'static str, succeeds, fails| {
            names.split_ascii_whitespace().map(move |name| (name, succeeds, fails))
        };
        let (both, succeeds) = (each(self.both, true, true), each(self.succeeds, true, false));
        both.chain(succeeds).chain(each(self.fails, false, true))
    }
}

/// An address where there is no memory.
const NOWHERE: usize = 8;

/// A descriptor that isn't open, and never was.
const CLOSED: i32 = 999;

/// A descriptor or id that can't be.
const NONE: i32 = -1;

/// Makes call `number` with `words`: memory of the family's own, as long as the call is told, or addresses
/// where there is none.
fn raw(number: c_long, words: &[usize]) -> Result<i64, i32> {
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    // SAFETY: the callers, which are the families alone, pass what is said above.
    let returned =
        unsafe { libc::syscall(number, word(0), word(1), word(2), word(3), word(4), word(5)) };
    match returned {
        // SAFETY: the location is this thread's own and always valid.
        -1 => Err(unsafe { *libc::__errno_location() }),
        value => Ok(value),
    }
}
