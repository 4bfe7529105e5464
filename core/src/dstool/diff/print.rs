//! Differences, as people and programs read them.

use std::collections::HashMap;
use std::io::Write;

use dataseries::{Parts, Value};
use serde_json::json;

use super::{Arguments, Comparison, Counts, Difference, Wanted};
use crate::dstool::Result;
use crate::dstool::cell;
use crate::dstool::input::Input;
use crate::dstool::look::Look;
use crate::dstool::order::Ordered;
use crate::dstool::output::{self, count};
use crate::dstool::shape::{number, short};
use crate::verify::returned;

/// Letters that are shown of a value.
const SHOWN: usize = 60;

/// The calls that are shown of one trace.
pub struct Shown(HashMap<i64, One>);

/// One call.
struct One {
    name: String,
    path: Option<String>,
    result: String,
    /// Compared columns, as JSON.
    values: Vec<(String, String)>,
}

impl Shown {
    /// Reads the calls with these ids.
    pub fn read(input: &Input, comparison: &Comparison, wanted: &Wanted) -> Result<Self> {
        let mut shown = HashMap::new();
        if wanted.is_empty() {
            return Ok(Self(shown));
        }
        let mut ordered = Ordered::new(&input.files, None, |ty| {
            Ok(comparison.shapes.get(ty.name()).map(|_| Parts::All))
        })?;
        while let Some(at) = ordered.next()? {
            let (ty, calls, row) = ordered.call(at);
            let id = row.int64(&calls.unique_id);
            if !wanted.contains(&id) || !calls.is_main(&row) {
                continue;
            }
            let text = |column| {
                let mut text = Vec::new();
                cell::json(&row, column, false, &mut text);
                String::from_utf8_lossy(&text).into_owned()
            };
            let path = calls.paths.iter().find(|column| !matches!(row.get(column), Value::Null));
            let errno = number(&row, calls.errno_number.as_ref()).unwrap_or(0) as i32;
            let result = match number(&row, calls.return_value.as_ref()) {
                None => "?".to_owned(),
                Some(value) if errno == 0 => value.to_string(),
                Some(value) => returned(value, errno),
            };
            let shape = &comparison.shapes[ty.name()];
            let values = shape.columns.iter().map(|column| (column.name.clone(), text(column)));
            let name = short(ty.name()).to_owned();
            let (path, values) = (path.map(text), values.collect());
            shown.insert(id, One { name, path, result, values });
        }
        Ok(Self(shown))
    }
}

impl One {
    fn line(&self) -> String {
        format!("{}({}) = {}", self.name, self.path.as_deref().unwrap_or_default(), self.result)
    }
}

/// The columns that differ, with both values.
fn changes<'o>(one: &'o One, other: &'o One) -> Vec<(&'o str, &'o str, &'o str)> {
    let pairs = one.values.iter().zip(&other.values);
    pairs
        .filter(|((_, a), (_, b))| a != b)
        .map(|((name, a), (_, b))| (name.as_str(), a.as_str(), b.as_str()))
        .collect()
}

/// A long value's beginning.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Two values, from a little before where they differ.
fn apart(a: &str, b: &str) -> (String, String) {
    let same = a.char_indices().zip(b.chars()).find(|((_, a), b)| a != b);
    let Some(((at, _), _)) = same.filter(|((at, _), _)| *at > SHOWN) else {
        return (cut(a), cut(b));
    };
    let begin = (0..=at - 10).rev().find(|at| a.is_char_boundary(*at) && b.is_char_boundary(*at));
    let begin = begin.unwrap_or(0);
    (format!("…{}", cut(&a[begin..])), format!("…{}", cut(&b[begin..])))
}

/// Prints the differences, and how many there are.
pub fn print(
    arguments: &Arguments,
    look: &Look,
    counts: Counts,
    differences: &[Difference],
    shown: &[Shown; 2],
) -> Result<()> {
    let mut out = output::out();
    let paint = look.paint();
    let mut task = None;
    for difference in differences {
        let [one, other] = [0, 1].map(|side| {
            let id = difference.calls[side]?;
            Some((id, shown[side].0.get(&id)?))
        });
        if arguments.json {
            writeln!(out, "{}", object(difference, one.map(|(_, a)| a), other.map(|(_, b)| b)))?;
            continue;
        }
        if task != Some(difference.task) {
            task = Some(difference.task);
            let [a, b] =
                difference.ids.map(|id| id.map_or_else(|| "none".to_owned(), |id| id.to_string()));
            writeln!(out, "{}", paint.bold(&format!("task {}: {a} | {b}", difference.task)))?;
        }
        match (one, other) {
            (Some((a_id, a)), Some((b_id, b))) => {
                writeln!(out, "~ {a_id} | {b_id} {}", a.line())?;
                let changes = changes(a, b);
                for (name, a, b) in &changes {
                    let (a, b) = apart(a, b);
                    writeln!(out, "    {name}: {} | {}", paint.red(&a), paint.green(&b))?;
                }
                if changes.is_empty() {
                    writeln!(out, "    in its other rows")?;
                }
            }
            (Some((id, a)), None) => {
                writeln!(out, "{}", paint.red(&format!("- {id} {}", a.line())))?
            }
            (None, Some((id, b))) => {
                writeln!(out, "{}", paint.green(&format!("+ {id} {}", b.line())))?;
            }
            (None, None) => {}
        }
    }
    if !arguments.json {
        let Counts { same, changed, only } = counts;
        let [a, b] = only.map(count);
        let (same, changed) = (count(same), count(changed));
        writeln!(
            out,
            "{same} the same, {changed} changed, {a} only in the first, {b} only in the second"
        )?;
    }
    Ok(out.flush()?)
}

fn object(difference: &Difference, one: Option<&One>, other: Option<&One>) -> serde_json::Value {
    let parsed = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text).unwrap_or_else(|_| json!(text))
    };
    let columns: serde_json::Map<_, _> = match (one, other) {
        (Some(a), Some(b)) => changes(a, b)
            .into_iter()
            .map(|(name, a, b)| (name.to_owned(), json!([parsed(a), parsed(b)])))
            .collect(),
        _ => serde_json::Map::new(),
    };
    let name = one.or(other).map(|one| one.name.as_str());
    json!({
        "task": difference.task,
        "tasks": difference.ids,
        "unique_ids": difference.calls,
        "call": name,
        "columns": columns,
    })
}
