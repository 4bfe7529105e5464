//! A plugin's declaration of a call, checked and ours.

mod column;
mod read;
mod source;

use std::collections::BTreeMap;
use std::ffi::c_void;

use abi::{Event, Host, HostRef, Outcome, Record, RowSink, place};

use crate::{Claimed, Elements, Observed, PREFIX, common, extent_type};

pub use column::{Bit, Column, Display, Field, Kind, Role, Touch};
pub use read::DeclarationError;
pub use source::{Condition, Op, Source};

/// Makes a call again; see [`abi::Call::replay`].
#[derive(Clone, Copy, Debug)]
pub enum ReplayFn {
    /// Of a plugin whose layout was described and checked.
    Described(unsafe extern "C" fn(*const Record, HostRef, *mut c_void, *mut Outcome) -> u32),
    /// Of a plain C plugin.
    Plain(unsafe extern "C" fn(*const Record, *const Host, *mut c_void, *mut Outcome) -> u32),
}

/// Writes a call's rows; see [`abi::Call::encode`].
pub type EncodeFn = unsafe extern "C" fn(*const Event, *const RowSink) -> u32;

/// Says why a plugin last panicked; see [`abi::Module::last_words`].
pub type LastWordsFn = unsafe extern "C" fn(*mut u8, u64) -> u64;

/// What a return value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `abi::returns`")]
pub enum Returns {
    Number,
    Descriptor,
    Child,
    Address,
    Status,
    Never,
}

/// What a call changes that outlives the program; see [`abi::changes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `abi::changes`")]
pub enum Changes {
    #[default]
    Anything,
    Descriptors,
    Nothing,
    Program,
}

/// How the rows of a call follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowRule {
    /// One row per call.
    Single,
    /// A head row numbered −1, then rows from 0 on, one for each item of a fetch.
    HeadFirst {
        /// Declared column that numbers the rows.
        number: usize,
        /// The fetch.
        fetch: usize,
    },
    /// Rows from 0 on; the last one is numbered −1.
    TailLast {
        /// Declared column that numbers the rows.
        number: usize,
    },
}

/// Memory that a recorder copies from the program; see [`abi::Fetch`].
pub type Fetch = abi::Fetch;

/// One record type.
#[derive(Clone, Debug)]
pub struct Call {
    /// Name without the common prefix.
    pub extent: String,
    /// The system calls recorded here.
    pub syscalls: Vec<Claimed>,
    /// The columns as declared; a row's fields are numbered so.
    pub columns: Vec<Column>,
    /// Boolean columns made from the bits of others.
    pub bit_columns: Vec<Column>,
    /// What a recorder copies.
    pub fetches: Vec<Fetch>,
    /// How rows follow one another.
    pub rows: RowRule,
    /// What the return value is.
    pub returns: Returns,
    /// When it is that; a number otherwise.
    pub returns_when: Condition,
    /// Whether the call can wait for what another process does.
    pub blocks: bool,
    /// Whether the call tells or sets which CPUs a task may use.
    pub cpus: bool,
    /// When the call only looks: it changes no file and no name.
    pub looks: Condition,
    /// Whether the call changes the working directory, the root or the umask.
    pub changes_fs: bool,
    /// Whether the call leaves its descriptors as they are, open and at the same place.
    pub keeps_offset: bool,
    /// What the call changes where it does more than look.
    pub changes: Changes,
    /// Whether the call may need a right that the program had and a replay lacks.
    pub privileged: bool,
    /// What else the call does, as bits of [`abi::effect`]; see [`Self::does`].
    pub effects: u32,
    /// When it does that.
    pub effects_when: Condition,
    /// Whether the record belongs to the moment the call is entered.
    pub at_entry: bool,
    /// Whether the trace's first record, which says the first process's umask, is of this type.
    pub starts_with_umask: bool,
    /// Why a replay doesn't make the call.
    pub simulated: Option<String>,
    /// Whether that is so of some of the calls only, as the plugin decides.
    pub partly: bool,
    /// Whether that is so where a replay has sockets of the network, and all are simulated where it has none.
    pub networked: bool,
    /// Classes that people select the call by, beyond those that the columns tell.
    pub classes: Vec<String>,
    /// Name of the plugin that declares it; never freed, since whoever tells of a crash can't know whether
    /// it was.
    pub plugin: &'static str,
    /// Whether that is one of those that come with this program.
    pub is_stock: bool,
    /// Why that plugin last panicked on the calling thread; see [`abi::Module::last_words`].
    pub last_words: Option<LastWordsFn>,
    /// Why a recorder has the kernel refuse the call unless it is told to let it through.
    pub refused: Option<String>,
    /// What a recorder doesn't see of the call, as many as it returns.
    pub hides: Option<String>,
    /// What this version doesn't understand of the declaration, and so won't record.
    pub warnings: Vec<String>,
    /// Makes the call again.
    pub replay: ReplayFn,
    /// Writes the rows, if the columns can't say how.
    pub encode: Option<EncodeFn>,
}

