//! A record type of a file, bound to the plugin that knows it.

use std::fmt;
use std::sync::Arc;

use abi::Slot;
use dataseries::{Bit, Entry, ExtentType, FieldKind, File, Parts};
use replay_schema::{
    Call, Changes, Column, Condition, Kind, PREFIX, Returns, Role, RowRule, Source, Touch, common,
};

use crate::follow::Seen;
use crate::registry::Registry;
use crate::trace::{Needs, TraceError};

/// Major version of the record types that are understood.
const MAJOR: u32 = 1;

/// One record type of one file.
pub struct RecordType {
    /// Name of the call's extent, without the prefix.
    pub name: String,
    /// The plugin's part; none if no plugin knows the type.
    pub call: Option<Arc<Call>>,
    /// Why the call isn't made, if somebody switched it off.
    pub disabled: Option<String>,
    /// Where the plugin's columns lie, in its order.
    pub slots: Box<[Slot]>,
    /// The plugin's columns as the file has them, in its order.
    pub columns: Box<[Option<dataseries::Column>]>,
    /// Its columns with paths, and what the calls do to those.
    pub paths: Box<[(dataseries::Column, Touch)]>,
    /// Its columns with descriptors, what they are to the call, and what it does to them.
    pub descriptors: Box<[(dataseries::Column, Role, Touch)]>,
    /// The numbers of its columns that say on what the call is; see [`Seen`].
    pub followed: Box<[usize]>,
    /// Its column with the number of a file's names.
    pub links: Option<dataseries::Column>,
    /// Its column with the flags of open(2).
    pub open_flags: Option<dataseries::Column>,
    /// Whether its calls have to do with a socket's address.
    pub has_address: bool,
    /// Its column with an address that the program gave.
    pub address: Option<dataseries::Column>,
    /// Its columns that are arguments of the call, by the arguments' numbers.
    pub arguments: Box<[(usize, dataseries::Column)]>,
    /// Whether its calls only look, all of them.
    pub always_looks: bool,
    /// What its calls return, if that is the same for all of them.
    pub returns: Option<Returns>,
    /// Whether nothing has to be seen to before or after its calls, as far as their type tells.
    pub is_plain: bool,
    /// Whether its calls aren't made, all of them.
    pub is_simulated: bool,
    /// Whether its calls take data from their descriptor, and return how much.
    pub takes_data: bool,
    /// Whether its calls move data away from a descriptor, inside the kernel, and return how much.
    pub takes_unseen: bool,
    /// Whether its calls let somebody in who comes to a socket of the network, which is there, and tell who that is.
    pub takes_visitors: bool,
    /// Whether its calls may go and visit somebody's socket.
    pub visits: bool,
    /// Whether a call that waits on a descriptor waits to read from it; else to write.
    pub waits_to_read: bool,
    /// Whether some of its columns hold paths.
    pub has_paths: bool,
    /// Whether a call that waits may wait for one of these: it does something to a descriptor or a task. What only
    /// changes names lets nobody go on.
    pub is_awaited: bool,
    /// Whether its calls aren't made, and nothing follows from them for their process: no matter when.
    pub is_idle: bool,
    /// Whether its calls close descriptors.
    pub closes: bool,
    /// Whether its calls move as many bytes as they return.
    pub moves_data: bool,
    /// Whether the file lacks a column that its calls can't be made without.
    pub lacks_columns: bool,
    /// What doesn't fit between file and plugin.
    pub warnings: Vec<String>,
    extent_type: Arc<ExtentType>,
    pub(super) common: Common,
    pub(super) rows: Rows,
    pub(super) parts: Parts,
    /// The number of the column whose long values are compared by their digests.
    pub digested: Option<usize>,
    pub(super) file: Arc<File>,
    pub(super) entries: Vec<Entry>,
}

/// The columns that every call has and that a replay needs.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub unique_id: dataseries::Column,
    pub task: dataseries::Column,
    pub return_value: dataseries::Column,
    pub errno_number: dataseries::Column,
    pub buffer_not_captured: Option<dataseries::Column>,
    pub time_called: Option<dataseries::Column>,
    pub time_returned: Option<dataseries::Column>,
}

