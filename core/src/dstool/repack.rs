//! `dstool repack`: the same rows, packed in another way.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use dataseries::{
    ByteOrder, Codec, Compression, Extent, ExtentBuilder, ExtentType, Packed, ParallelWriter,
    Parts, Row, WriterOptions,
};

use super::input::Source;
use super::look::Look;
use super::names::{self, Names};
use super::normalize::Normalizer;
use super::output::{Target, bytes, plural, size};
use super::select::{Selected, Selection};
use super::{Finding, Result, ToolError};

/// How extents are packed; the same options wherever a file is made.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Packing")]
pub struct Packing {
    /// Codecs to try, separated by commas; of each part the smallest form is taken: none, lzo, zlib
    /// (gz), bz2, lzf, snappy, lz4, lz4hc, or all
    #[arg(long, value_name = "CODEC", value_delimiter = ',', default_value = "zlib")]
    codec: Vec<String>,
    /// How hard zlib, bz2 and lz4hc try, from 1 to 9
    #[arg(long, value_name = "N", default_value = "9", value_parser = clap::value_parser!(u32).range(1..=9))]
    level: u32,
    /// Threads that compress; the file is the same for any number [default: one for each processor]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl Packing {
    /// The codecs.
    ///
    /// # Errors
    /// A name that none has.
    pub fn compression(&self) -> Result<Compression> {
        let mut codecs = Vec::new();
        for name in &self.codec {
            match name.as_str() {
                "all" => codecs.extend(Codec::ALL),
                name => codecs.push(name.parse().map_err(|error| {
                    let known = Codec::ALL.map(Codec::name).join(", ");
                    ToolError::Usage(format!("{error}; there are {known}, and all"))
                })?),
            }
        }
        let compression =
            Compression::new(&codecs).map_err(|error| ToolError::Usage(error.to_string()))?;
        Ok(compression.with_level(self.level))
    }

    /// A file at `path` with these types.
    ///
    /// # Errors
    /// It can't be written.
    pub fn writer(
        &self,
        path: &std::path::Path,
        types: &[Arc<ExtentType>],
        byte_order: ByteOrder,
    ) -> Result<ParallelWriter<Target>> {
        let compression = self.compression()?;
        let options = WriterOptions { compression: compression.clone(), byte_order };
        let writer = Target::writer(path, types, options)?;
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or_else(processors).min(MOST_THREADS);
        Ok(ParallelWriter::new(writer, compression, threads))
    }
}

/// More threads than this only take memory.
const MOST_THREADS: usize = 64;

/// Write the same rows with other codecs, in extents of another size, or only some of them
///
/// Rows are the same, and in the same order for each type. Without --extent-size, -w and -c the extents
/// stay what they were, and only their codecs change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dstool repack --codec bz2 trace.ds -o small.ds
  dstool repack --codec all --extent-size 16M trace.ds -o smallest.ds
  dstool repack --codec lz4 -t read,write trace.ds -o io.ds
  dstool repack --normalize old.ds -o new.ds          one unit of time, right booleans")]
pub struct Arguments {
    /// The files; several become one; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The new file; - is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    packing: Packing,
    /// What an extent should have in bytes, unpacked [default: as it was]
    #[arg(long, value_name = "SIZE", value_parser = extent_size, help_heading = "Packing")]
    extent_size: Option<usize>,
    /// The byte order of the new file
    #[arg(long, value_name = "ORDER", default_value = "little", value_parser = byte_order, help_heading = "Packing")]
    byte_order: ByteOrder,
    /// Make the times of old traces nanoseconds, and compute their booleans from the numbers (for this,
    /// plugins are needed)
    #[arg(long, help_heading = "What")]
    normalize: bool,
    #[command(flatten)]
    names: names::Options,
}

/// A size of extents that is of use.
fn extent_size(text: &str) -> Result<usize, String> {
    match size(text)? {
        bytes @ 1024..=0x2000_0000 => Ok(bytes as usize),
        _ => Err("an extent has from 1 KiB to 512 MiB".to_owned()),
    }
}

fn byte_order(text: &str) -> Result<ByteOrder, String> {
    match text {
        "little" => Ok(ByteOrder::Little),
        "big" => Ok(ByteOrder::Big),
        other => Err(format!("{other:?} is neither little nor big")),
    }
}

