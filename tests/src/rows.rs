//! The rows of a trace, with what differs from run to run left out.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::tool::prints;

/// A row: its extent's type, and its columns.
pub type Row = BTreeMap<String, Value>;

/// Columns that differ from run to run: times, ids, and what the machine is just doing.
const VOLATILE: [&str; 19] = [
    "unique_id",
    "working_directory",
    "time_called",
    "time_returned",
    "time_recorded",
    "executing_pid",
    "executing_tid",
    "access_time",
    "mod_time",
    "dirent_buffer",
    "statfs_result_bavail",
    "statfs_result_bfree",
    "statfs_result_ffree",
    "uptime",
    "free_memory",
    "buffer_memory",
    "shared_memory",
    "processes",
    "current_time",
];

/// The same of a file, as its status has it.
const VOLATILE_STATUS: [&str; 6] = ["_atime", "_btime", "_ctime", "_mtime", "_ino", "_dev"];

fn is_volatile(column: &str) -> bool {
    VOLATILE.contains(&column) || VOLATILE_STATUS.iter().any(|end| column.ends_with(end))
}

/// The rows of calls of `trace`, in the order of each task. Processes and threads are numbered in the
/// order in which they turn up.
///
/// # Panics
/// If dstool can't read it.
pub fn rows(trace: &Path) -> Vec<Row> {
    let text = prints(&["cat", "--json"], trace);
    let mut rows: Vec<Row> =
        text.lines().map(|line| serde_json::from_str(line).expect("a row is an object")).collect();
    rows.retain(|row| row["extent_type"].as_str().is_some_and(|name| !name.contains("Recorder::")));
    // What a program reads of its own mappings isn't the same: the agent is among them.
    rows.retain(|row| {
        let data = row.get("data_read").and_then(Value::as_str).unwrap_or_default();
        !["r--p 0", "rw-p 0", "r-xp 0"].iter().any(|access| data.contains(access))
    });
    let mut tasks = BTreeMap::new();
    for row in &rows {
        if let Some(task) = row.get("executing_tid").and_then(Value::as_i64) {
            let next = tasks.len();
            tasks.entry(task).or_insert(next);
        }
    }
    for row in &mut rows {
        let task = row.get("executing_tid").and_then(Value::as_i64);
        let task = task.and_then(|task| tasks.get(&task)).copied().unwrap_or_default();
        row.insert("task".to_owned(), task.into());
        row.retain(|column, _| !is_volatile(column));
        let name = row["extent_type"].as_str().unwrap_or_default().rsplit("::").next();
        match name {
            Some("getrandom") => drop(row.remove("data_read")),
            // The recorder.
            Some("getppid") => drop(row.remove("return_value")),
            _ => {}
        }
        for (_, value) in row.iter_mut().filter(|(column, _)| *column != "task") {
            if let Some(task) =
                value.as_i64().filter(|number| *number > 2).and_then(|n| tasks.get(&n))
            {
                *value = Value::String(format!("task {task}"));
            }
        }
    }
    rows.sort_by_key(|row| row["task"].as_u64());
    rows
}

/// What `trace` says of itself; of what it says more than once, the last.
///
/// # Panics
/// If dstool can't read it.
pub fn info(trace: &Path) -> BTreeMap<String, String> {
    let text = prints(&["cat", "--json", "-t", "Recorder::Info"], trace);
    let rows = text.lines().map(|line| {
        let row: Row = serde_json::from_str(line).expect("a row is an object");
        let text = |column: &str| row[column].as_str().unwrap_or_default().to_owned();
        (text("key"), text("value"))
    });
    rows.collect()
}