/// How rows make a record.
#[derive(Clone, Debug)]
pub(super) enum Rows {
    Single,
    HeadFirst(dataseries::Column),
    TailLast(dataseries::Column),
}

impl fmt::Debug for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordType").field("name", &self.name).finish_non_exhaustive()
    }
}

impl RecordType {
    /// Its type in the file.
    pub fn extent_type(&self) -> &Arc<ExtentType> {
        &self.extent_type
    }

    /// Whether the calls of `ty` are of this type.
    pub fn is_of(&self, ty: &ExtentType) -> bool {
        self.extent_type.name() == ty.name()
    }

    /// The record type of `entries`, which are all of type `ty`; none if it isn't one of a call.
    pub(super) fn new(
        file: &Arc<File>,
        ty: &Arc<ExtentType>,
        entries: Vec<Entry>,
        registry: &Registry,
        needs: Needs,
    ) -> Result<Option<Self>, TraceError> {
        let Some(name) = ty.name().strip_prefix(PREFIX) else { return Ok(None) };
        let version = ty.version();
        if version.major != MAJOR {
            return Err(TraceError::Version {
                file: file.name().to_owned(),
                name: ty.name().to_owned(),
                version: format!("{}.{}", version.major, version.minor),
            });
        }
        let common = common(file, ty)?;
        let call = registry.extent(name)?;
        let disabled = registry.extent_enabled(name).err().map(|by| by.0);
        let mut warnings = Vec::new();
        let columns: Box<[Option<dataseries::Column>]> = match &call {
            Some(call) => bind(call, ty, &mut warnings),
            None => Box::default(),
        };
        let lacks_columns = call.as_ref().is_some_and(|call| {
            let mut bound = call.columns.iter().zip(&columns);
            bound.any(|(declared, column)| column.is_none() && is_indispensable(declared, ty))
        });
        let number = |index: usize| {
            let column: Option<&dataseries::Column> = columns[index].as_ref();
            column.filter(|column| column.kind == FieldKind::Int32).cloned()
        };
        let rows = match call.as_deref().map(|call| call.rows) {
            Some(RowRule::HeadFirst { number: index, .. }) => number(index).map(Rows::HeadFirst),
            Some(RowRule::TailLast { number: index }) => number(index).map(Rows::TailLast),
            _ => None,
        };
        let slots = columns.iter().map(|column| column.as_ref().map_or(ABSENT, slot)).collect();
        let moves_data = call.as_ref().is_some_and(|call| {
            call.returns == Returns::Number
                && call.columns.iter().any(|column| column.role == Role::Payload)
        });
        let declared = || call.iter().flat_map(|call| &call.columns);
        let has = |role| declared().any(|column| column.role == role);
        let bound = || {
            let bound = declared().zip(&columns);
            bound.filter_map(|(declared, column)| Some((declared, column.clone()?)))
        };
        let closes = has(Role::ClosedDescriptor);
        let has_paths = has(Role::Path);
        let paths = bound().filter(|(declared, _)| declared.role == Role::Path);
        let paths = paths.map(|(declared, column)| (column, declared.touch)).collect();
        let descriptors = bound().filter(|(declared, _)| {
            matches!(declared.role, Role::Descriptor | Role::NewDescriptor | Role::ClosedDescriptor)
        });
        let descriptors =
            descriptors.map(|(declared, column)| (column, declared.role, declared.touch)).collect();
        let named = |kind: FieldKind, is: &dyn Fn(&Column) -> bool| {
            let mut bound = bound();
            bound.find_map(|(declared, column)| {
                (column.kind == kind && is(declared)).then_some(column)
            })
        };
        let links = named(FieldKind::Int32, &|declared| declared.name.ends_with("_nlink"));
        let open_flags = named(FieldKind::Int32, &|declared| declared.name == "open_value");
        let is_address = |declared: &Column| declared.name == "sockaddr_buffer";
        let has_address = named(FieldKind::Variable32, &is_address).is_some();
        let is_given =
            |declared: &Column| call.as_ref().is_some_and(|call| !call.is_result(declared));
        let address =
            named(FieldKind::Variable32, &|declared| is_address(declared) && is_given(declared));
        let arguments = bound().filter_map(|(declared, column)| {
            let argument = declared.sources.iter().find_map(Source::argument)?;
            Some((argument, column))
        });
        let arguments = arguments.collect();
        let waits_to_read = call.as_ref().is_some_and(|call| {
            let is_data = |column: &&Column| column.kind == Kind::Variable32;
            call.returns == Returns::Descriptor
                || call.columns.iter().filter(is_data).any(|column| call.is_result(column))
        });
        let is_simulated = call
            .as_ref()
            .is_some_and(|call| call.is_simulated() && !(call.networked && needs.network));
        let takes_data = waits_to_read && moves_data && !has_paths && has(Role::Descriptor);
        let is_source =
            |column: &Column| column.role == Role::Descriptor && column.touch == Touch::Looks;
        let takes_unseen = call.as_ref().is_some_and(|call| {
            call.returns == Returns::Number
                && call.changes == Changes::Descriptors
                && !moves_data
                && call.columns.iter().any(is_source)
        });
        let takes_visitors = call.as_ref().is_some_and(|call| {
            needs.network
                && call.blocks
                && call.returns == Returns::Descriptor
                && has(Role::Descriptor)
                && !has_paths
        });
        let visits = call.as_ref().is_some_and(|call| {
            call.blocks
                && call.partly
                && call.returns == Returns::Number
                && !moves_data
                && has(Role::Descriptor)
        });
        let parts = match &call {
            Some(_) if needs.all_values || has_paths => Parts::All,
            Some(_) if needs.network && takes_data || takes_visitors => Parts::All,
            Some(call) if needs_values(call) => Parts::All,
            _ => Parts::Fixed,
        };
        let digested = call.as_ref().filter(|_| needs.verify).and_then(|call| {
            let is_data =
                |column: &Column| column.kind == Kind::Variable32 && column.compared.is_some();
            (0..columns.len()).find(|at| columns[*at].is_some() && is_data(&call.columns[*at]))
        });
        let is_idle = call.as_ref().is_none_or(|call| {
            (disabled.is_some() || is_simulated)
                && matches!(call.returns, Returns::Number | Returns::Address | Returns::Status)
                && call.returns_when == Condition::ALWAYS
                && call.changes != Changes::Program
                && !call.blocks
                && !closes
                && !has(Role::NewDescriptor)
        });
        let followed = call.iter().flat_map(|call| call.columns.iter().enumerate());
        let followed =
            followed.filter(|(at, column)| Seen::wants(column) && columns[*at].is_some());
        let followed = followed.map(|(at, _)| at).collect();
        let always = call.as_ref().filter(|call| call.returns_when == Condition::ALWAYS);
        let is_plain = call.as_ref().is_some_and(|call| {
            disabled.is_none()
                && !is_simulated
                && !closes
                && !call.blocks
                && !call.changes_fs
                && call.changes != Changes::Program
                && call.is_stock
        });
        Ok(Some(Self {
            is_plain,
            followed,
            always_looks: call.as_ref().is_some_and(|call| call.looks == Condition::ALWAYS),
            returns: always.map(|call| call.returns),
            paths,
            descriptors,
            links,
            open_flags,
            has_address,
            address,
            arguments,
            is_simulated,
            takes_data,
            takes_unseen,
            takes_visitors,
            visits,
            is_idle,
            waits_to_read,
            has_paths,
            is_awaited: !has_paths
                || call
                    .as_ref()
                    .is_some_and(|call| call.blocks || call.changes == Changes::Program),
            closes,
            moves_data,
            extent_type: ty.clone(),
            name: name.to_owned(),
            disabled,
            slots,
            columns,
            lacks_columns,
            warnings,
            common,
            rows: rows.unwrap_or(Rows::Single),
            parts,
            digested,
            file: file.clone(),
            entries,
            call,
        }))
    }

