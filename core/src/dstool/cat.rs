//! `dstool cat`: rows as text, JSON lines, CSV, or readable calls.

mod calls;
mod csv;
mod json;
mod printing;
mod text;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use dataseries::{ExtentType, Row};

use super::input::{self, Input, Source};
use super::look::Look;
use super::names::{self, Names};
use super::normalize::Normalizer;
use super::select::{Plan, Selected, Selection};
use super::{Finding, Result, expression, output};
use printing::{Printing, Window};

const EXAMPLES: &str = "Examples:
  dstool cat trace.ds                                     everything, as the first dump tool printed it
  dstool cat --calls trace.ds | less                      the calls in their order, readable
  dstool cat --json -t openat,read trace.ds | jq .        one object a line
  dstool cat --csv -t read -c unique_id,return_value trace.ds > reads.csv
  dstool cat -w 'given_pathname =~ \"^/etc\"' --calls trace.ds
  zcat trace.ds.gz | dstool cat --json -
";

/// Print rows: as text, JSON lines, CSV, or as readable calls
///
/// Without options, everything is printed as the first dump tool of the format did it: the types, the
/// index, then each extent with its rows. With a choice of types, columns or rows, only those.
///
/// JSON and CSV have the calls of a trace in the order in which they took effect, whatever their types
/// (from a pipe only if --order call asks for it, since that takes the whole file).
/// JSON has integers as integers and text as strings; bytes that are no text are {"hex": "…"}. In CSV
/// those are 0x…, null is an empty field, and with several types each row has the columns of all.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{}\n{EXAMPLES}", expression::HELP))]
pub struct Arguments {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    /// No more rows than N
    #[arg(short = 'n', long, value_name = "N", help_heading = "What")]
    limit: Option<u64>,
    /// Pass over the first N rows
    #[arg(long, value_name = "N", default_value = "0", help_heading = "What")]
    skip: u64,
    /// Rows A up to but not including B of what is chosen, counted from 0
    #[arg(long, value_name = "A..B", value_parser = range, conflicts_with_all = ["limit", "skip"], help_heading = "What")]
    rows: Option<(u64, Option<u64>)>,

    /// How rows are printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "How")]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format", help_heading = "How")]
    json: bool,
    /// The same as --format csv
    #[arg(long, conflicts_with_all = ["format", "json"], help_heading = "How")]
    csv: bool,
    /// The same as --format calls: in the manner of strace, with names for flags and errors
    #[arg(long, conflicts_with_all = ["format", "json", "csv"], help_heading = "How")]
    calls: bool,
    /// In which order
    #[arg(long, value_name = "ORDER", help_heading = "How")]
    order: Option<Order>,
    /// Make the times of old traces nanoseconds, and compute their booleans from the numbers (for this,
    /// plugins are needed)
    #[arg(long, help_heading = "How")]
    normalize: bool,
    /// Leave the NUL at the end of paths, which is otherwise left off in JSON and CSV
    #[arg(long, help_heading = "How")]
    exact: bool,

    /// Text: don't print the type descriptions
    #[arg(long, help_heading = "Text and CSV")]
    skip_types: bool,
    /// Text: don't print the index
    #[arg(long, help_heading = "Text and CSV")]
    skip_index: bool,
    /// Text: no line with its type before each extent
    #[arg(long, help_heading = "Text and CSV")]
    skip_extent_type: bool,
    /// No headings: neither types of extents nor names of columns
    #[arg(long, visible_alias = "no-header", help_heading = "Text and CSV")]
    skip_header: bool,
    /// What stands between values [default: a blank, in CSV a comma]
    #[arg(long, value_name = "TEXT", help_heading = "Text and CSV")]
    separator: Option<String>,
    /// Print a column as if its type had these attributes: packet_at:units=nanoseconds,epoch=unix
    #[arg(long, value_name = "COLUMN:NAME=VALUE,…", value_parser = text::look, help_heading = "Text and CSV")]
    print: Vec<text::ColumnLook>,

    /// Calls: show no more than N bytes of data
    #[arg(short, long, value_name = "N", default_value = "32", help_heading = "Calls")]
    string_size: usize,
    #[command(flatten)]
    names: names::Options,
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As the first dump tool of the format did it.
    Text,
    /// A JSON object for each row, on a line of its own.
    Json,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// In the manner of strace.
    Calls,
}

/// In which order rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// As the extents are in the file.
    File,
    /// Calls by their unique_id, whatever their type; rows of other types before them.
    Call,
}

/// `A..B`, `A..` or `..B`.
fn range(text: &str) -> Result<(u64, Option<u64>), String> {
    let wrong = || format!("{text:?} is no range: write 10..20, 10.. or ..20");
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let from = if from.is_empty() { 0 } else { number(from)? };
    let to = if to.is_empty() { None } else { Some(number(to)?) };
    match to {
        Some(to) if to < from => Err(wrong()),
        to => Ok((from, to)),
    }
}

