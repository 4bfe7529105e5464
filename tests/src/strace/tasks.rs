//! Two recordings of a program side by side: whose row is the other's.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Row, kind};

/// A task by its descent: the numbers of the children that lead to it. The first process's is empty.
pub type Descent = Vec<usize>;

/// The rows of each task. What begins a trace is no call, and not among them.
///
/// # Panics
/// If a row has no task, or a task isn't descended from the first.
#[track_caller]
pub fn by_task(rows: Vec<Row>) -> BTreeMap<Descent, Vec<Row>> {
    let mut known: BTreeMap<i64, Descent> = BTreeMap::new();
    let mut children: BTreeMap<Descent, usize> = BTreeMap::new();
    let mut tasks: BTreeMap<Descent, Vec<Row>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row["unique_id"] != 0) {
        let task = row["executing_tid"].as_i64().expect("every row has a task");
        if known.is_empty() {
            known.insert(task, Descent::new());
        }
        let task = known.get(&task).unwrap_or_else(|| panic!("nobody made {task}: {row:?}"));
        let task = task.clone();
        let makes = ["clone", "clone3", "fork", "vfork"].contains(&kind(&row));
        if let (true, Some(child @ 1..)) = (makes, row["return_value"].as_i64()) {
            let number = children.entry(task.clone()).or_default();
            *number += 1;
            known.insert(child, [&task[..], &[*number]].concat());
        }
        tasks.entry(task).or_default().push(row);
    }
    tasks
}

/// All the data that `rows` read or wrote, by call and descriptor, however it was cut up.
pub fn streams<'r>(rows: impl Iterator<Item = &'r Row>) -> BTreeMap<(String, i64), Vec<u8>> {
    let mut streams = BTreeMap::<_, Vec<u8>>::new();
    for row in rows {
        let descriptor = row.get("descriptor").and_then(Value::as_i64).unwrap_or(-1);
        let data = ["data_read", "data_written"].into_iter().find_map(|name| row.get(name));
        let stream = streams.entry((kind(row).to_owned(), descriptor)).or_default();
        stream.extend(data.map(bytes).unwrap_or_default());
    }
    streams
}

/// The bytes of a column, which are text where they can be.
fn bytes(value: &Value) -> Vec<u8> {
    if let Some(text) = value.as_str() {
        return text.as_bytes().to_vec();
    }
    let digits = value.get("hex").and_then(Value::as_str).unwrap_or_default();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).filter_map(byte).collect()
}
