//! Calls, counted together by one thing or another.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::Write;

use dataseries::{Extent, Row};
use serde_json::{Value, json};

use super::histogram::Histogram;
use super::{By, Sort};
use crate::dstool::look::Paint;
use crate::dstool::output::{self, bytes, count};
use crate::dstool::select::Plan;
use crate::dstool::shape::{Calls, number, short};
use crate::dstool::{Result, time};
use crate::verify::returned;

/// What is known of the calls that are counted together.
#[derive(Clone, Debug, Default)]
struct Tally {
    calls: u64,
    errors: u64,
    bytes: u64,
    /// Calls whose duration is known.
    timed: u64,
    total: u64,
    longest: u64,
    histogram: Histogram,
}

/// Counts.
#[derive(Debug)]
pub struct Counts {
    by: By,
    tallies: HashMap<String, Tally>,
    shapes: HashMap<String, Calls>,
}

impl Counts {
    pub fn new(by: By) -> Self {
        Self { by, tallies: HashMap::new(), shapes: HashMap::new() }
    }

    /// Counts the calls of an extent.
    pub fn add(&mut self, extent: &Extent, plan: &Plan) {
        let ty = extent.extent_type();
        let name = ty.name();
        if !self.shapes.contains_key(name)
            && let Some(calls) = Calls::of(ty)
        {
            self.shapes.insert(name.to_owned(), calls);
        }
        let Some(calls) = self.shapes.get(name) else { return };
        for row in extent.rows().filter(|row| calls.is_main(row) && plan.wants(row)) {
            let key = key(self.by, name, calls, &row);
            let tally = match self.tallies.get_mut(key.as_str()) {
                Some(tally) => tally,
                None => self.tallies.entry(key).or_default(),
            };
            tally.add(calls, &row, self.by != By::Path);
        }
    }

    /// Prints a line for each tally, and one for all.
    pub fn print(&self, sort: Sort, limit: Option<usize>, json: bool, paint: Paint) -> Result<()> {
        let mut out = output::out();
        let mut tallies: Vec<(&String, &Tally)> = self.tallies.iter().collect();
        tallies.sort_by_key(|(name, tally)| {
            let first = match sort {
                Sort::Time => tally.total,
                Sort::Calls => tally.calls,
                Sort::Errors => tally.errors,
                Sort::Bytes => tally.bytes,
                Sort::Name => 0,
            };
            (Reverse(first), (*name).clone())
        });
        let shown = &tallies[..limit.unwrap_or(usize::MAX).min(tallies.len())];
        if json {
            for (name, tally) in shown {
                writeln!(out, "{}", tally.json(self.by, name))?;
            }
            return Ok(out.flush()?);
        }
        let head = format!(
            "{:>12} {:>10} {:>11} {:>10} {:>10} {:>10} {:>10} {:>10}  {}",
            "calls",
            "errors",
            "time",
            "mean",
            "median",
            "99 %",
            "longest",
            "bytes",
            self.by.name()
        );
        writeln!(out, "{}", paint.bold(&head))?;
        for (name, tally) in shown {
            writeln!(out, "{}  {}", tally.line(), paint.cyan(name))?;
        }
        let mut all = Tally::default();
        tallies.iter().for_each(|(_, tally)| all.include(tally));
        writeln!(out, "{}  {}", all.line(), paint.bold("in all"))?;
        Ok(out.flush()?)
    }
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Process => "process",
            Self::Errno => "errno",
            Self::Path => "path",
        }
    }
}

fn key(by: By, name: &str, calls: &Calls, row: &Row<'_>) -> String {
    match by {
        By::Call => short(name).to_owned(),
        By::Process => match calls.task.as_ref().filter(|task| !row.is_null(task)) {
            Some(task) => row.int32(task).to_string(),
            None => "?".to_owned(),
        },
        By::Errno => match number(row, calls.errno_number.as_ref()) {
            Some(0) => "success".to_owned(),
            Some(errno) => returned(-1, errno as i32),
            None => "didn't return".to_owned(),
        },
        By::Path => {
            let path = calls.paths.iter().find(|column| !row.is_null(column));
            path.map_or_else(
                || "no path".to_owned(),
                |column| {
                    let path = row.bytes(column);
                    path.strip_suffix(b"\0").unwrap_or(path).escape_ascii().to_string()
                },
            )
        }
    }
}

impl Tally {
    fn add(&mut self, calls: &Calls, row: &Row<'_>, in_detail: bool) {
        self.calls += 1;
        let errno = number(row, calls.errno_number.as_ref()).unwrap_or(0);
        let value = number(row, calls.return_value.as_ref());
        if errno != 0 {
            self.errors += 1;
        } else if calls.moves_bytes {
            let moved = value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
            self.bytes = self.bytes.saturating_add(moved);
        }
        let at = |column| number(row, column).map(time::nanoseconds);
        let (Some(called), Some(ended)) =
            (at(calls.time_called.as_ref()), at(calls.time_returned.as_ref()))
        else {
            return;
        };
        let Ok(spent) = u64::try_from(ended.saturating_sub(called)) else { return };
        self.timed += 1;
        self.total = self.total.saturating_add(spent);
        self.longest = self.longest.max(spent);
        if in_detail {
            self.histogram.add(spent);
        }
    }

    fn include(&mut self, other: &Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.timed += other.timed;
        self.total = self.total.saturating_add(other.total);
        self.longest = self.longest.max(other.longest);
        self.histogram.include(&other.histogram);
    }

    /// The time that this share of the calls didn't take longer than.
    fn quantile(&self, share: f64) -> u64 {
        self.histogram.quantile(share).min(self.longest)
    }

    fn mean(&self) -> u64 {
        self.total.checked_div(self.timed).unwrap_or(0)
    }

    fn line(&self) -> String {
        let or_dash = |is_known: bool, text: String| if is_known { text } else { "-".to_owned() };
        let has_detail = self.histogram.quantile(1.0) > 0;
        format!(
            "{:>12} {:>10} {:>11} {:>10} {:>10} {:>10} {:>10} {:>10}",
            count(self.calls),
            or_dash(self.errors > 0, count(self.errors)),
            or_dash(self.timed > 0, time::duration(self.total)),
            or_dash(self.timed > 0, time::duration(self.mean())),
            or_dash(has_detail, time::duration(self.quantile(0.5))),
            or_dash(has_detail, time::duration(self.quantile(0.99))),
            or_dash(self.timed > 0, time::duration(self.longest)),
            or_dash(self.bytes > 0, bytes(self.bytes)),
        )
    }

    fn json(&self, by: By, name: &str) -> Value {
        json!({
            by.name(): name,
            "calls": self.calls,
            "errors": self.errors,
            "bytes": self.bytes,
            "time_ns": self.total,
            "mean_ns": self.mean(),
            "median_ns": self.quantile(0.5),
            "p99_ns": self.quantile(0.99),
            "longest_ns": self.longest,
        })
    }
}
