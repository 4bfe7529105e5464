//! `dstool slice`: some of the calls of a trace, as a trace.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use dataseries::{Extent, ExtentBuilder, ExtentType, ParallelWriter, Parts, Row, StoredExtent};

use super::follow::Follower;
use super::group::Grouped;
use super::input::{Input, Source};
use super::look::Look;
use super::names::{self, Names};
use super::order::Ordered;
use super::output::{Target, count, plural};
use super::range::{Effort, Ranges};
use super::repack::{Packing, builder, copy_row};
use super::select::{Plan, Selected, Selection, fits};
use super::shape::{Calls, number};
use super::time::{self, When};
use super::{Finding, Result, ToolError};
use crate::trace::Story;

/// What extents of the new file have in bytes, unpacked.
const EXTENT_SIZE: usize = 1 << 20;

/// Take some of the calls of a trace, by time, process, call or path, as a trace of its own
///
/// A call is taken if all that was asked for fits; then all its rows are. Rows that belong to no call
/// (what the trace says of itself) are kept, and so is the first record of the trace, which a replay
/// starts from; --exact leaves both out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dstool slice --from +1.5s --to +2s trace.ds -o moment.ds
  dstool slice --pid 4711,4712 trace.ds -o child.ds
  dstool slice --path '/etc/*' trace.ds -o etc.ds         opens, reads, closes: all on these files
  dstool slice -w 'errno_number != 0' trace.ds -o failed.ds")]
pub struct Arguments {
    /// The files; several are one trace; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The new file; - is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    selection: Selection,
    /// Calls entered at TIME or later: +1.5s after the first one, 1700000000.25 or 2026-11-24T20:15:00Z
    #[arg(long, value_name = "TIME", value_parser = time::when, help_heading = "What")]
    from: Option<When>,
    /// Calls entered before TIME
    #[arg(long, value_name = "TIME", value_parser = time::when, help_heading = "What")]
    to: Option<When>,
    /// Calls of these processes (ids of tasks, separated by commas)
    #[arg(short, long, value_name = "PID", value_delimiter = ',', help_heading = "What")]
    pid: Vec<i32>,
    /// Calls with order ids from A up to but not including B
    #[arg(long, value_name = "A..B", value_parser = ids, help_heading = "What")]
    ids: Option<(i64, i64)>,
    /// Calls on a path with TEXT in it, or that fits a pattern with *: those that name it, and where
    /// plugins know the calls, those on descriptors that are open on it
    #[arg(long, value_name = "TEXT", help_heading = "What")]
    path: Vec<String>,
    /// Nothing else than what was asked for
    #[arg(long, help_heading = "What")]
    exact: bool,
    #[command(flatten)]
    packing: Packing,
    #[command(flatten)]
    names: names::Options,
}

fn ids(text: &str) -> Result<(i64, i64), String> {
    let wrong = || format!("{text:?} is no range: write 10..20, 10.. or ..20");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str, open| match text {
        "" => Ok(open),
        text => text.parse().map_err(|_| wrong()),
    };
    Ok((number(from, i64::MIN)?, number(to, i64::MAX)?))
}

/// What is asked for, of any call.
struct Wanted {
    /// Nanoseconds since the epoch.
    times: (i64, i64),
    has_times: bool,
    pids: Vec<i32>,
    ids: (i64, i64),
    paths: Vec<String>,
    /// Ids of calls on files with such paths, whether they name them or not; ascending.
    on_paths: Vec<i64>,
    /// The order id of the record that is kept in any case.
    start: Option<i64>,
}

