//! Results for people.

use std::io::{self, Write};

use super::{Latencies, Line};
use crate::quantity::{bytes, count};

/// Writes the groups as a table.
///
/// # Errors
/// The output's.
pub fn write(lines: &[Line], out: &mut impl Write) -> io::Result<()> {
    let head = [
        "", "calls", "made", "errors", "diverged", "data", "time", "mean", "p50", "p99", "max",
        "then", "ratio",
    ];
    lay_out(head, lines.iter().map(row), out)
}

/// Writes cells below their heads, the first column to the left and the others to the right.
///
/// # Errors
/// The output's.
pub fn lay_out<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
    out: &mut impl Write,
) -> io::Result<()> {
    let rows: Vec<_> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| width(column).unwrap_or(0));
    for row in &rows {
        let mut text = format!("{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// What the calls of a group have in common.
pub fn name(line: &Line) -> String {
    let mut name: Vec<String> = line.key.call.iter().cloned().collect();
    name.extend(line.key.process.map(|process| process.to_string()));
    if let Some(path) = &line.key.path {
        name.push(if path.is_empty() { "(no file)".to_owned() } else { path.clone() });
    }
    if name.is_empty() { "all".to_owned() } else { name.join(" ") }
}

fn row(line: &Line) -> [String; 13] {
    let Line { recorded, replayed, .. } = line;
    let or_nothing = |number: u64| if number == 0 { String::new() } else { count(number) };
    let is_made = line.made > 0;
    let of_made = |text: String| if is_made { text } else { String::new() };
    [
        name(line),
        count(line.calls),
        count(line.made),
        or_nothing(line.replayed_errors),
        or_nothing(line.diverged),
        if line.bytes == 0 { String::new() } else { bytes(line.bytes) },
        of_made(time(replayed.sum as f64)),
        of_made(time(replayed.mean)),
        of_made(time(replayed.p50 as f64)),
        of_made(time(replayed.p99 as f64)),
        of_made(time(replayed.max as f64)),
        of_made(time(recorded.mean)),
        of_made(ratio(replayed, recorded)),
    ]
}

/// How long calls took now, as a multiple of then.
fn ratio(now: &Latencies, then: &Latencies) -> String {
    if then.mean > 0.0 { format!("{:.2}", now.mean / then.mean) } else { String::new() }
}

/// A time in nanoseconds, in the unit that suits it.
pub fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.0} ns"),
        n if n < 1e6 => format!("{:.1} µs", n / 1e3),
        n if n < 1e9 => format!("{:.1} ms", n / 1e6),
        n => format!("{:.2} s", n / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_suits_them() {
        for (nanoseconds, text) in [
            (0.0, "0 ns"),
            (999.0, "999 ns"),
            (1500.0, "1.5 µs"),
            (2.5e6, "2.5 ms"),
            (3e9, "3.00 s"),
        ] {
            assert_eq!(time(nanoseconds), text);
        }
    }
}
