//! Records the system calls of a program into a DataSeries file.
//!
//! The path of a capture:
//!
//! ```text
//!  program
//!    │  spawn, ptrace        stops at each call's entry and exit
//!    ▼  tracer               per tracee: in which call it is                     → Event
//!    │    memory             copies what the plugin's declaration names
//!    ▼  pipeline             batches of events, bounded queues
//!    ▼  encode               a column's value from what was seen of the call     → rows
//!    ▼  sink                 extents, compressed, in the order they came         → foo.ds
//! ```
//!
//! What is captured of a call, and how it becomes columns, is the plugin's to say, as data: nothing here
//! names a system call. This crate must not know replay.

pub mod affinity;
#[cfg(all(target_arch = "x86_64", not(feature = "ptrace-only")))]
pub mod agent;
#[cfg(any(not(target_arch = "x86_64"), feature = "ptrace-only"))]
#[path = "agent/absent.rs"]
pub mod agent;
pub mod attach;
pub mod backend;
pub mod clock;
pub mod compressor;
pub mod encode;
pub mod event;
pub mod feed;
pub mod files;
pub mod filter;
pub mod info;
pub mod inherited;
pub mod mapped;
pub mod memory;
pub mod output;
pub mod own_rows;
pub mod paths;
pub mod payload;
pub mod pipeline;
pub mod plan;
pub mod ptrace;
pub mod record;
pub mod select;
pub mod signals;
pub mod sink;
pub mod snapshot;
pub mod spawn;
pub mod state;
pub mod strace;
pub mod ticks;
pub mod tracer;
