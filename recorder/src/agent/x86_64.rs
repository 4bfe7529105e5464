//! All that is particular to x86-64.
//!
//! What another architecture would have to provide, with the same names:
//!
//! * [`hook`]: the code that runs in the program, its labels, and the layout of the words that it shares
//!   with the recorder; it makes a call, copies what the table says, publishes a record, and leaves all
//!   registers as the kernel would;
//! * [`ticks`]: the clock that the hook reads;
//! * [`sites`] and [`stubs`]: which system-call instructions may be replaced, by what, and which place
//!   in a stub stands for which place in the program;
//! * [`registers`]: where a stopped thread stands in the hook, how to take it out of there, and how it finds its area;
//! * [`supervised`]: which calls change what the hook stands on;
//! * [`remote`]: a call made by a stopped thread on the tracer's behalf.

pub mod hook;
pub mod registers;
pub mod remote;
pub mod sites;
pub mod stubs;
pub mod supervised;

/// The time stamp counter.
pub fn ticks() -> u64 {
    // SAFETY: every processor that this is built for has the instruction.
    unsafe { core::arch::x86_64::_rdtsc() }
}
