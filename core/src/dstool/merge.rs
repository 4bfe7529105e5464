//! `dstool merge`: several files as one.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use dataseries::{ByteOrder, Column, ExtentType, FieldKind, Packed, ParallelWriter, Parts};

use super::input::Input;
use super::look::Look;
use super::output::{Target, plural};
use super::range::{Effort, Ranges};
use super::repack::Packing;
use super::{Finding, Result, ToolError};

/// Put several files together into one
///
/// Types that several files have must be the same. Extents are copied as they are stored, those of the
/// first file first. Traces that were recorded at the same time, or one after the other, often have the
/// same order ids: --ids says what to do then.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dstool merge part-*.ds -o whole.ds
  dstool merge --ids shift first.ds second.ds -o both.ds     calls of the second after those of the first")]
pub struct Arguments {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The new file; - is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What happens to the order ids of calls
    #[arg(long, value_name = "HOW", default_value = "check")]
    ids: Ids,
    #[command(flatten)]
    packing: Packing,
}

/// What happens to order ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ids {
    /// Keep them, and refuse files whose ids overlap.
    Check,
    /// Keep them, even if they overlap.
    Keep,
    /// Add to those of each file what brings them behind the file before it.
    Shift,
}

/// Columns with order ids.
const ID_COLUMNS: [&str; 4] = ["unique_id", "called_id", "first_id", "last_id"];

impl Arguments {
    /// Merges them.
    pub fn run(self, look: &Look) -> Result<Finding> {
        let input = Input::open(&self.files, look)?;
        let shifts = self.shifts(&input)?;
        let types: Vec<Arc<ExtentType>> =
            input.files.types().iter().filter(|ty| !ty.is_reserved()).cloned().collect();
        let first = input.files.iter().next().map_or(ByteOrder::Little, |file| file.byte_order());
        let is_mixed = input.files.iter().any(|file| file.byte_order() != first);
        let byte_order = if is_mixed { ByteOrder::Little } else { first };
        let mut writer = self.packing.writer(&self.output, &types, byte_order)?;
        let progress = look.progress(input.size(), false);
        let mut rows = 0;
        for (file, shift) in input.files.iter().zip(shifts) {
            for entry in file.entries().iter().filter(|entry| entry.is_data()) {
                let stored = file.read(entry)?;
                rows += stored.record_count() as u64;
                progress.inc(stored.bytes().len() as u64);
                let ids = if shift == 0 { Vec::new() } else { id_columns(&entry.extent_type) };
                if ids.is_empty() && file.byte_order() == byte_order {
                    writer.copy(stored)?;
                    continue;
                }
                let mut extent = stored.unpack(Parts::All, file.checks())?;
                for row in 0..extent.row_count() {
                    let mut cells = extent.row_mut(row);
                    for column in
                        ids.iter().filter(|column| !cells.row().is_null(column)).collect::<Vec<_>>()
                    {
                        let id = cells.row().int64(column);
                        cells.set_int64(column, id.wrapping_add(shift));
                    }
                }
                writer.write(Packed::from(extent))?;
            }
        }
        progress.finish_and_clear();
        finish(writer)?;
        let files = plural(input.files.len() as u64, "file");
        look.note(&format!("{}: {} of {files}", self.output.display(), plural(rows, "row")));
        Ok(input.finding)
    }

    /// What is added to the ids of each file.
    fn shifts(&self, input: &Input) -> Result<Vec<i64>> {
        if self.ids == Ids::Keep {
            return Ok(vec![0; input.files.len()]);
        }
        let mut shifts = Vec::new();
        let mut before: Vec<(i64, i64, &str)> = Vec::new();
        let mut next = i64::MIN;
        for file in input.files.iter() {
            let Some((from, to)) = Ranges::of(file, Effort::All)?.ids else {
                shifts.push(0);
                continue;
            };
            let overlapping = before.iter().find(|(first, last, _)| from <= *last && *first <= to);
            if let (Ids::Check, Some((first, last, name))) = (self.ids, overlapping) {
                return Err(ToolError::Usage(format!(
                    "{name} has unique_id {first} to {last} and {} has {from} to {to}: --ids shift puts \
                     the calls of one file behind those of the other, --ids keep leaves them mixed",
                    file.name()
                )));
            }
            let shift = if self.ids == Ids::Shift && next > from { next - from } else { 0 };
            next = to.saturating_add(shift).saturating_add(1);
            before.push((from, to, file.name()));
            shifts.push(shift);
        }
        Ok(shifts)
    }
}

fn finish(writer: ParallelWriter<Target>) -> Result<()> {
    writer.finish()?.done()
}

fn id_columns(ty: &ExtentType) -> Vec<Column> {
    let columns = ID_COLUMNS.iter().filter_map(|name| ty.column_of(name, FieldKind::Int64).ok());
    columns.cloned().collect()
}
