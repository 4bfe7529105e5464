//! What is known of a file, as text and as JSON.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::{Arguments, Sum, Summary};
use crate::dstool::look::Paint;
use crate::dstool::output::{bytes, count, plural};
use crate::dstool::shape::short;
use crate::dstool::{Result, time};

/// Longest command that is shown whole.
const COMMAND: usize = 200;

/// An empty line.
pub fn blank(out: &mut impl Write) -> Result<()> {
    Ok(writeln!(out)?)
}

/// Writes what is still in a buffer.
pub fn flush(out: &mut impl Write) -> Result<()> {
    Ok(out.flush()?)
}

/// For people.
pub fn text(
    summary: &Summary,
    arguments: &Arguments,
    paint: Paint,
    out: &mut impl Write,
) -> Result<()> {
    let total = &summary.total;
    let mut line =
        |name: &str, value: String| writeln!(out, "{} {value}", paint.dim(&format!("{name:<10}")));
    line("file", paint.bold(&summary.name))?;
    line(
        "size",
        format!("{} ({} bytes), {}", bytes(summary.size), count(summary.size), summary.byte_order),
    )?;
    line("state", state(summary, paint))?;
    let used = summary.types.iter().filter(|(_, sum)| sum.extents > 0).count() as u64;
    line(
        "holds",
        format!(
            "{} in {} of {}; {} described",
            plural(total.rows, "row"),
            plural(total.extents, "extent"),
            plural(used, "type"),
            plural(summary.types.len() as u64, "type")
        ),
    )?;
    let unpacked = total.fixed + total.variable;
    let stored = percent(total.stored, unpacked);
    line("unpacked", format!("{}; stored in {} ({stored})", bytes(unpacked), bytes(total.stored)))?;
    line("codecs", codecs(total))?;
    if let Some((from, to)) = summary.ranges.times {
        let spent = time::duration(to.saturating_sub(from).max(0) as u64);
        line("time", format!("{} to {} ({spent})", time::date(from), time::date(to)))?;
    }
    if let Some((from, to)) = summary.ranges.ids {
        line("unique_id", format!("{from} to {to}"))?;
    }
    for (key, values) in &summary.story {
        let text = values.join(if key == "argument" { " " } else { ", " });
        let text: String = text.chars().take(COMMAND).collect();
        line(if key == "argument" { "command" } else { key }, text)?;
    }
    table(summary, arguments.all_types, paint, out)?;
    if arguments.extents {
        extents(summary, paint, out)?;
    }
    if arguments.xml {
        for (ty, _) in
            summary.types.iter().filter(|(_, sum)| arguments.all_types || sum.extents > 0)
        {
            write!(out, "\n{}", ty.text())?;
        }
    }
    Ok(())
}

fn state(summary: &Summary, paint: Paint) -> String {
    let mut text = match summary.is_finished {
        true => paint.green("finished: tail and index are good"),
        false => paint.red("unfinished or damaged: no good tail and index"),
    };
    match summary.is_complete() {
        Some(true) => text.push_str("; the recording came to its end"),
        Some(false) => text.push_str("; the recording did not come to its end"),
        None => {}
    }
    text
}

