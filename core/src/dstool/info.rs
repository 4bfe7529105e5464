//! `dstool info`: what files hold, without unpacking more than a few extents.

mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use dataseries::{Entry, ExtentType, File, Parts, Prefix};
use replay_schema::added;

use super::input::Input;
use super::look::Look;
use super::range::{Effort, Ranges};
use super::{Finding, Result, output};

/// Tell what files hold: types, extents, rows, codecs, sizes, time range, and whether they are whole
///
/// Only prefixes are read, and of each type of calls the first and the last extent.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dstool info trace.ds
  dstool info --json trace.ds | jq '.types[] | select(.rows > 1000)'
  dstool info --xml trace.ds                  the type descriptions, too
  dstool info --extents trace.ds              every extent with its place and sizes")]
pub struct Arguments {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print an object for each file, on a line of its own
    #[arg(long)]
    json: bool,
    /// List types without rows too
    #[arg(long)]
    all_types: bool,
    /// Print the type descriptions too
    #[arg(long)]
    xml: bool,
    /// List every extent
    #[arg(long)]
    extents: bool,
}

/// What is known of the extents of a type.
#[derive(Clone, Debug, Default)]
struct Sum {
    extents: u64,
    rows: u64,
    /// Bytes of the two parts when they are unpacked.
    fixed: u64,
    variable: u64,
    /// Bytes in the file.
    stored: u64,
    /// Parts by the codec that they are stored with.
    codecs: BTreeMap<&'static str, u64>,
}

impl Sum {
    fn add(&mut self, ty: &ExtentType, prefix: &Prefix) {
        self.extents += 1;
        self.rows += u64::from(prefix.records);
        self.fixed += u64::from(prefix.records) * ty.record_size() as u64;
        self.variable += u64::from(prefix.variable_size);
        self.stored += prefix.stored_len() as u64;
        let parts = [
            (prefix.fixed_code, prefix.stored_fixed),
            (prefix.variable_code, prefix.stored_variable),
        ];
        for (code, length) in parts {
            if length > 0 {
                let codec = dataseries::Codec::from_code(code).map_or("unknown", |c| c.name());
                *self.codecs.entry(codec).or_default() += 1;
            }
        }
    }

    fn add_all(&mut self, other: &Self) {
        self.extents += other.extents;
        self.rows += other.rows;
        self.fixed += other.fixed;
        self.variable += other.variable;
        self.stored += other.stored;
        for (codec, parts) in &other.codecs {
            *self.codecs.entry(codec).or_default() += parts;
        }
    }
}

/// One file.
#[derive(Debug)]
struct Summary {
    name: String,
    size: u64,
    byte_order: &'static str,
    /// Whether it has a good tail and index.
    is_finished: bool,
    types: Vec<(Arc<ExtentType>, Sum)>,
    total: Sum,
    ranges: Ranges,
    /// What the trace says of itself.
    story: BTreeMap<String, Vec<String>>,
    extents: Vec<(Entry, Prefix)>,
}

impl Arguments {
    /// Tells it.
    pub fn run(self, look: &Look) -> Result<Finding> {
        let mut out = output::out();
        let mut finding = Finding::Good;
        for (number, path) in self.files.iter().enumerate() {
            let input = Input::open(std::slice::from_ref(path), look)?;
            let file = input.files.iter().next().expect("a path is a file");
            let summary = Summary::of(file, input.finding == Finding::Good)?;
            if input.finding == Finding::Bad {
                finding = Finding::Bad;
            }
            if self.json {
                report::json(&summary, &self, &mut out)?;
            } else {
                if number > 0 {
                    report::blank(&mut out)?;
                }
                report::text(&summary, &self, look.paint(), &mut out)?;
            }
        }
        report::flush(&mut out)?;
        Ok(finding)
    }
}

impl Summary {
    fn of(file: &File, is_finished: bool) -> Result<Self> {
        let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
        let mut total = Sum::default();
        let mut extents = Vec::new();
        for entry in file.entries() {
            let prefix = file.read_prefix(entry)?;
            sums.entry(entry.extent_type.name()).or_default().add(&entry.extent_type, &prefix);
            extents.push((entry.clone(), prefix));
        }
        let types: Vec<_> = file
            .types()
            .iter()
            .filter(|ty| !ty.is_reserved())
            .map(|ty| (ty.clone(), sums.remove(ty.name()).unwrap_or_default()))
            .collect();
        types.iter().for_each(|(_, sum)| total.add_all(sum));
        let mut summary = Self {
            name: file.name().to_owned(),
            size: file.size(),
            byte_order: match file.byte_order() {
                dataseries::ByteOrder::Little => "little-endian",
                dataseries::ByteOrder::Big => "big-endian",
            },
            is_finished,
            types,
            total,
            ranges: Ranges::of(file, Effort::Ends)?,
            story: BTreeMap::new(),
            extents,
        };
        summary.read_story(file)?;
        Ok(summary)
    }

    /// Reads what a recorder wrote about the recording.
    fn read_story(&mut self, file: &File) -> Result<()> {
        let about = |entry: &&Entry| entry.extent_type.name() == added::INFO.name;
        for entry in file.entries().iter().filter(about) {
            let extent = file.read(entry)?.unpack(Parts::All, file.checks())?;
            let ty = extent.extent_type();
            let kind = dataseries::FieldKind::Variable32;
            let (Ok(key), Ok(value)) = (ty.column_of("key", kind), ty.column_of("value", kind))
            else {
                continue;
            };
            for row in extent.rows() {
                let text = |column| String::from_utf8_lossy(row.bytes(column)).into_owned();
                self.story.entry(text(key)).or_default().push(text(value));
            }
        }
        Ok(())
    }

    /// Whether its recorder said that it came to its end; none if it says nothing.
    fn is_complete(&self) -> Option<bool> {
        self.story.get(added::info::RECORDER)?;
        Some(self.story.contains_key(added::info::COMPLETE))
    }
}
