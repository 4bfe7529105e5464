//! `dstool check`: everything that can be checked, to the end, whatever is found.

use std::io::Write;
use std::path::{Path, PathBuf};

use dataseries::{Checks, End, Error, File, Salvage};
use serde_json::json;

use super::gap::{Gap, Gaps};
use super::look::Look;
use super::output::plural;
use super::{Finding, Result, ToolError, input, output};

/// Check files: every checksum, every string offset, index and tail
///
/// Goes through the whole file and tells of all damage, not only of the first. Exit status 1 if there is
/// any, or if a file is unfinished.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dstool check trace.ds
  dstool check -q *.ds || echo 'those are damaged'
  dstool check --json trace.ds | jq .damage")]
pub struct Arguments {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print an object for each file, on a line of its own
    #[arg(long)]
    json: bool,
}

/// Pieces of damage that are listed; more are only counted.
const LISTED: usize = 100;

/// What was found in a file.
#[derive(Debug, Default)]
struct Report {
    extents: u64,
    rows: u64,
    bytes: u64,
    /// Sentences that begin with the file's name, each about one piece of damage.
    damage: Vec<String>,
    /// Whether header and type library are good.
    is_readable: bool,
    /// Whether nothing good was found at the end, so that there is no index to be had.
    has_bad_end: bool,
    /// What is odd, and allowed.
    notes: Vec<String>,
}

impl Arguments {
    /// Checks them.
    pub fn run(self, look: &Look) -> Result<Finding> {
        let mut out = output::out();
        let mut finding = Finding::Good;
        for path in &self.files {
            let report = Report::of(path, look)?;
            if !report.damage.is_empty() {
                finding = Finding::Bad;
            }
            let name = path.display().to_string();
            match self.json {
                true => report.print_json(&name, &mut out)?,
                false => report.print(&name, look, &mut out)?,
            }
        }
        out.flush()?;
        Ok(finding)
    }
}

impl Report {
    /// Checks a file to its end.
    ///
    /// # Errors
    /// It can't be read; that is no damage.
    fn of(path: &Path, look: &Look) -> Result<Self> {
        let mut report = Self::default();
        let checks = Checks { part_limit: look.checks().part_limit, ..Checks::ALL };
        let file = match input::unindexed(path, checks) {
            Ok(file) => file,
            Err(ToolError::File(error)) if !matches!(error, Error::Io { .. }) => {
                report.damage.push(error.to_string());
                return Ok(report);
            }
            Err(error) => return Err(error),
        };
        report.is_readable = true;
        report.bytes = file.size();
        let (places, chain) = report.go_through(&file, look);
        report.compare_index(file, &places, chain)?;
        Ok(report)
    }

    /// Makes every check on every extent; returns where they are, with the chain value over them.
    fn go_through(&mut self, file: &File, look: &Look) -> (Vec<(u64, String)>, Option<u32>) {
        let progress = look.progress(file.size(), false);
        let mut salvage = Salvage::new(file, false);
        let mut places = Vec::new();
        let mut gaps = Gaps::default();
        while let Some(found) = salvage.next() {
            match found {
                Ok(stored) => {
                    places.push((stored.offset(), stored.extent_type().name().to_owned()));
                    if !stored.extent_type().is_reserved() {
                        self.extents += 1;
                        self.rows += stored.record_count() as u64;
                    }
                    salvage.recycle(stored);
                }
                Err(loss) => gaps.add(&loss),
            }
            progress.set_position(salvage.position());
        }
        progress.finish_and_clear();
        self.damage.extend(gaps.iter().take(LISTED).map(Gap::to_string));
        if let Some(more) = gaps.len().checked_sub(LISTED).filter(|more| *more > 0) {
            let more = plural(more as u64, "further problem");
            self.damage.push(format!("{}: {more} like these", file.name()));
        }
        self.has_bad_end = gaps.reach(file.size());
        (places, salvage.chain())
    }

    /// Compares tail and index with what was found.
    fn compare_index(
        &mut self,
        file: File,
        places: &[(u64, String)],
        chain: Option<u32>,
    ) -> Result<()> {
        let name = file.name().to_owned();
        match file.with_index_or_scan()? {
            (file, None) => {
                let listed = file.entries().iter().skip(1);
                let listed =
                    listed.map(|entry| (entry.offset, entry.extent_type.name().to_owned()));
                if self.damage.is_empty() && !listed.eq(places.iter().cloned()) {
                    self.damage.push(format!("{name}: the index doesn't list what is in the file"));
                }
                if chain.is_some() && chain != file.tail().map(|tail| tail.chain) {
                    let odd = "the chain value in its tail is another, as in files by old writers";
                    self.notes.push(format!("{name}: {odd}"));
                }
            }
            (_, Some((_, End::Unfinished))) => {
                self.damage.push(format!("{name}: unfinished: no index and tail at its end"));
            }
            (_, Some(_)) if self.has_bad_end => {}
            (_, Some((error, _))) => self.damage.push(error.to_string()),
        }
        Ok(())
    }

    fn print(&self, name: &str, look: &Look, out: &mut impl Write) -> Result<()> {
        let paint = look.paint();
        let held = format!("{} in {}", plural(self.rows, "row"), plural(self.extents, "extent"));
        if self.damage.is_empty() {
            if !look.is_quiet() {
                writeln!(out, "{name}: {}: {held}", paint.green("good"))?;
            }
        } else {
            let pieces = plural(self.damage.len() as u64, "problem");
            let good = if self.is_readable { format!("; {held} are good") } else { String::new() };
            writeln!(out, "{name}: {}: {pieces}{good}", paint.red("damaged"))?;
            for damage in &self.damage {
                writeln!(out, "  {damage}")?;
            }
            match self.is_readable {
                true => writeln!(out, "  dstool recover {name} -o NEW.ds saves what is good")?,
                false => writeln!(out, "  without header and types, nothing of it can be saved")?,
            }
        }
        for note in &self.notes {
            look.note(note);
        }
        Ok(())
    }

    fn print_json(&self, name: &str, out: &mut impl Write) -> Result<()> {
        let object = json!({
            "file": name,
            "good": self.damage.is_empty(),
            "size": self.bytes,
            "extents": self.extents,
            "rows": self.rows,
            "damage": self.damage,
            "notes": self.notes,
        });
        Ok(writeln!(out, "{object}")?)
    }
}
