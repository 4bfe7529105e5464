//! A plugin's declaration, as it crosses, read and checked.

mod column;

use std::collections::BTreeMap;
use std::ffi::c_void;

use abi::abi_stable::prefix_type::PrefixTypeTrait;
use abi::{CallRef, Host, HostRef, Outcome, Record, Text};
use abi::{changes, fetch, partly, returns, rows};

use super::{Call, Changes, Column, Condition, ReplayFn, Returns, RowRule};
use crate::{PREFIX, common};

use column::{check_place, read_column, read_condition};

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
