//! All that is particular to x86-64.
//!
//! What another architecture would have to provide, with the same names:
//!
//! * [`hook`]: the code that runs in the program, its labels, and the layout of the words that it shares
//!   with the recorder; it makes a call, copies what the table says, publishes a record, and leaves all
//!   registers as the kernel would;
//! * [`sites`] and [`stubs`]: which system-call instructions may be replaced, by what, and which place
//!   in a stub stands for which place in the program;
//! * [`registers`]: where a stopped thread stands in the hook, and how to take it out of there;
//! * [`supervised`]: which calls change what the hook stands on;
//! * [`remote`]: a call made by a stopped thread on the tracer's behalf.

pub mod hook;
pub mod registers;
pub mod remote;
pub mod sites;
pub mod stubs;
pub mod supervised;