    /// Whether the call creates a task, its id being what it returns.
    pub fn creates_task(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.returns == Returns::Child)
    }

    /// Whether the task ends with the call.
    pub fn ends_task(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.returns == Returns::Never)
    }
}

/// Whether a replay needs values of variable length: paths, data to write. Those that are compared
/// only, and those that nothing ever fills, it does without.
fn needs_values(call: &Call) -> bool {
    call.columns.iter().any(|column| {
        column.kind == Kind::Variable32
            && column.compared.is_none()
            && !(column.sources.is_empty() && column.elements.is_empty() && call.encode.is_none())
    })
}

fn common(file: &File, ty: &ExtentType) -> Result<Common, TraceError> {
    let find = |column: &'static str, kind: FieldKind| {
        let found = ty.column(column).filter(|found| found.kind == kind).cloned();
        found.ok_or_else(|| TraceError::Column {
            file: file.name().to_owned(),
            name: ty.name().to_owned(),
            column,
            kind: kind.name(),
        })
    };
    let optional = |column: &str, kind: FieldKind| {
        ty.column(column).filter(|found| found.kind == kind).cloned()
    };
    Ok(Common {
        unique_id: find(common::UNIQUE_ID, FieldKind::Int64)?,
        task: find(common::EXECUTING_PID, FieldKind::Int32)?,
        return_value: find(common::RETURN_VALUE, FieldKind::Int64)?,
        errno_number: find(common::ERRNO_NUMBER, FieldKind::Int32)?,
        buffer_not_captured: optional(common::BUFFER_NOT_CAPTURED, FieldKind::Bool),
        time_called: optional(common::TIME_CALLED, FieldKind::Int64),
        time_returned: optional(common::TIME_RETURNED, FieldKind::Int64),
    })
}

