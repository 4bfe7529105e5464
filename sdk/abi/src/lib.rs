//! What crosses between a host (the recorder, the replayer) and a plugin, and nothing else.
//!
//! Three kinds of type live here:
//!
//! * [`Header`]: plain bytes that a host reads from the file, before any of the plugin's code can run;
//! * declarations ([`Call`], [`Column`], [`Fetch`]): what a plugin knows of a system call, as data;
//! * the running side ([`Record`], [`Host`], [`Outcome`]): a row going in, the kernel's answer coming out.
//!
//! Every set that may grow is an integer with named values, so that an older host can meet a newer
//! value and refuse just what it doesn't know. Only fields at the end of [`Module`], [`Call`] and
//! [`Host`] may ever be added; everything else is fixed for this major version. Sizes and offsets
//! are pinned by this crate's tests. `docs/plugin-abi.md` has the policy.
//!
//! A plugin comes in one of three ways: as a library of its own with a described layout ([`Exported`]), in
//! plain C ([`PlainEntry`]), or as a stub whose code is in a library of several ([`Code`], [`Parts`]).
//!
//! This crate must not know rows of a particular call, files, threads or processes.

mod declaration;
mod header;
mod options;
mod parts;
mod plain;
mod running;
mod values;

pub use abi_stable;
pub use declaration::{
    Bit, Call, CallRef, Column, Condition, Fetch, Item, List, Module, ModuleRef, Place, RowRule,
    Source, Text,
};
pub use header::{
    ABI_MAJOR, ABI_MINOR, Exported, HEADER_SYMBOL, Header, MAGIC, MODULE_SYMBOL, SCHEMA_MAJOR,
    SCHEMA_MINOR, flag,
};
pub use options::{OptionDeclaration, OptionValue, option};
pub use parts::{CODE_SYMBOL, Code, PARTS_SYMBOL, Part, Parts};
pub use plain::{About, PLAIN_SYMBOL, PlainEntry, PlainModule};
pub use running::{
    CHILD_SHARES_FILES, CHILD_SHARES_FS, CHILD_SHARES_MEMORY, CHILD_SHARES_THREAD_GROUP, DIVERGED,
    Event, Fetched, Host, HostRef, Outcome, Record, Row, RowSink, Slot, fd, log, status, want,
};
pub use values::{
    changes, compare, condition, display, effect, fetch, item, kind, partly, place, returns, role,
    rows, source, start,
};
