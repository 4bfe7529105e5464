//! All that the author of a plugin imports.
//!
//! A plugin says three things about a system call, once: its columns, where a recorder finds their
//! values, and how a replay makes the call again. All three are one struct:
//!
//! ```
//! use sdk::prelude::*;
//!
//! #[derive(Record, Replay)]
//! #[record(syscall = "pread64", extent = "pread")]
//! pub struct Pread64<'t> {
//!     #[arg(0)]
//!     descriptor: Fd,
//!     #[output(1, length = 2)]
//!     data_read: Option<&'t [u8]>,
//!     #[arg(2)]
//!     bytes_requested: i64,
//!     #[arg(3)]
//!     offset: i64,
//! }
//!
//! export_plugin!(Pread64);
//! # fn main() {}
//! ```
//!
//! * [`macro@Record`] makes the declaration from the struct: names, types and nullability of the
//!   columns, and what a recorder has to copy from the program.
//! * [`macro@Replay`] makes the call again from the same attributes. Where that isn't the whole story,
//!   write `impl Replay` yourself, with the [`Process`] at hand.
//! * [`export_plugin!`] puts both into the library.
//!
//! This crate must not know files, threads, traces or the hosts.

// The derives name this crate, and its own tests use them too.
extern crate self as sdk;

pub mod aio;
pub mod bits;
pub mod control;
mod credentials;
pub mod declare;
pub mod direct;
pub mod directory;
pub mod export;
pub mod group;
mod lock;
pub mod network;
pub mod options;
mod outcome;
mod own;
mod pidfd;
pub mod pipe;
mod process;
pub mod readiness;
mod record;
pub mod socket;
pub mod stream;
pub mod sys;
pub mod testing;
pub mod value;
pub mod xattr;

pub use abi;
pub use libc;
pub use options::{NoOptions, Options};
pub use outcome::{Errno, Recorded, Replayed, Skip};
pub use process::{Memory, Process, Shares};
pub use record::{Declared, Element, Elements, EncodeFn, Fields, Record, Replay, Rows};
pub use replay_sdk_derive::{Element, Options, Record, Replay};
pub use value::{
    Argument, Cell, ClosedFd, DirFd, Fd, NewFd, NewPipe, Number, Path, Task, Tfrac, Value,
};

/// What a plugin's file needs in scope.
pub mod prelude {
    pub use crate::declare::{arg, ret};
    pub use crate::{
        ClosedFd, DirFd, Element, Errno, Fd, NewFd, NewPipe, Options, Path, Process, Record,
        Replay, Replayed, Rows, Shares, Skip, Task, Tfrac, bits, export_plugin, group, sys,
    };
    pub use libc;
}
