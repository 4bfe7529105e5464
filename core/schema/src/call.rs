//! A plugin's declaration of a call, checked and ours.

use std::collections::BTreeMap;
use std::ffi::c_void;

use abi::abi_stable::prefix_type::PrefixTypeTrait;
use abi::{CallRef, Event, Host, HostRef, List, Outcome, Place, Record, RowSink, Text};
use abi::{
    changes, compare, condition, display, fetch, kind, partly, place, returns, role, rows, source,
};

use crate::{Claimed, Elements, Observed, PREFIX, common, extent_type};

/// Why a declaration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DeclarationError {
    /// A text isn't UTF-8, or is empty where it must not be.
    #[error("{0} is not a name")]
    Name(&'static str),
    /// A name is longer than the file format allows.
    #[error("the name {0:?} is longer than 255 bytes")]
    LongName(String),
    /// A number means nothing to this version.
    #[error("{what} {number} of {of} is unknown here")]
    Unknown {
        /// What kind of number.
        what: &'static str,
        /// The number.
        number: u32,
        /// Where it was found.
        of: String,
    },
    /// A fetch or column is named by a number that none has.
    #[error("{of} points to {what} {number}, of which there are {count}")]
    Dangling {
        /// A fetch or a column.
        what: &'static str,
        /// Its number.
        number: u64,
        /// How many there are.
        count: usize,
        /// Where it was found.
        of: String,
    },
    /// Two columns of one name differ.
    #[error("column {0} is declared twice and differently")]
    Conflict(String),
    /// A required part of the module is missing.
    #[error("its module lacks `{0}`")]
    Missing(&'static str),
}

/// Largest structure that an array may be of, in bytes.
const LARGEST_ITEM: u32 = 4096;

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

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the file format's")]
pub enum Kind {
    Bool,
    Byte,
    Int32,
    Int64,
    Double,
    Variable32,
}

impl Kind {
    /// As the type's XML has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Byte => "byte",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Double => "double",
            Self::Variable32 => "variable32",
        }
    }

    /// As the ABI has it; see [`abi::kind`].
    pub fn number(self) -> u32 {
        match self {
            Self::Bool => kind::BOOL,
            Self::Byte => kind::BYTE,
            Self::Int32 => kind::INT32,
            Self::Int64 => kind::INT64,
            Self::Double => kind::DOUBLE,
            Self::Variable32 => kind::VARIABLE32,
        }
    }
}

/// A column of an extent type: what the file says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub kind: Kind,
    /// Whether it can be null.
    pub nullable: bool,
}

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

/// What a column stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `abi::role`")]
pub enum Role {
    None,
    Descriptor,
    NewDescriptor,
    ClosedDescriptor,
    Path,
    Task,
    Shares,
    Target,
    Payload,
    Environment,
    Owner,
}

/// What the call does to what a column names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Touch {
    /// What the call does as a whole: it looks, or changes it.
    #[default]
    Call,
    /// It makes the name.
    Makes,
    /// It takes the name away.
    Removes,
    /// It takes data from it and no more.
    Looks,
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

/// How a column is shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `abi::display`")]
pub enum Display {
    Plain,
    Octal,
    Hex,
    Flags,
    Names,
    Descriptor,
    Path,
    Time,
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

/// When something applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition(pub(crate) abi::Condition);

/// What a source does; see [`abi::source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `abi::source`")]
pub enum Op {
    Number,
    Equal,
    Any,
    Bytes,
    Timespec,
    Timeval,
    Seconds,
    ElementNumber,
    ElementLength,
    ElementBytes,
    ElementAddress,
    Beside,
}

/// How a value is made from a captured call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it does.
    pub op: Op,
    pub(crate) place: Place,
    pub(crate) mask: u64,
    pub(crate) value: u64,
    /// All must hold.
    pub(crate) when: [Condition; 2],
}

impl Source {
    /// The argument that this source takes whole, if that is all it does.
    pub fn argument(&self) -> Option<usize> {
        let whole = self.op == Op::Number && self.mask == 0;
        (whole && self.place.kind == place::ARGUMENT).then(|| self.place.index.into())
    }

    /// The fetch whose bytes this source takes as they are, if that is what it does.
    pub fn bytes_of(&self) -> Option<usize> {
        (self.op == Op::Bytes).then_some(self.value as usize)
    }

