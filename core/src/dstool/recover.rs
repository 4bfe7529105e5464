//! `dstool recover`: what is whole of an unfinished or damaged file, as a finished one.

use std::path::{Path, PathBuf};

use dataseries::{Codec, Compression, RecoverOptions, Recovered, WriterOptions};

use super::gap::Gaps;
use super::look::Look;
use super::output::{Target, count, plural};
use super::{Finding, Result, ToolError, input};

/// Losses that are listed; more are only counted.
const LISTED: usize = 20;

/// Save what is whole of an unfinished or damaged file
///
/// Every extent that passes all checks goes into the new file as it is stored; index and tail are made
/// anew. What was lost is told. Exit status 0 if nothing was, else 1. If the beginning of a file is
/// damaged (header or type library), nothing can be saved.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dstool recover killed.ds -o saved.ds
  dstool recover --resync damaged.ds -o saved.ds      search behind damaged lengths")]
pub struct Arguments {
    /// The file; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The new file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// After a damaged prefix, look for good extents at every fourth byte. Without, it goes on 28 bytes
    /// further, as the original tool does, and a damaged length usually costs the rest of the file
    #[arg(long)]
    resync: bool,
    /// Give up after more than N failures in a row
    #[arg(long, value_name = "N", default_value = "10")]
    max_failures: usize,
}

impl Arguments {
    /// Saves it.
    pub fn run(self, look: &Look) -> Result<Finding> {
        if same_file(&self.file, &self.output) {
            let problem = "the new file must not be the old one".to_owned();
            return Err(ToolError::Usage(problem));
        }
        let file = input::unindexed(&self.file, look.checks())?;
        let codecs = Compression::new(&[Codec::Zlib, Codec::Lzf]);
        let compression = codecs.expect("both can be written");
        let options = RecoverOptions {
            writer: WriterOptions { compression, ..WriterOptions::default() },
            max_failures: self.max_failures,
            resynchronise: self.resync,
        };
        let target = Target::create(&self.output)?;
        let name = self.output.display().to_string();
        let found = dataseries::recover(&file, target, &name, options)?;
        let finding = self.tell(&found, file.name(), look);
        found.out.done()?;
        Ok(finding)
    }

    /// Says what was saved and what was not.
    fn tell<W>(&self, found: &Recovered<W>, name: &str, look: &Look) -> Finding {
        let rows = plural(found.records, "row");
        let extents = plural(found.extents as u64, "extent");
        look.note(&format!("{}: saved {rows} in {extents}", self.output.display()));
        let mut gaps = Gaps::default();
        found.losses.iter().for_each(|loss| gaps.add(loss));
        for gap in gaps.iter().take(LISTED) {
            look.note(&format!("lost: {gap}"));
        }
        if let Some(more) = gaps.len().checked_sub(LISTED).filter(|more| *more > 0) {
            look.note(&format!("lost: {} more", plural(more as u64, "piece")));
        }
        if found.left > 0 {
            let advice = if self.resync { "" } else { "; --resync looks for extents in them" };
            let left = count(found.left);
            look.note(&format!("lost: the last {left} bytes were not looked at{advice}"));
        }
        if found.losses.is_empty() && found.left == 0 {
            if !found.found_tail {
                look.note(&format!("{name} was unfinished; nothing that it has is lost"));
            }
            return Finding::Good;
        }
        Finding::Bad
    }
}

/// Whether both names are of one file.
pub fn same_file(a: &Path, b: &Path) -> bool {
    match (std::fs::canonicalize(a), std::fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b && a.is_file(),
        _ => false,
    }
}