impl Arguments {
    /// Takes them.
    pub fn run(self, look: &Look) -> Result<Finding> {
        if !self.selection.columns.is_empty() {
            let problem = "-c isn't for slice: rows keep all their columns".to_owned();
            return Err(ToolError::Usage(problem));
        }
        let input = Input::open(&self.files, look)?;
        let selected = self.selection.among(input.files.types())?;
        let wanted = self.wanted(&input, look)?;
        let types: Vec<_> =
            input.files.types().iter().filter(|ty| !ty.is_reserved()).cloned().collect();
        let mut source = Source::of(input, look, false);
        let byte_order = dataseries::ByteOrder::Little;
        let writer = self.packing.writer(&self.output, &types, byte_order)?;
        let mut slicing = Slicing {
            writer,
            wanted: &wanted,
            selected: &selected,
            exact: self.exact,
            types: HashMap::new(),
            rows: 0,
            left: 0,
        };
        let all = |_: &ExtentType| Ok(Parts::All);
        while let Some(next) = source.next_unpacked(|ty| !ty.is_reserved(), all)? {
            slicing.add(&next.extent, next.stored)?;
        }
        let (rows, left) = slicing.finish()?;
        let all = plural(rows + left, "row");
        look.note(&format!("{}: {} of {all}", self.output.display(), count(rows)));
        Ok(source.finding())
    }

    fn wanted(&self, input: &Input, look: &Look) -> Result<Wanted> {
        let mut first = Ranges::default();
        for file in input.files.iter() {
            let ranges = Ranges::of(file, Effort::Ends)?;
            let earlier = |a: super::range::Range, b: super::range::Range| match (a, b) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (a, b) => a.or(b),
            };
            first = Ranges {
                ids: earlier(first.ids, ranges.ids),
                times: earlier(first.times, ranges.times),
            };
        }
        let start_time = first.times.map_or(0, |(from, _)| from);
        let since =
            |when: Option<When>, open| when.map_or(open, |when| when.since_epoch(start_time));
        Ok(Wanted {
            times: (since(self.from, i64::MIN), since(self.to, i64::MAX)),
            has_times: self.from.is_some() || self.to.is_some(),
            pids: self.pid.clone(),
            ids: self.ids.unwrap_or((i64::MIN, i64::MAX)),
            paths: self.path.clone(),
            on_paths: self.on_paths(input, look)?,
            start: first.ids.map(|(first, _)| first).filter(|_| !self.exact),
        })
    }

    /// The ids of the calls on files with one of the paths, in order; of those that plugins know.
    fn on_paths(&self, input: &Input, look: &Look) -> Result<Vec<i64>> {
        let mut ids = Vec::new();
        if self.path.is_empty() {
            return Ok(ids);
        }
        let names = Names::open(&self.names)?;
        if !names.has_plugins() {
            look.note(
                "no plugins were found, so calls on descriptors are left that don't name their path; \
                 --plugins DIR names some",
            );
        }
        let mut story = Story::default();
        for file in input.files.iter() {
            // What can't be read of it isn't known.
            let _ = story.read(file);
        }
        let mut follower = Follower::new(&names, &story);
        let mut ordered =
            Ordered::new(&input.files, None, |ty| Ok(follower.wants(ty).then_some(Parts::All)))?;
        while let Some(at) = ordered.next()? {
            let (ty, calls, row) = ordered.call(at);
            if calls.is_element(&row) {
                continue;
            }
            let files = follower.files(ty, calls, &row);
            let id = row.int64(&calls.unique_id);
            if files.iter().any(|file| is_on(&self.path, file)) && ids.last() != Some(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}

/// Whether a path has one of the texts in it, or fits one of the patterns.
fn is_on(wanted: &[String], path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path.strip_suffix(b"\0").unwrap_or(path));
    wanted.iter().any(|wanted| match wanted.contains('*') {
        true => fits(wanted, &path),
        false => path.contains(wanted.as_str()),
    })
}

impl Wanted {
    fn takes(&self, calls: &Calls, row: &Row<'_>) -> bool {
        self.time_fits(calls, row)
            && self.pid_fits(calls, row)
            && (self.ids.0..self.ids.1).contains(&row.int64(&calls.unique_id))
            && self.path_fits(calls, row)
    }

    fn time_fits(&self, calls: &Calls, row: &Row<'_>) -> bool {
        if !self.has_times {
            return true;
        }
        let time = number(row, calls.time_called.as_ref()).map(time::nanoseconds);
        time.is_some_and(|time| (self.times.0..self.times.1).contains(&time))
    }

    fn pid_fits(&self, calls: &Calls, row: &Row<'_>) -> bool {
        let task = || calls.task.as_ref().map(|column| row.int32(column));
        self.pids.is_empty() || task().is_some_and(|task| self.pids.contains(&task))
    }

    fn path_fits(&self, calls: &Calls, row: &Row<'_>) -> bool {
        if self.paths.is_empty() {
            return true;
        }
        let mut named = calls.paths.iter().filter(|column| !row.is_null(column));
        named.any(|column| is_on(&self.paths, row.bytes(column)))
            || self.on_paths.binary_search(&row.int64(&calls.unique_id)).is_ok()
    }

    fn is_start(&self, calls: &Calls, row: &Row<'_>) -> bool {
        !calls.is_element(row) && self.start == Some(row.int64(&calls.unique_id))
    }
}

/// What is known of a type while slicing.
struct OfType {
    calls: Option<Calls>,
    plan: Plan,
    is_selected: bool,
    grouped: Grouped,
    builder: ExtentBuilder,
}

struct Slicing<'s> {
    writer: ParallelWriter<Target>,
    wanted: &'s Wanted,
    selected: &'s Selected,
    exact: bool,
    types: HashMap<String, OfType>,
    rows: u64,
    left: u64,
}