    /// Whether this source takes the bytes of an element.
    pub fn is_element_bytes(&self) -> bool {
        self.op == Op::ElementBytes
    }

    /// The fetch whose items have the bytes that this source takes, if it takes those beside an element.
    pub fn beside(&self) -> Option<usize> {
        (self.op == Op::Beside).then_some(self.value as usize)
    }

    /// Where its value is found, and how many bytes are looked at there if that is memory.
    pub fn looks_at(&self) -> (Place, u32) {
        let bytes = match self.op {
            Op::Timespec | Op::Timeval => 16,
            Op::Seconds => 8,
            _ => u32::from(self.place.width),
        };
        (self.place, bytes)
    }

    /// What its conditions look at.
    pub fn depends_on(&self) -> [Place; 2] {
        self.when.map(|condition| condition.0.place)
    }

    /// Whether the conditions hold under which it is the one.
    #[inline]
    pub fn applies(&self, observed: &Observed<'_>) -> bool {
        let [one, other] = &self.when;
        one.holds(observed) && other.holds(observed)
    }

    /// The fetch that this source takes its value from, if any.
    pub fn fetch(&self) -> Option<usize> {
        match self.op {
            Op::Bytes => Some(self.value as usize),
            _ if self.place.kind == place::MEMORY => Some(self.place.index.into()),
            _ => None,
        }
    }
}

/// A named bit, group of bits or value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bit {
    /// The constant's name; empty if it isn't shown.
    pub name: String,
    /// Which bits are looked at.
    pub mask: u64,
    /// What they must be.
    pub value: u64,
    /// When they mean this.
    pub when: Condition,
}