/// Adds a copy of a row, its columns and those of the builder's type in the same order.
///
/// # Errors
/// The extent would be too large.
pub fn copy_row(builder: &mut ExtentBuilder, ty: &ExtentType, row: &Row<'_>) -> Result<()> {
    let to = builder.extent_type().clone();
    builder.new_row();
    for (from, to) in ty.columns().iter().zip(to.columns()) {
        builder.set(to, row.get(from))?;
    }
    Ok(())
}

/// A builder for rows of `ty`.
///
/// # Errors
/// Its options contradict each other.
pub fn builder(ty: &Arc<ExtentType>, target_size: usize) -> Result<ExtentBuilder> {
    ExtentBuilder::new(ty.clone(), target_size)
        .map_err(|error| ToolError::Type { name: ty.name().to_owned(), error })
}

impl Arguments {
    /// Repacks them.
    pub fn run(self, look: &Look) -> Result<Finding> {
        for file in &self.files {
            if super::recover::same_file(file, &self.output) && self.output.as_os_str() != "-" {
                // The new file takes the old one's place only when it is whole.
                look.note(&format!("{} will be replaced", self.output.display()));
            }
        }
        if self.selection.columns.iter().any(|_| true) {
            let problem = "-c isn't for repack: rows keep all their columns".to_owned();
            return Err(ToolError::Usage(problem));
        }
        let mut source = Source::open(&self.files, look, false)?;
        let selected = self.selection.among(source.types())?;
        let types: Vec<_> =
            source.types().iter().filter(|ty| selected.wants(ty)).cloned().collect();
        let names = if self.normalize { Names::open(&self.names)? } else { Names::default() };
        if self.normalize && !names.has_plugins() {
            look.note(
                "no plugins were found, so booleans are left as they are; --plugins DIR names some",
            );
        }
        let normalizer = self.normalize.then(|| Normalizer::new(&names));
        let writer = self.packing.writer(&self.output, &types, self.byte_order)?;
        let mut repacking = Repacking {
            writer,
            selected: &selected,
            extent_size: self.extent_size,
            builders: HashMap::new(),
            rows: 0,
        };
        let all = |_: &ExtentType| Ok(Parts::All);
        while let Some(next) = source.next_unpacked(|ty| selected.wants(ty), all)? {
            let mut extent = next.extent;
            source.recycle_stored(next.stored);
            if let Some(normalizer) = &normalizer {
                normalizer.apply(&mut extent);
            }
            repacking.add(extent)?;
        }
        let (rows, written) = repacking.finish()?;
        let from = source.size().map_or_else(String::new, |size| format!(" from {}", bytes(size)));
        let to = bytes(written);
        look.note(&format!("{}: {}, {to}{from}", self.output.display(), plural(rows, "row")));
        Ok(source.finding())
    }
}

/// Packs rows again as they come.
struct Repacking<'s> {
    writer: ParallelWriter<Target>,
    selected: &'s Selected,
    extent_size: Option<usize>,
    builders: HashMap<String, ExtentBuilder>,
    rows: u64,
}

impl Repacking<'_> {
    fn add(&mut self, extent: Extent) -> Result<()> {
        if self.extent_size.is_none() && !self.selected.has_condition() {
            self.rows += extent.row_count() as u64;
            return Ok(self.writer.write(Packed::from(extent))?);
        }
        let ty = extent.extent_type().clone();
        let plan = self.selected.plan(&ty)?;
        if !self.builders.contains_key(ty.name()) {
            let size = self.extent_size.unwrap_or(usize::MAX);
            self.builders.insert(ty.name().to_owned(), builder(&ty, size)?);
        }
        let builder = self.builders.get_mut(ty.name()).expect("it was just put there");
        for row in extent.rows().filter(|row| plan.wants(row)) {
            if builder.is_full() {
                let mut packed = self.writer.spare();
                builder.take_into(&mut packed);
                self.writer.write(packed)?;
            }
            copy_row(builder, &ty, &row)?;
            self.rows += 1;
        }
        // Without a size of its own, an extent ends where it ended.
        if self.extent_size.is_none() && builder.row_count() > 0 {
            let mut packed = self.writer.spare();
            builder.take_into(&mut packed);
            self.writer.write(packed)?;
        }
        Ok(())
    }

    /// Finishes the file; returns how many rows and bytes it has.
    fn finish(mut self) -> Result<(u64, u64)> {
        let mut builders: Vec<_> = self.builders.drain().collect();
        builders.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, mut builder) in builders {
            if builder.row_count() > 0 {
                self.writer.write(builder.take())?;
            }
        }
        self.writer.flush()?;
        let written = self.writer.writer().offset();
        self.writer.finish()?.done()?;
        Ok((self.rows, written))
    }
}