fn table(summary: &Summary, all: bool, paint: Paint, out: &mut impl Write) -> Result<()> {
    let mut types: Vec<_> =
        summary.types.iter().filter(|(_, sum)| all || sum.extents > 0).collect();
    types.sort_by_key(|(ty, sum)| (std::cmp::Reverse(sum.rows), ty.name().to_owned()));
    if types.is_empty() {
        return Ok(());
    }
    // The last part of a name does, if it tells types apart.
    let mut shorts: Vec<&str> = types.iter().map(|(ty, _)| short(ty.name())).collect();
    shorts.sort_unstable();
    let unique = shorts.windows(2).all(|pair| pair[0] != pair[1]);
    let name = |full: &'_ str| if unique { short(full).to_owned() } else { full.to_owned() };
    let width =
        types.iter().map(|(ty, _)| name(ty.name()).chars().count()).max().unwrap_or(0).max(4);
    let head = format!(
        "{:<width$} {:>8} {:>12} {:>8} {:>10} {:>10} {:>10} {:>7}  codecs",
        "type", "version", "rows", "extents", "records", "strings", "stored", "ratio"
    );
    writeln!(out, "\n{}", paint.bold(&head))?;
    for (ty, sum) in types {
        let version = format!("{}.{:02}", ty.version().major, ty.version().minor);
        writeln!(
            out,
            "{:<width$} {version:>8} {:>12} {:>8} {:>10} {:>10} {:>10} {:>7}  {}",
            name(ty.name()),
            count(sum.rows),
            count(sum.extents),
            bytes(sum.fixed),
            bytes(sum.variable),
            bytes(sum.stored),
            percent(sum.stored, sum.fixed + sum.variable),
            codecs(sum)
        )?;
    }
    Ok(())
}

fn extents(summary: &Summary, paint: Paint, out: &mut impl Write) -> Result<()> {
    let head = format!(
        "{:>14} {:>10} {:>12} {:>12} {:>12}  type",
        "offset", "rows", "records", "strings", "stored"
    );
    writeln!(out, "\n{}", paint.bold(&head))?;
    for (entry, prefix) in &summary.extents {
        let fixed = u64::from(prefix.records) * entry.extent_type.record_size() as u64;
        writeln!(
            out,
            "{:>14} {:>10} {:>12} {:>12} {:>12}  {}",
            entry.offset,
            prefix.records,
            fixed,
            prefix.variable_size,
            prefix.stored_len(),
            entry.extent_type.name()
        )?;
    }
    Ok(())
}

fn codecs(sum: &Sum) -> String {
    let parts = sum.codecs.iter().map(|(codec, parts)| format!("{codec} {}", count(*parts)));
    parts.collect::<Vec<_>>().join(", ")
}

fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        whole => format!("{:.1} %", 100.0 * part as f64 / whole as f64),
    }
}

/// For programs: one object, on one line.
pub fn json(summary: &Summary, arguments: &Arguments, out: &mut impl Write) -> Result<()> {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("file", json!(summary.name));
    put("size", json!(summary.size));
    put("byte_order", json!(summary.byte_order));
    put("finished", json!(summary.is_finished));
    if let Some(complete) = summary.is_complete() {
        put("complete", json!(complete));
    }
    if let Some((from, to)) = summary.ranges.times {
        put("first_time", json!(from));
        put("last_time", json!(to));
    }
    if let Some((from, to)) = summary.ranges.ids {
        put("first_id", json!(from));
        put("last_id", json!(to));
    }
    put("total", sum(&summary.total));
    let types = summary.types.iter().filter(|(_, sum)| arguments.all_types || sum.extents > 0);
    let types = types.map(|(ty, of_type)| {
        let mut value = sum(of_type);
        let fields = value.as_object_mut().expect("a sum is an object");
        fields.insert("name".to_owned(), json!(ty.name()));
        fields.insert("namespace".to_owned(), json!(ty.namespace()));
        let version = ty.version();
        fields
            .insert("version".to_owned(), json!(format!("{}.{:02}", version.major, version.minor)));
        if arguments.xml {
            fields.insert("xml".to_owned(), json!(ty.text()));
        }
        value
    });
    put("types", types.collect());
    put("recorded", json!(summary.story));
    if arguments.extents {
        let extents = summary.extents.iter().map(|(entry, prefix)| {
            json!({
                "offset": entry.offset,
                "type": entry.extent_type.name(),
                "rows": prefix.records,
                "variable": prefix.variable_size,
                "stored": prefix.stored_len(),
            })
        });
        put("extents", extents.collect());
    }
    Ok(writeln!(out, "{}", Value::Object(object))?)
}

fn sum(sum: &Sum) -> Value {
    json!({
        "extents": sum.extents,
        "rows": sum.rows,
        "fixed": sum.fixed,
        "variable": sum.variable,
        "stored": sum.stored,
        "codecs": sum.codecs,
    })
}