impl Slicing<'_> {
    fn add(&mut self, extent: &Extent, stored: StoredExtent) -> Result<()> {
        let ty = extent.extent_type().clone();
        let chosen = self.choose(&ty, extent)?;
        let rows = chosen.iter().filter(|chosen| **chosen).count();
        self.rows += rows as u64;
        self.left += (chosen.len() - rows) as u64;
        let of_type = self.types.get_mut(ty.name()).expect("its rows were just chosen");
        let is_ours = stored.byte_order() == self.writer.writer().byte_order();
        if rows == chosen.len() && is_ours && of_type.builder.row_count() == 0 {
            return Ok(self.writer.copy(stored)?);
        }
        for (row, _) in extent.rows().zip(&chosen).filter(|(_, chosen)| **chosen) {
            if of_type.builder.is_full() {
                let mut packed = self.writer.spare();
                of_type.builder.take_into(&mut packed);
                self.writer.write(packed)?;
            }
            copy_row(&mut of_type.builder, &ty, &row)?;
        }
        Ok(())
    }

    fn choose(&mut self, ty: &Arc<ExtentType>, extent: &Extent) -> Result<Vec<bool>> {
        if !self.types.contains_key(ty.name()) {
            let of_type = OfType {
                calls: Calls::of(ty),
                plan: self.selected.plan(ty)?,
                is_selected: self.selected.wants(ty),
                grouped: Grouped::default(),
                builder: builder(ty, EXTENT_SIZE)?,
            };
            self.types.insert(ty.name().to_owned(), of_type);
        }
        let of_type = self.types.get_mut(ty.name()).expect("it was just put there");
        let OfType { calls, plan, is_selected, grouped, .. } = of_type;
        let Some(calls) = calls else {
            return Ok(vec![!self.exact; extent.row_count()]);
        };
        let (wanted, is_selected) = (self.wanted, *is_selected);
        Ok(grouped.choose(calls, extent, |row| {
            (is_selected && wanted.takes(calls, row) && plan.wants(row))
                || wanted.is_start(calls, row)
        }))
    }

    /// Finishes the file; returns how many rows it has, and how many were left.
    fn finish(mut self) -> Result<(u64, u64)> {
        let mut types: Vec<_> = self.types.drain().collect();
        types.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, mut of_type) in types {
            if of_type.builder.row_count() > 0 {
                self.writer.write(of_type.builder.take())?;
            }
        }
        self.writer.finish()?.done()?;
        Ok((self.rows, self.left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_ranges_have_one_or_two_ends() {
        assert_eq!(ids("10..20"), Ok((10, 20)));
        assert_eq!(ids("-5.."), Ok((-5, i64::MAX)));
        assert_eq!(ids("..5"), Ok((i64::MIN, 5)));
        assert!(ids("5").is_err() && ids("a..b").is_err());
    }
}