/// Whether a call can't be made without `column`, which isn't in `ty` as it is declared: a descriptor would be 0, and
/// what is there in another form would be nothing.
fn is_indispensable(column: &Column, ty: &ExtentType) -> bool {
    let is_argument = column.sources.iter().any(|source| source.argument().is_some());
    let is_descriptor = matches!(column.role, Role::Descriptor | Role::ClosedDescriptor);
    is_argument && (is_descriptor || ty.column(&column.name).is_some())
}

/// The file's columns for those that the plugin declares.
fn bind(
    call: &Call,
    ty: &ExtentType,
    warnings: &mut Vec<String>,
) -> Box<[Option<dataseries::Column>]> {
    let bound = call.columns.iter().map(|declared| {
        let column = ty.column(&declared.name)?;
        if column.kind.name() != declared.kind.name() {
            warnings.push(format!(
                "column {} of {} is {} in the trace and {} in its plugin: it reads as absent",
                declared.name,
                call.extent,
                column.kind.name(),
                declared.kind.name()
            ));
            return None;
        }
        Some(column.clone())
    });
    bound.collect()
}

const ABSENT: Slot = Slot {
    offset: u32::MAX,
    null_offset: u32::MAX,
    mask: 0,
    null_mask: 0,
    kind: 0,
    reserved: 0,
    size: 0,
};

fn slot(column: &dataseries::Column) -> Slot {
    let (null_offset, null_mask) =
        column.null.map_or((u32::MAX, 0), |Bit { byte, mask, .. }| (byte, mask));
    let kind = match column.kind {
        FieldKind::Bool => abi::kind::BOOL,
        FieldKind::Byte => abi::kind::BYTE,
        FieldKind::Int32 => abi::kind::INT32,
        FieldKind::Int64 => abi::kind::INT64,
        FieldKind::Double => abi::kind::DOUBLE,
        FieldKind::Variable32 => abi::kind::VARIABLE32,
        FieldKind::FixedWidth => abi::kind::FIXED_WIDTH,
    };
    Slot {
        offset: column.offset,
        null_offset,
        mask: column.mask,
        null_mask,
        kind: kind as u8,
        reserved: 0,
        size: column.size,
    }
}