/// A declared column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Whether it can be null.
    pub nullable: bool,
    /// Whether the original schema's type doesn't have it.
    pub added: bool,
    /// What it stands for.
    pub role: Role,
    /// What the call does to that.
    pub touch: Touch,
    /// Where its value comes from, in the first or only row; the first whose conditions hold.
    pub sources: Vec<Source>,
    /// The same in the rows that follow.
    pub elements: Vec<Source>,
    /// Compared when data is verified, under a condition on the replayed call.
    pub compared: Option<Condition>,
    /// How it is shown.
    pub display: Display,
    /// Names of its bits or values.
    pub bits: Vec<Bit>,
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
    /// The declaration behind `call`.
    ///
    /// # Safety
    /// `call` must come from a plugin whose layout was checked, and that is never unloaded.
    ///
    /// # Errors
    /// What doesn't make sense of it.
    pub unsafe fn read(call: CallRef) -> Result<Self, DeclarationError> {
        let extent = name(call.extent(), "the extent")?;
        // SAFETY: the lists are the plugin's own, which stays loaded.
        let (syscalls, columns, fetches) =
            unsafe { (call.syscalls().items(), call.columns().items(), call.fetches().items()) };
        let claimed = |claimed: &Text| {
            let text = text(*claimed, "a system call")?;
            text.parse().map_err(|_| DeclarationError::Name("a system call"))
        };
        let syscalls = syscalls.iter().map(claimed).collect::<Result<_, _>>()?;
        let mut warnings = Vec::new();
        let fetches = fetches.to_vec();
        for (number, fetched) in fetches.iter().enumerate() {
            let of = format!("fetch {number} of {extent}");
            let item = fetched.item;
            for place in
                [fetched.address, fetched.length, fetched.when.place, item.limit, item.when.place]
            {
                check_place(place, number, &of)?;
            }
            if item.size > LARGEST_ITEM || item.via_size > LARGEST_ITEM {
                let what = "an item's size";
                return Err(DeclarationError::Unknown { what, number: item.size, of });
            }
            if fetched.op > fetch::STRUCTURES {
                warnings.push(format!(
                    "{of} needs op {}, which this recorder is too old for: it is not captured",
                    fetched.op
                ));
            }
        }
        let mut read = Vec::new();
        for column in columns {
            read.push(read_column(column, fetches.len(), &extent, &mut warnings)?);
        }
        let (columns, bits): (Vec<Column>, Vec<Vec<Column>>) = read.into_iter().unzip();
        let returns = match call.returns() {
            returns::NUMBER => Returns::Number,
            returns::DESCRIPTOR => Returns::Descriptor,
            returns::CHILD => Returns::Child,
            returns::ADDRESS => Returns::Address,
            returns::STATUS => Returns::Status,
            returns::NEVER => Returns::Never,
            number => {
                return Err(DeclarationError::Unknown { what: "return kind", number, of: extent });
            }
        };
        let looks = read_condition(call.looks(), 0, &extent)?;
        let returns_when = read_condition(call.returns_when(), 0, &extent)?;
        let effects_when = match call.effects_when() {
            Some(condition) => read_condition(condition, 0, &extent)?,
            None => Condition::ALWAYS,
        };
        let rows = row_rule(call.rows(), columns.len(), fetches.len(), &extent)?;
        // Plugins of before 1.1 say nothing of some of these.
        let reason = |said: Option<Text>| match said {
            None => Ok(None),
            Some(said) => text(said, "the reason").map(|said| (!said.is_empty()).then_some(said)),
        };
        let simulated = reason(Some(call.simulated()))?;
        let (refused, hides) = (reason(call.refused())?, reason(call.hides())?);
        // SAFETY: as above.
        let classes = call.classes().map_or(&[][..], |classes| unsafe { classes.items() });
        let classes =
            classes.iter().map(|class| name(*class, "a class")).collect::<Result<_, _>>()?;
        let call = Self {
            syscalls,
            columns,
            bit_columns: merge(bits),
            fetches,
            rows,
            returns,
            returns_when,
            blocks: call.blocks() != 0,
            cpus: call.cpus() != 0,
            looks,
            changes_fs: call.changes_fs() != 0,
            keeps_offset: call.keeps_offset() != 0,
            changes: match call.changes() {
                Some(changes::NOTHING) => Changes::Nothing,
                Some(changes::PROGRAM) => Changes::Program,
                Some(changes::DESCRIPTORS) => Changes::Descriptors,
                // A plugin of an older ABI doesn't say.
                _ => Changes::Anything,
            },
            privileged: call.privileged().is_some_and(|privileged| privileged != 0),
            // Plugins of the first hour say nothing of it.
            effects: call.effects().unwrap_or(0),
            effects_when,
            at_entry: call.at_entry() != 0,
            starts_with_umask: call.start() == abi::start::UMASK,
            partly: !matches!(call.partly(), 0 | partly::NETWORK),
            networked: call.partly() == partly::NETWORK,
            simulated,
            classes,
            plugin: "",
            is_stock: true,
            last_words: None,
            refused,
            hides,
            warnings,
            replay: ReplayFn::Described(call.replay()),
            encode: call.encode(),
            extent,
        };
        call.check_names()?;
        Ok(call)
    }

    /// The declaration of a plain C plugin.
    ///
    /// # Safety
    /// All that `call` points to must be there, in a library that is never unloaded.
    ///
    /// # Errors
    /// What doesn't make sense of it.
    pub unsafe fn read_plain(call: abi::Call) -> Result<Self, DeclarationError> {
        // SAFETY: the two types differ in one parameter, a pointer either way; a plain plugin's function
        // takes that to the host's functions themselves.
        let replay = unsafe {
            std::mem::transmute::<
                unsafe extern "C" fn(*const Record, HostRef, *mut c_void, *mut Outcome) -> u32,
                unsafe extern "C" fn(*const Record, *const Host, *mut c_void, *mut Outcome) -> u32,
            >(call.replay)
        };
        // SAFETY: the caller vouches for it.
        let read = unsafe { Self::read(call.leak_into_prefix())? };
        Ok(Self { replay: ReplayFn::Plain(replay), ..read })
    }

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

    /// One name has one type, and none is a common column's.
    fn check_names(&self) -> Result<(), DeclarationError> {
        let mut seen = BTreeMap::new();
        for column in self.columns.iter().chain(&self.bit_columns) {
            let declared = (column.kind, column.nullable);
            let is_common = common::FIELDS.iter().any(|field| field.name == column.name);
            if is_common || *seen.entry(column.name.as_str()).or_insert(declared) != declared {
                return Err(DeclarationError::Conflict(column.name.clone()));
            }
        }
        Ok(())
    }
}

fn text(text: Text, what: &'static str) -> Result<String, DeclarationError> {
    // SAFETY: the text is the plugin's own, which stays loaded.
    let bytes = unsafe { text.bytes() };
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| DeclarationError::Name(what))
}

fn name(name: Text, what: &'static str) -> Result<String, DeclarationError> {
    let name = text(name, what)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(DeclarationError::Name(what));
    }
    if name.len() + PREFIX.len() > 255 {
        return Err(DeclarationError::LongName(name));
    }
    Ok(name)
}

