//! `dstool stats`: calls counted, or columns summed up.

mod calls;
mod columns;
mod histogram;

use std::path::PathBuf;

use clap::ValueEnum;
use dataseries::{ExtentType, Parts};

use super::input::Source;
use super::look::Look;
use super::select::{Plan, Selection};
use super::{Finding, Result, expression};

/// Count calls, errors, times and bytes; or sum up columns
///
/// For a trace, a line for each call: how often, how many failed, the time in it and how that is
/// distributed, and the bytes that it moved. For other files, or with --by-column or -c, a line for each column:
/// values, nulls, smallest, largest, mean.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{}\n\nExamples:
  dstool stats trace.ds
  dstool stats --by process trace.ds
  dstool stats --by path --sort calls -n 20 trace.ds
  dstool stats --by-column -t read trace.ds
  dstool stats --json trace.ds | jq .", expression::HELP))]
pub struct Arguments {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    /// What is counted together
    #[arg(long, value_name = "WHAT", default_value = "call", help_heading = "How")]
    by: By,
    /// What comes first
    #[arg(long, value_name = "WHAT", default_value = "time", help_heading = "How")]
    sort: Sort,
    /// No more lines than N
    #[arg(short = 'n', long, value_name = "N", help_heading = "How")]
    limit: Option<usize>,
    /// Sum up columns
    #[arg(long, help_heading = "How")]
    by_column: bool,
    /// Print an object for each line
    #[arg(long, help_heading = "How")]
    json: bool,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// Calls of one kind.
    Call,
    /// Calls of one task.
    Process,
    /// Calls that ended in the same way.
    Errno,
    /// Calls that name the same path.
    Path,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// What took the longest altogether.
    Time,
    /// What was called most often.
    Calls,
    /// What failed most often.
    Errors,
    /// What moved most bytes.
    Bytes,
    /// By name.
    Name,
}

impl By {
    /// What has to be unpacked for it.
    fn parts(self, plan: &Plan) -> Parts {
        let needs_strings = self == Self::Path || plan.condition_needs_strings();
        if needs_strings { Parts::All } else { Parts::Fixed }
    }
}

impl Arguments {
    /// Counts.
    pub fn run(self, look: &Look) -> Result<Finding> {
        let mut source = Source::open(&self.files, look, false)?;
        let selected = self.selection.among(source.types())?;
        let has_calls =
            source.types().iter().any(|ty| selected.wants(ty) && super::order::Ordered::takes(ty));
        if self.by_column || selected.has_columns() || !has_calls {
            let mut sums = columns::Sums::default();
            let parts = |ty: &ExtentType| Ok(selected.plan(ty)?.parts);
            while let Some(next) = source.next_unpacked(|ty| selected.wants(ty), parts)? {
                sums.add(&next.extent, &selected.plan(next.extent.extent_type())?);
                source.recycle(next);
            }
            sums.print(self.json, look.paint())?;
            return Ok(source.finding());
        }
        let mut counts = calls::Counts::new(self.by);
        let wanted = |ty: &ExtentType| selected.wants(ty) && super::order::Ordered::takes(ty);
        let parts = |ty: &ExtentType| Ok(self.by.parts(&selected.plan(ty)?));
        while let Some(next) = source.next_unpacked(wanted, parts)? {
            counts.add(&next.extent, &selected.plan(next.extent.extent_type())?);
            source.recycle(next);
        }
        counts.print(self.sort, self.limit, self.json, look.paint())?;
        Ok(source.finding())
    }
}
