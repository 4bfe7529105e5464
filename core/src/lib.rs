//! Loads plugins, and replays the system calls of a trace through them.
//!
//! The path of a row:
//!
//! ```text
//!  foo.ds
//!    │  dataseries          header, types, index; checked, decompressed, unpacked           → Extent
//!    ▼  trace               merges all extents by unique_id, folds the rows of one call     → Record
//!    ▼  registry, loader    extent type → plugin, loaded when it is first asked for         → Call
//!    ▼  replay              per traced task a thread, each record when its turn has come
//!    ▼    the plugin        makes the call again                                            → Outcome
//!    ▼  verify              recorded and replayed side by side                              → Divergence
//!    ▼  report, results     counted, told, timed                                            → exit status
//! ```
//!
//! Nothing here names a system call: what a call does to its process, a plugin's declaration says.

pub mod cli;
pub mod command_line;
pub mod crash;
mod digest;
pub mod dry_run;
pub mod dstool;
mod follow;
pub mod guard;
pub mod loader;
pub mod manifest;
pub mod misdeed;
pub mod own_memory;
pub mod pattern;
pub mod place;
pub mod plugins;
pub mod prepare;
pub mod quantity;
pub mod record;
pub mod registry;
pub mod replay;
pub mod report;
pub mod results;
pub mod settings;
pub mod show;
pub mod side_by_side;
pub mod snapshot;
pub mod tolerate;
pub mod trace;
pub mod verify;
