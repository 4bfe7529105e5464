//! Record types that belong to the trace and to no call. The original tools ignore them.

use crate::{Field, Kind, extent_type};

/// A record type of the trace's own.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    /// Full name of the extent type.
    pub name: &'static str,
    /// Its columns.
    pub fields: &'static [Field<'static>],
}

impl Added {
    /// The XML of the extent type.
    pub fn extent_type(&self) -> String {
        extent_type(self.name, "1.00", self.fields)
    }
}

/// What the trace says of itself: pairs of a key and a value, both text. Keys are listed in
/// [`info`]; a reader ignores those it doesn't know.
pub const INFO: Added = Added { name: "Recorder::Info", fields: &[text("key"), text("value")] };

/// Keys of [`INFO`].
pub mod info {
    /// Name and version of the recorder.
    pub const RECORDER: &str = "recorder";
    /// Name and version of the replayer, if the trace is that of a replay.
    pub const REPLAYER: &str = "replayer";
    /// Which backend captured the calls.
    pub const BACKEND: &str = "backend";
    /// Unit of the common time columns: `nanoseconds`.
    pub const TIME_UNIT: &str = "time_unit";
    /// The host's name.
    pub const HOST: &str = "host";
    /// The kernel's release.
    pub const KERNEL: &str = "kernel";
    /// The machine's architecture.
    pub const ARCHITECTURE: &str = "architecture";
    /// An argument of the recorded command; one row each, in order.
    pub const ARGUMENT: &str = "argument";
    /// A plugin and its version; one row each.
    pub const PLUGIN: &str = "plugin";
    /// What is stored of the files that the program came upon: `none`, `meta`, `read` or `full`.
    pub const SNAPSHOT: &str = "snapshot";
    /// At the end: how many files are in the snapshot.
    pub const SNAPSHOT_FILES: &str = "snapshot_files";
    /// At the end: how many contents, each counted once.
    pub const SNAPSHOT_CONTENTS: &str = "snapshot_contents";
    /// At the end: how many bytes they have, without holes.
    pub const SNAPSHOT_BYTES: &str = "snapshot_bytes";
    /// At the end: how many contents are missing, and why; one row each, as `2 larger than the limit`.
    pub const SNAPSHOT_MISSING: &str = "snapshot_missing";
    /// At the end: how many calls were recorded.
    pub const CALLS: &str = "calls";
    /// At the end: how many calls no plugin knew, with their name; one row each, as `12 futex`.
    pub const NOT_RECORDED: &str = "not_recorded";
    /// At the end: how many calls were refused, with their name; one row each, as `1 io_uring_setup`.
    pub const REFUSED: &str = "refused";
    /// At the end: how much of what a call does isn't in the trace, as `17 requests of io_uring_enter`; one
    /// row each.
    pub const HIDDEN: &str = "hidden";
    /// At the end: how many pages were stored through shared mappings of files.
    pub const STORED_PAGES: &str = "stored_pages";
    /// At the end: through how many mappings something may have been stored that wasn't recorded.
    pub const UNWATCHED_MAPPINGS: &str = "unwatched_mappings";
    /// At the end: how many pages of files were recorded as they were mapped.
    pub const LOADED_PAGES: &str = "loaded_pages";
    /// At the end: of how many mappings the content should have been recorded and wasn't.
    pub const UNREAD_MAPPINGS: &str = "unread_mappings";
    /// At the end: how many buffers couldn't be captured.
    pub const BUFFERS_NOT_CAPTURED: &str = "buffers_not_captured";
    /// At the end of a trace that was made of text: how many columns are null because it doesn't tell them.
    pub const VALUES_NOT_CAPTURED: &str = "values_not_captured";
    /// At the end of a trace that was made of text: what that didn't have, as `4 strings were cut off`; one row
    /// each.
    pub const NOT_IN_LOG: &str = "not_in_log";
    /// At the end of a trace that was made of text: how many lines made no sense.
    pub const MALFORMED_LINES: &str = "malformed_lines";
    /// At the end: how many calls of 32-bit programs were passed over.
    pub const FOREIGN_ABI_CALLS: &str = "foreign_abi_calls";
    /// Which strings of environments were recorded: `all`, `none`, or names of variables.
    pub const ENVIRONMENT: &str = "environment";
    /// Most bytes of a value that were recorded, if there was a limit.
    pub const VALUE_LIMIT: &str = "value_limit";
    /// `hashed` if other bytes were recorded in place of the data that calls moved.
    pub const PAYLOAD: &str = "payload";
    /// At the end: how many calls were seen that the user didn't ask for.
    pub const NOT_SELECTED: &str = "not_selected";
    /// At the end: `yes` if the recorder let go of programs that ran on.
    pub const DETACHED: &str = "detached";
    /// At the end: how many values were cut or left out, as the recorder was asked to.
    pub const VALUES_CUT: &str = "values_cut";
    /// At the end: how many rows of calls were made and not kept, for they were too old or too many.
    pub const ROWS_NOT_KEPT: &str = "rows_not_kept";
    /// At the end of what a flight recorder wrote: what made it write.
    pub const DUMPED: &str = "dumped";
    /// At the end: how many calls the agent recorded in the program, without a stop.
    pub const CALLS_IN_PROGRAM: &str = "calls_in_program";
    /// At the end: how many system-call instructions the agent rewrote.
    pub const INSTRUCTIONS_REWRITTEN: &str = "instructions_rewritten";
    /// At the end: how many it left as they were, so that their calls stop.
    pub const INSTRUCTIONS_LEFT: &str = "instructions_left";
    /// At the end: how many programs ran without the agent, each from its start to its end.
    pub const PROGRAMS_WITHOUT_AGENT: &str = "programs_without_agent";
    /// At the end: how many records of the agent's the program destroyed, or nobody could make.
    pub const RECORDS_LOST: &str = "records_lost";
    /// At the end: how many calls were recorded without the plugin that was to write their rows, and its name.
    pub const PLUGIN_FAILED: &str = "plugin_failed";
    /// At the end: `yes` if the recorder finished by itself.
    pub const COMPLETE: &str = "complete";
}

