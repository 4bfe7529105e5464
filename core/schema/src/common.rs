//! The columns that every call's extent has (trace schema, §4).

use crate::{Field, Kind};

/// True if a buffer of the call should have been captured and wasn't; else null.
pub const BUFFER_NOT_CAPTURED: &str = "buffer_not_captured";
/// The positive errno of a failed call, else 0; null if the call didn't return.
pub const ERRNO_NUMBER: &str = "errno_number";
/// The kernel's id of the thread that made the call.
pub const EXECUTING_PID: &str = "executing_pid";
/// The same.
pub const EXECUTING_TID: &str = "executing_tid";
/// What the call returned, −1 if it failed; null if it didn't return.
pub const RETURN_VALUE: &str = "return_value";
/// When the call was entered, in nanoseconds since the epoch.
pub const TIME_CALLED: &str = "time_called";
/// When the recorder took it down.
pub const TIME_RECORDED: &str = "time_recorded";
/// When it returned; null if it didn't.
pub const TIME_RETURNED: &str = "time_returned";
/// The order in which calls took effect.
pub const UNIQUE_ID: &str = "unique_id";

/// All of them, sorted by name.
pub const FIELDS: [Field<'static>; 14] = [
    nullable(BUFFER_NOT_CAPTURED, Kind::Bool),
    nullable(ERRNO_NUMBER, Kind::Int32),
    nullable("errno_string", Kind::Variable32),
    nullable("executing_pgid", Kind::Int32),
    nullable(EXECUTING_PID, Kind::Int32),
    nullable("executing_ppid", Kind::Int32),
    nullable("executing_sid", Kind::Int32),
    nullable(EXECUTING_TID, Kind::Int32),
    nullable("executing_uid", Kind::Int32),
    nullable(RETURN_VALUE, Kind::Int64),
    nullable(TIME_CALLED, Kind::Int64),
    nullable(TIME_RECORDED, Kind::Int64),
    nullable(TIME_RETURNED, Kind::Int64),
    Field { name: UNIQUE_ID, kind: Kind::Int64, nullable: false },
];

const fn nullable(name: &'static str, kind: Kind) -> Field<'static> {
    Field { name, kind, nullable: true }
}