impl Call {
    /// Whether none of the calls is made again.
    pub fn is_simulated(&self) -> bool {
        self.simulated.is_some() && !self.partly
    }

    /// What the return value of a call with these arguments is.
    pub fn returns(&self, arguments: [u64; 6]) -> Returns {
        let observed = Observed { arguments, returned: None, memory: &[], element: None };
        if self.returns_when.holds(&observed) { self.returns } else { Returns::Number }
    }

    /// Whether a call with these arguments has one of these effects (bits of [`abi::effect`]).
    pub fn does(&self, effects: u32, arguments: [u64; 6]) -> bool {
        let observed = Observed { arguments, returned: None, memory: &[], element: None };
        self.effects & effects != 0 && self.effects_when.holds(&observed)
    }

    /// Whether `column`, which is one of these, holds what the kernel answered, and not what the program
    /// passed.
    pub fn is_result(&self, column: &Column) -> bool {
        let mut sources = column.sources.iter().chain(&column.elements);
        let is_answer = |source: &Source| match source.fetch() {
            Some(fetch) => self.fetches.get(fetch).is_some_and(|fetch| fetch.at_exit != 0),
            None => source.place.kind == place::RETURN,
        };
        let of_rows = match self.rows {
            RowRule::HeadFirst { fetch, .. } => self.fetches[fetch].at_exit != 0,
            _ => false,
        };
        sources.any(|source| is_answer(source) || (of_rows && source.is_element_bytes()))
    }

    /// The extent type's full name.
    pub fn type_name(&self) -> String {
        format!("{PREFIX}{}", self.extent)
    }

    /// All columns of the extent type as the file has them: the common ones, then the call's own, then
    /// those that were added to the original's, each sorted by name.
    pub fn fields(&self) -> Vec<Field<'_>> {
        let mut own = BTreeMap::new();
        for column in self.columns.iter().chain(&self.bit_columns) {
            let Column { name, kind, nullable, added, .. } = column;
            let field = Field { name, kind: *kind, nullable: *nullable };
            own.entry((*added, name.as_str())).or_insert(field);
        }
        common::FIELDS.into_iter().chain(own.into_values()).collect()
    }

    /// Version of the extent type: 1.01 if it has columns that the original's doesn't.
    pub fn version(&self) -> &'static str {
        let has_added = self.columns.iter().any(|column| column.added);
        if has_added { "1.01" } else { "1.00" }
    }

    /// The XML of the extent type.
    pub fn extent_type(&self) -> String {
        extent_type(&self.type_name(), self.version(), &self.fields())
    }

    /// The items of fetch `fetch`, whose memory is `fetched`.
    pub fn elements<'a>(&self, fetch: usize, fetched: &'a [u8]) -> Elements<'a> {
        let item = &self.fetches[fetch].item;
        Elements::new(fetched, item.size + item.via_size)
    }
}
