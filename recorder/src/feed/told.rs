//! What another tracer says, and is told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dataseries::Codec;
use replay_core::registry::{PluginOptions, RegistryError};

use crate::encode::Totals;
use crate::plan::PlanError;
use crate::sink::SinkError;

/// What to make.
#[derive(Clone, Debug)]
pub struct Options {
    /// The trace's file.
    pub output: PathBuf,
    /// Which plugins there are.
    pub plugins: PluginOptions,
    /// How extents are compressed.
    pub codec: Codec,
    /// Name and version of the tracer.
    pub tracer: String,
    /// The first task, if it is there already: its state is recorded.
    pub first: Option<i32>,
}

/// Why a trace can't be made.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The plugins.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// What they declare.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The file.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// No plugin has the call.
    #[error("{0} is not recorded: no enabled plugin has it")]
    NotRecorded(String),
    /// The record type has no such column.
    #[error("{call} has no column {column}")]
    NoColumn {
        /// The call.
        call: String,
        /// The column.
        column: String,
    },
    /// A value that the column can't hold.
    #[error("{call}: column {column} holds {holds}, and not what it is given")]
    Value {
        /// The call.
        call: String,
        /// The column.
        column: String,
        /// Its type.
        holds: &'static str,
    },
    /// Order ids that aren't positive, or don't ascend.
    #[error("order ids {called} and {returned} aren't positive and ascending")]
    Ids {
        /// Of the entry.
        called: i64,
        /// Of the exit.
        returned: i64,
    },
    /// The task is in no call, or in one already.
    #[error("task {task}: {what}")]
    State {
        /// The task.
        task: i32,
        /// What is the matter with it.
        what: &'static str,
    },
}

/// What a trace came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Calls.
    pub calls: u64,
    /// Rows, and what they lack.
    pub totals: Totals,
    /// Calls that weren't recorded, by number.
    pub not_recorded: BTreeMap<u32, u64>,
}

/// A record that is known as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Kernel number of the call.
    pub number: u32,
    /// The thread.
    pub task: i32,
    /// Order ids of entry and exit; none takes the next ones.
    pub ids: Option<(i64, i64)>,
    /// When it was entered, in nanoseconds since the epoch, if that is known.
    pub time_called: Option<i64>,
    /// When it returned.
    pub time_returned: Option<i64>,
    /// The arguments.
    pub arguments: [u64; 6],
    /// Return value and errno, if it returned.
    pub returned: Option<(i64, i32)>,
    /// Columns whose values are given, in place of what the declaration makes of arguments and memory.
    pub fields: &'a [(&'a str, FieldGiven<'a>)],
}

/// The value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldGiven<'a> {
    /// A number.
    Number(i64),
    /// Bytes.
    Bytes(&'a [u8]),
}
