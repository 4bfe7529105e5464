//! Traces of strace's output.
//!
//! ```text
//!  log
//!    │  input             lines, and which of them is next where there are several logs
//!    ▼  line              who, when, and what kind of line it is
//!    ▼  value             the arguments as a tree of values
//!    ▼  result            what the call returned
//!    ▼  convert           per task: in which call it is; order ids                    → Event
//!    │    capture         registers, and what the declaration's fetches would have copied
//!    │      memory        the program's memory, as far as the line shows it
//!    ▼  pipeline          the recorder's own, from here on                            → foo.ds
//! ```
//!
//! So a call becomes a record by the declaration of its plugin, as with a recorder that stops the program: the
//! fetches are made from memory that is laid out from what strace printed. Nothing here names a system call.
//! What the text doesn't tell is left out, and counted.

pub mod advice;
mod capture;
mod clock;
mod convert;
mod counts;
mod input;
mod layout;
mod line;
mod log;
mod memory;
mod merge;
mod number;
mod result;
mod shape;
mod symbols;
mod value;

pub use counts::Counts;
pub use log::{Conversion, ConvertError, Options, convert, events};