/// Takes the rows that are wanted, in whatever form.
trait Sink {
    /// An extent begins, in the order of the file.
    fn extent(&mut self, _ty: &Arc<ExtentType>) -> Result<()> {
        Ok(())
    }

    /// A row, with the columns that are wanted of its type.
    fn row(&mut self, ty: &Arc<ExtentType>, plan: &Plan, row: &Row<'_>) -> Result<()>;

    /// There are no more.
    fn finish(&mut self) -> Result<()>;
}

impl Arguments {
    /// Prints the rows.
    pub fn run(self, look: &Look) -> Result<Finding> {
        let format = match (self.json, self.csv, self.calls) {
            (true, ..) => Format::Json,
            (_, true, _) => Format::Csv,
            (.., true) => Format::Calls,
            _ => self.format,
        };
        let by_call = format != Format::Text && !input::is_pipe(&self.files);
        let default = if by_call { Order::Call } else { Order::File };
        let order = self.order.unwrap_or(default);
        let (skip, to) =
            self.rows.unwrap_or((self.skip, self.limit.map(|n| self.skip.saturating_add(n))));
        let window = Window { skip, left: to.map(|to| to - skip) };
        let needs_names = format == Format::Calls || self.normalize;
        let names = match needs_names {
            true => Names::open(&self.names)?,
            false => Names::default(),
        };
        if self.normalize && !names.has_plugins() {
            look.note(
                "no plugins were found, so booleans are left as they are; --plugins DIR names some",
            );
        }
        let normalizer = self.normalize.then(|| Normalizer::new(&names));
        let whole_text = format == Format::Text && self.selection.is_all() && window.is_all();
        let prints_index = whole_text && !self.skip_index && order == Order::File;

        if order == Order::Call || prints_index {
            let input = Input::open(&self.files, look)?;
            let selected = self.selection.among(input.files.types())?;
            let mut sink = self.sink(format, &selected, &names, look, input.files.types())?;
            let mut printing = Printing::new(&mut *sink, &selected, window);
            if whole_text {
                self.preamble(&input, prints_index)?;
            }
            let finding = input.finding;
            if order == Order::File {
                let mut source = Source::of(input, look, true);
                printing.in_file_order(&mut source, normalizer.as_ref(), prints_index)?;
            } else {
                printing.in_call_order(&input, normalizer.as_ref())?;
            }
            printing.sink.finish()?;
            return Ok(finding);
        }
        let mut source = Source::open(&self.files, look, true)?;
        let selected = self.selection.among(source.types())?;
        let mut sink = self.sink(format, &selected, &names, look, source.types())?;
        if whole_text && !self.skip_types {
            let mut out = output::out();
            text::print_types(source.types(), &mut out)?;
            out.flush()?;
        }
        let mut printing = Printing::new(&mut *sink, &selected, window);
        printing.in_file_order(&mut source, normalizer.as_ref(), false)?;
        printing.sink.finish()?;
        Ok(source.finding())
    }

    fn sink<'s>(
        &self,
        format: Format,
        selected: &Selected,
        names: &'s Names,
        look: &Look,
        types: &dataseries::TypeLibrary,
    ) -> Result<Box<dyn Sink + 's>> {
        Ok(match format {
            Format::Text => {
                let headings = text::Headings {
                    types: !self.skip_header && !self.skip_extent_type,
                    names: !self.skip_header,
                };
                let is_sparse = selected.has_condition();
                Box::new(text::Text::new(
                    headings,
                    is_sparse,
                    &self.print,
                    self.separator.as_deref(),
                    types,
                )?)
            }
            Format::Json => Box::new(json::Json::new(self.exact)),
            Format::Csv => {
                let wanted = types.iter().filter(|ty| selected.wants(ty));
                let plans: Vec<_> =
                    wanted.map(|ty| Ok((ty.clone(), selected.plan(ty)?))).collect::<Result<_>>()?;
                Box::new(csv::Csv::new(
                    &plans,
                    self.exact,
                    !self.skip_header,
                    self.separator.as_deref(),
                )?)
            }
            Format::Calls => Box::new(calls::Calls::new(names, look.paint(), self.string_size)),
        })
    }

    /// The types and the index.
    fn preamble(&self, input: &Input, prints_index: bool) -> Result<()> {
        let mut out = output::out();
        if !self.skip_types {
            text::print_types(input.files.types(), &mut out)?;
        }
        if prints_index {
            for file in input.files.iter() {
                text::print_index(file, &mut out)?;
            }
        }
        Ok(out.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_one_or_two_ends() {
        assert_eq!(range("10..20"), Ok((10, Some(20))));
        assert_eq!(range("10.."), Ok((10, None)));
        assert_eq!(range("..5"), Ok((0, Some(5))));
        for wrong in ["", "5", "5..4", "a..b", "1-2"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
