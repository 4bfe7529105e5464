//! Record types as the hosts see them.
//!
//! A plugin hands over its declaration as plain C structures. Here they become types of our own, once
//! and checked ([`Call`]); the type of an extent is made of them ([`extent_type`]); and a column's value
//! is computed from what was seen of a call ([`Observed`]), whether a recorder saw the program make it
//! or a replayer made it again.
//!
//! The columns that every call has in common are in [`common`], the record types that belong to the
//! trace and to no call in [`added`].
//!
//! This crate must not know plugins' files, traces' files or any system call.

pub mod added;
mod call;
mod claim;
pub mod common;
mod elements;
mod observed;
mod words;
mod xml;

pub use call::{
    Bit, Call, Changes, Column, Condition, Display, Field, Kind, Returns, Role, RowRule, Source,
    Touch,
};
pub use call::{DeclarationError, EncodeFn, Fetch, LastWordsFn, Op, ReplayFn};
pub use claim::{Claimed, Selector};
pub use elements::{Element, Elements, NOT_COPIED};
pub use observed::{Observed, Value};
pub use xml::{extent_type, field_id};

/// What the name of every call's extent type begins with.
pub const PREFIX: &str = "IOTTAFSL::Trace::Syscall::";

/// The namespace of the record types.
pub const NAMESPACE: &str = "iotta.snia.org";
