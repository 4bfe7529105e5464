//! Rows that a plugin writes itself.
//!
//! They are put aside until the plugin has returned, and taken only if all of them are as it declared. What
//! a plugin does wrong is counted and kept under its name; the call is then recorded as if the plugin had
//! left the rows to us.

mod apart;
mod sink;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dataseries::FieldKind;
use replay_core::guard::OwnDescriptors;
use replay_core::misdeed::Misdeed as Beside;
use replay_schema::{Call, EncodeFn};

use apart::Apart;

/// What a plugin did wrong.
#[derive(Debug)]
pub enum Misdeed {
    /// It panicked, with this message.
    Panicked(String),
    /// It answered with a status that isn't one of an encoding.
    Status(u32),
    /// It wrote another number of rows than its declaration says.
    Rows(usize),
    /// It set a column before the first row, or one that it didn't declare.
    Column(u32),
    /// It set a column to what that can't hold.
    Value {
        /// The column's name.
        column: String,
        /// What it can hold.
        kind: &'static str,
        /// What it was set to.
        value: String,
    },
    /// Anything that a plugin must leave alone in general.
    Beside(Beside),
    /// It hasn't returned for so long.
    NeverReturned(Duration),
    /// It crashed, aborted or exited.
    Ended(String),
    /// It has done one of the last two before, and isn't asked any more.
    NotAsked,
}

impl Misdeed {
    /// Whether the plugin isn't asked any more.
    fn is_last(&self) -> bool {
        matches!(self, Self::NeverReturned(_) | Self::Ended(_))
    }
}

impl fmt::Display for Misdeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) if message.is_empty() => f.write_str("it panicked"),
            Self::Panicked(message) => write!(f, "it {}", message.replace('\n', " ")),
            Self::Status(status) => write!(f, "it answered with status {status}"),
            Self::Rows(rows) => {
                write!(f, "it wrote {rows} rows, which isn't what it declared")
            }
            Self::Column(column) => write!(f, "it set column {column}, which isn't there"),
            Self::Value { column, kind, value } => {
                write!(f, "it set column {column}, of type {kind}, to {value}")
            }
            Self::Beside(misdeed) => write!(f, "it {misdeed}"),
            Self::NeverReturned(waited) => {
                write!(f, "it had not returned after {} s", waited.as_secs_f64())
            }
            Self::Ended(how) => write!(f, "it {how}"),
            Self::NotAsked => f.write_str("it was not asked"),
        }
    }
}

/// What a plugin did wrong, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misdeeds {
    /// How often.
    pub count: u64,
    /// The first time: at which record, and what.
    pub first: (i64, String),
    /// When it was asked for the last time, if it isn't any more: the same.
    pub last: Option<(i64, String)>,
}

/// By the plugins' names.
pub type ByPlugin = BTreeMap<&'static str, Misdeeds>;

/// Counts `misdeed` of plugin `plugin`, at record `record`.
pub fn count(misdeeds: &mut ByPlugin, plugin: &'static str, misdeed: &Misdeed, record: i64) {
    let told = || (record, misdeed.to_string());
    let of_plugin = misdeeds.entry(plugin);
    let of_plugin = of_plugin.or_insert_with(|| Misdeeds { count: 0, first: told(), last: None });
    of_plugin.count += 1;
    if misdeed.is_last() {
        of_plugin.last = Some(told());
    }
}

/// Whether a plugin's thread was left behind: nobody knows what it holds, so the program had better end at once.
pub fn are_left_behind(misdeeds: &ByPlugin) -> bool {
    misdeeds.values().any(|misdeeds| misdeeds.last.is_some())
}

/// What people should know of it, a line for each plugin.
pub fn told(misdeeds: &ByPlugin) -> impl Iterator<Item = String> {
    misdeeds.iter().map(|(plugin, Misdeeds { count, first, last })| {
        let (record, what) = first;
        let mut text = format!(
            "the plugin `{plugin}` failed to write the rows of {count} calls, which were recorded \
             without it; the first time, at record {record}, {what}"
        );
        match last {
            None => {}
            Some(last) if last == first => text += ", and was not asked again",
            Some((record, what)) => {
                text += &format!("; at record {record} {what}, and was not asked again");
            }
        }
        text
    })
}

/// A value that a plugin sets.
#[derive(Debug)]
pub enum Value {
    /// Of a column of numbers.
    Number(i64),
    /// Of a column of bytes.
    Bytes(Vec<u8>),
}

/// A row that a plugin writes.
#[derive(Debug, Default)]
pub struct OwnRow {
    /// Whether it is written after the call returned.
    pub is_complete: bool,
    /// Columns, numbered as declared, and their values.
    pub values: Vec<(usize, Value)>,
}

/// A call as a plugin that writes its rows sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'m> {
    /// Its number.
    pub number: u32,
    /// As the registers held them.
    pub arguments: [u64; 6],
    /// Return value and errno, if it returned.
    pub returned: Option<(i64, i32)>,
    /// The bytes of each fetch, as far as they were copied.
    pub memory: &'m [Option<&'m [u8]>],
    /// Whether some couldn't be.
    pub is_incomplete: bool,
}

/// Lets plugins write rows.
#[derive(Debug)]
pub struct OwnRows {
    apart: Apart,
}

impl OwnRows {
    /// In a recorder with these descriptors, which waits for a plugin for as long as `patience`.
    pub fn new(own: OwnDescriptors, patience: Duration) -> Self {
        Self { apart: Apart::new(own, patience) }
    }

    /// The rows of the call that `seen` is of, by the plugin that has `call`; `kinds` are the types of its columns.
    ///
    /// # Errors
    /// What the plugin did wrong.
    pub fn write(
        &mut self,
        encode: EncodeFn,
        call: &Arc<Call>,
        kinds: &Arc<[FieldKind]>,
        seen: &Seen<'_>,
        record: i64,
    ) -> Result<Vec<OwnRow>, Misdeed> {
        match call.is_stock {
            // They were tested together with this program, and are many.
            true => sink::rows(encode, call, kinds, seen, record),
            false => self.apart.write(encode, call, kinds, seen, record),
        }
    }
}