/// `count` is the number of fetches that may be pointed to.
fn check_place(place: Place, count: usize, of: &str) -> Result<(), DeclarationError> {
    match place.kind {
        place::NONE | place::CONSTANT | place::RETURN | place::ERRNO | place::RETURN_TIMES => {
            Ok(())
        }
        place::ARGUMENT | place::ARGUMENT_BITS | place::ARGUMENT_TIMES if place.index < 6 => Ok(()),
        place::ARGUMENT | place::ARGUMENT_BITS | place::ARGUMENT_TIMES => {
            Err(dangling("argument", place.index.into(), 6, of))
        }
        place::MEMORY | place::ELEMENT if ![1, 2, 4, 8].contains(&place.width) => {
            Err(DeclarationError::Unknown {
                what: "width",
                number: place.width.into(),
                of: of.to_owned(),
            })
        }
        place::ELEMENT => Ok(()),
        place::MEMORY | place::LENGTH if usize::from(place.index) < count => Ok(()),
        place::MEMORY | place::LENGTH => Err(dangling("fetch", place.index.into(), count, of)),
        number => Err(DeclarationError::Unknown {
            what: "place",
            number: number.into(),
            of: of.to_owned(),
        }),
    }
}

fn dangling(what: &'static str, number: u64, count: usize, of: &str) -> DeclarationError {
    DeclarationError::Dangling { what, number, count, of: of.to_owned() }
}

fn row_rule(
    rule: abi::RowRule,
    columns: usize,
    fetches: usize,
    of: &str,
) -> Result<RowRule, DeclarationError> {
    let column = |number: u32| {
        let known = (number as usize) < columns;
        known
            .then_some(number as usize)
            .ok_or_else(|| dangling("column", number.into(), columns, of))
    };
    Ok(match rule.op {
        rows::SINGLE => RowRule::Single,
        rows::HEAD_FIRST if rule.fetch as usize >= fetches => {
            return Err(dangling("fetch", rule.fetch.into(), fetches, of));
        }
        rows::HEAD_FIRST => {
            RowRule::HeadFirst { number: column(rule.number)?, fetch: rule.fetch as usize }
        }
        rows::TAIL_LAST => RowRule::TailLast { number: column(rule.number)? },
        number => {
            return Err(DeclarationError::Unknown { what: "row rule", number, of: of.to_owned() });
        }
    })
}