/// The state in which a process was when its first call was recorded.
pub const STATE: Added = Added {
    name: "Recorder::State",
    fields: &[
        Field { name: "flags", kind: Kind::Int32, nullable: true },
        text("key"),
        Field { name: "number", kind: Kind::Int64, nullable: true },
        Field { name: "offset", kind: Kind::Int64, nullable: true },
        Field { name: "task", kind: Kind::Int32, nullable: false },
        Field { name: "value", kind: Kind::Variable32, nullable: true },
    ],
};

/// Keys of [`STATE`].
pub mod state {
    /// `value` is the working directory.
    pub const CWD: &str = "cwd";
    /// `value` is the root directory.
    pub const ROOT: &str = "root";
    /// `number` is the umask.
    pub const UMASK: &str = "umask";
    /// `number` is the effective user.
    pub const USER: &str = "user";
    /// `number` is the effective group.
    pub const GROUP: &str = "group";
    /// Descriptor `number` is open on what `value` names, with the open(2) flags `flags`, at `offset`.
    pub const DESCRIPTOR: &str = "descriptor";
}

/// A thread of the recorded program.
pub const TASK: Added = Added {
    name: "Recorder::Task",
    fields: &[
        Field { name: "exit_status", kind: Kind::Int32, nullable: true },
        Field { name: "first_id", kind: Kind::Int64, nullable: false },
        Field { name: "last_id", kind: Kind::Int64, nullable: true },
        Field { name: "parent", kind: Kind::Int32, nullable: true },
        Field { name: "process", kind: Kind::Int32, nullable: false },
        Field { name: "signal", kind: Kind::Int32, nullable: true },
        Field { name: "task", kind: Kind::Int32, nullable: false },
    ],
};

/// Calls that others overlapped: `called_id` is the order id taken when the call was entered, where
/// `unique_id` was taken when it returned. A call that isn't listed has `called_id = unique_id − 1`, or
/// `unique_id` itself if its record belongs to the moment it was entered.
pub const OVERLAP: Added = Added {
    name: "Recorder::Overlap",
    fields: &[
        Field { name: "called_id", kind: Kind::Int64, nullable: false },
        Field { name: "unique_id", kind: Kind::Int64, nullable: false },
    ],
};

/// The initial state of a file that the program came upon, before its first change: a row for each name. A
/// second row for a name adds the content, which wasn't needed when the first one was written.
pub const FILE: Added = Added {
    name: "Recorder::File",
    fields: &[
        Field { name: "access_time", kind: Kind::Int64, nullable: false },
        // Key into [`CONTENT`].
        Field { name: "content", kind: Kind::Variable32, nullable: true },
        Field { name: "device", kind: Kind::Int64, nullable: false },
        // Order id of the call that came upon it; 0 if it was the recorder.
        Field { name: "first_id", kind: Kind::Int64, nullable: false },
        Field { name: "group", kind: Kind::Int32, nullable: false },
        Field { name: "inode", kind: Kind::Int64, nullable: false },
        Field { name: "links", kind: Kind::Int64, nullable: false },
        // Type and permissions, as in `st_mode`.
        Field { name: "mode", kind: Kind::Int32, nullable: false },
        Field { name: "modification_time", kind: Kind::Int64, nullable: false },
        // Why something of it isn't stored; for people.
        Field { name: "note", kind: Kind::Variable32, nullable: true },
        Field { name: "owner", kind: Kind::Int32, nullable: false },
        // From the root of the file system, without symbolic links on the way.
        Field { name: "path", kind: Kind::Variable32, nullable: false },
        // Which device a device file is of.
        Field { name: "represented_device", kind: Kind::Int64, nullable: false },
        Field { name: "size", kind: Kind::Int64, nullable: false },
        // Where a symbolic link leads.
        Field { name: "target", kind: Kind::Variable32, nullable: true },
    ],
};

/// An extended attribute of a file in [`FILE`].
pub const XATTR: Added =
    Added { name: "Recorder::Xattr", fields: &[text("name"), text("path"), text("value")] };

/// Contents of files in [`FILE`], each once: runs of bytes, in the order of their offsets. What lies between
/// them is a hole.
///
/// The key is a SHA-256: of the file's bytes if it has no holes; else of `b"sparse"`, the file's size and
/// then each run's offset and bytes, the numbers as 8 bytes, least first.
pub const CONTENT: Added = Added {
    name: "Recorder::Content",
    fields: &[
        text("data"),
        text("hash"),
        Field { name: "offset", kind: Kind::Int64, nullable: false },
    ],
};

/// All of them.
pub const ALL: [Added; 7] = [INFO, STATE, TASK, OVERLAP, FILE, XATTR, CONTENT];

const fn text(name: &'static str) -> Field<'static> {
    Field { name, kind: Kind::Variable32, nullable: false }
}