/// The column, and the boolean columns that its bits make.
fn read_column(
    column: &abi::Column,
    fetches: usize,
    extent: &str,
    warnings: &mut Vec<String>,
) -> Result<(Column, Vec<Column>), DeclarationError> {
    let name = name(column.name, "a column")?;
    let of = format!("column {name} of {extent}");
    let unknown = |what, number| DeclarationError::Unknown { what, number, of: of.clone() };
    let kind = match column.kind {
        kind::BOOL => Kind::Bool,
        kind::BYTE => Kind::Byte,
        kind::INT32 => Kind::Int32,
        kind::INT64 => Kind::Int64,
        kind::DOUBLE => Kind::Double,
        kind::VARIABLE32 => Kind::Variable32,
        number => return Err(unknown("type", number)),
    };
    let role = match column.role {
        role::NONE => Role::None,
        role::DESCRIPTOR => Role::Descriptor,
        role::NEW_DESCRIPTOR => Role::NewDescriptor,
        role::CLOSED_DESCRIPTOR => Role::ClosedDescriptor,
        role::PATH => Role::Path,
        role::TASK => Role::Task,
        role::SHARES => Role::Shares,
        role::TARGET => Role::Target,
        role::PAYLOAD => Role::Payload,
        role::ENVIRONMENT => Role::Environment,
        role::MADE_PATH | role::REMOVED_PATH => Role::Path,
        role::SOURCE => Role::Descriptor,
        role::OWNER => Role::Owner,
        number => return Err(unknown("role", number)),
    };
    let touch = match column.role {
        role::MADE_PATH => Touch::Makes,
        role::REMOVED_PATH => Touch::Removes,
        role::SOURCE => Touch::Looks,
        _ => Touch::Call,
    };
    let display = match column.display {
        display::OCTAL => Display::Octal,
        display::HEX => Display::Hex,
        display::FLAGS => Display::Flags,
        display::NAMES => Display::Names,
        display::DESCRIPTOR => Display::Descriptor,
        display::PATH => Display::Path,
        display::TIME => Display::Time,
        // How a value is shown is never worth refusing a plugin for.
        _ => Display::Plain,
    };
    let mut sources = |list: List<abi::Source>| {
        // SAFETY: the list is the plugin's own, which stays loaded.
        read_sources(unsafe { list.items() }, fetches, &of, warnings)
    };
    let (sources, elements) = (sources(column.sources)?, sources(column.elements)?);
    let compared = match column.compare {
        compare::NONE => None,
        compare::EQUAL => Some(read_condition(column.compare_when, fetches, &of)?),
        number => return Err(unknown("comparison", number)),
    };
    let (mut bits, mut columns) = (Vec::new(), Vec::new());
    // SAFETY: the list is the plugin's own, which stays loaded.
    for bit in unsafe { column.bits.items() } {
        let when = read_condition(bit.when, fetches, &of)?;
        let (mask, value) = (bit.mask, bit.value);
        bits.push(Bit { name: text(bit.name, "a bit")?, mask, value, when });
        let column = text(bit.column, "a bit's column")?;
        if !column.is_empty() {
            let sources = sources.iter().filter(|source| source.op == Op::Number);
            let sources = sources.map(|source| Source {
                op: Op::Equal,
                mask,
                value,
                when: [source.when[0], when],
                ..*source
            });
            columns.push(Column {
                name: column,
                kind: Kind::Bool,
                nullable: false,
                added: false,
                role: Role::None,
                touch: Touch::Call,
                sources: sources.collect(),
                elements: Vec::new(),
                compared: None,
                display: Display::Plain,
                bits: Vec::new(),
            });
        }
    }
    let nullable = column.nullable != 0;
    let added = column.added != 0;
    let column = Column {
        name,
        kind,
        nullable,
        added,
        role,
        touch,
        sources,
        elements,
        compared,
        display,
        bits,
    };
    Ok((column, columns))
}

fn read_sources(
    sources: &[abi::Source],
    fetches: usize,
    of: &str,
    warnings: &mut Vec<String>,
) -> Result<Vec<Source>, DeclarationError> {
    let mut read = Vec::new();
    for source in sources {
        let op = match source.op {
            source::NONE => continue,
            source::NUMBER => Op::Number,
            source::EQUAL => Op::Equal,
            source::ANY => Op::Any,
            source::BYTES => Op::Bytes,
            source::TIMESPEC => Op::Timespec,
            source::TIMEVAL => Op::Timeval,
            source::SECONDS => Op::Seconds,
            source::ELEMENT_NUMBER => Op::ElementNumber,
            source::ELEMENT_LENGTH => Op::ElementLength,
            source::ELEMENT_BYTES => Op::ElementBytes,
            source::ELEMENT_ADDRESS => Op::ElementAddress,
            source::BESIDE => Op::Beside,
            number => {
                warnings.push(format!(
                    "{of} needs op {number}, which this recorder is too old for: it is not recorded"
                ));
                continue;
            }
        };
        if matches!(op, Op::Bytes | Op::Beside) && source.value >= fetches as u64 {
            return Err(dangling("fetch", source.value, fetches, of));
        }
        check_place(source.place, fetches, of)?;
        let when = read_condition(source.when, fetches, of)?;
        let abi::Source { place, mask, value, .. } = *source;
        read.push(Source { op, place, mask, value, when: [when, Condition::ALWAYS] });
    }
    Ok(read)
}

fn read_condition(
    condition: abi::Condition,
    fetches: usize,
    of: &str,
) -> Result<Condition, DeclarationError> {
    check_place(condition.place, fetches, of)?;
    if condition.op > condition::NEVER {
        let (what, number) = ("condition", condition.op);
        return Err(DeclarationError::Unknown { what, number, of: of.to_owned() });
    }
    Ok(Condition(condition))
}

/// A boolean that several columns' bits feed has all their sources.
fn merge(bits: Vec<Vec<Column>>) -> Vec<Column> {
    let mut merged: Vec<Column> = Vec::new();
    for column in bits.into_iter().flatten() {
        match merged.iter_mut().find(|known| known.name == column.name) {
            Some(known) => known.sources.extend(column.sources),
            None => merged.push(column),
        }
    }
    merged
}
