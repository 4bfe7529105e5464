//! What is read: files by their index, files without one, and pipes.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, IsTerminal, Stdin, stdin};
use std::path::{Path, PathBuf};

use dataseries::{
    Checks, End, Error, Extent, ExtentType, File, Files, Parts, StoredExtent, Stream, TypeLibrary,
};
use indicatif::ProgressBar;

use super::look::Look;
use super::{Finding, Result, ToolError};

/// Standard input, as a path.
const STDIN: &str = "-";

/// Files that are open, with all their extents known.
#[derive(Debug)]
pub struct Input {
    /// The files, in the order of their names.
    pub files: Files,
    /// What is wrong with how they end.
    pub finding: Finding,
}

impl Input {
    /// Opens files by their index; those without one are gone through. A pipe is read to its end
    /// first.
    ///
    /// # Errors
    /// One of them can't be read at all.
    pub fn open(paths: &[PathBuf], look: &Look) -> Result<Self> {
        let mut input = Self { files: Files::default(), finding: Finding::Good };
        for path in paths {
            let file = unindexed(path, look.checks())?;
            input.add(file, look)?;
        }
        Ok(input)
    }

    fn add(&mut self, file: File, look: &Look) -> Result<()> {
        let name = file.name().to_owned();
        let (file, problem) = file.with_index_or_scan()?;
        if let Some((error, end)) = problem {
            self.finding = Finding::Bad;
            let data = file.entries().iter().filter(|entry| entry.is_data()).count();
            let why = match end {
                End::Unfinished => "its writer did not finish it".to_owned(),
                End::Damaged(error) => error.to_string(),
                End::Tail(_) => error.to_string(),
            };
            look.note(&format!(
                "{name}: no good end, so it is read from extent to extent: {data} found ({why})"
            ));
        }
        Ok(self.files.push(file)?)
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(File::size).sum()
    }
}

/// Opens a file of which only header and type library are read. A pipe is read to its end first.
///
/// # Errors
/// It isn't a DataSeries file, or can't be read.
pub fn unindexed(path: &Path, checks: Checks) -> Result<File> {
    if path != Path::new(STDIN) {
        if path.is_dir() {
            let error = io::Error::from_raw_os_error(libc::EISDIR);
            return Err(ToolError::Input { path: path.to_owned(), error });
        }
        return Ok(File::open_unindexed(path, checks)?);
    }
    refuse_terminal()?;
    if let Some(file) = redirected() {
        return Ok(File::from_file("standard input", file, checks)?);
    }
    let spooled = || -> io::Result<fs::File> {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut stdin().lock(), &mut file)?;
        Ok(file)
    };
    let spooled = spooled().map_err(|error| ToolError::Input { path: path.to_owned(), error })?;
    Ok(File::from_file("standard input", spooled, checks)?)
}

fn refuse_terminal() -> Result<()> {
    match stdin().is_terminal() {
        true => Err(ToolError::Usage("standard input is a terminal: name a file".to_owned())),
        false => Ok(()),
    }
}

/// Whether the only input is a pipe, which can be read but once.
pub fn is_pipe(paths: &[PathBuf]) -> bool {
    matches!(paths, [path] if path == Path::new(STDIN)) && redirected().is_none()
}

/// Standard input, if it is a regular file.
fn redirected() -> Option<fs::File> {
    let file = fs::File::open("/dev/stdin").ok()?;
    file.metadata().is_ok_and(|metadata| metadata.is_file()).then_some(file)
}

/// Extents in the order of the files, or as they come through a pipe.
pub struct Source {
    kind: Kind,
    checks: Checks,
    finding: Finding,
    progress: ProgressBar,
    ahead: Ahead,
}

/// Extents that were unpacked together, which costs less than one after the other.
#[derive(Default)]
struct Ahead {
    ready: VecDeque<Unpacked>,
    /// What came after them, and is told when they are gone.
    failed: Option<ToolError>,
    /// How many were read the last time: the first extents are there at once.
    count: usize,
    /// Used buffers.
    spare: Vec<Extent>,
}

/// An extent, as it is stored and unpacked.
pub struct Unpacked {
    /// As it is stored.
    pub stored: StoredExtent,
    /// Unpacked, as far as was asked for.
    pub extent: Extent,
}

/// Most extents that are unpacked together.
const MOST_AHEAD: usize = 16;

/// Bytes that are unpacked together, unless one extent alone has more.
const BYTES_AHEAD: u64 = 8 << 20;

enum Kind {
    Files { files: Files, file: usize, entry: usize, buffers: Vec<Vec<u8>> },
    Pipe(Box<Stream<Stdin>>),
}

impl Source {
    /// Opens `paths`. A pipe that stands alone is read as it comes.
    ///
    /// # Errors
    /// One of them can't be read at all.
    pub fn open(paths: &[PathBuf], look: &Look, prints: bool) -> Result<Self> {
        if is_pipe(paths) {
            refuse_terminal()?;
            let stream = Stream::new(stdin(), "standard input", look.checks())?;
            let kind = Kind::Pipe(Box::new(stream));
            return Ok(Self {
                kind,
                checks: look.checks(),
                finding: Finding::Good,
                progress: ProgressBar::hidden(),
                ahead: Ahead::default(),
            });
        }
        Ok(Self::of(Input::open(paths, look)?, look, prints))
    }

    /// Goes through open files.
    pub fn of(input: Input, look: &Look, prints: bool) -> Self {
        let progress = look.progress(input.size(), prints);
        let Input { files, finding } = input;
        let kind = Kind::Files { files, file: 0, entry: 0, buffers: Vec::new() };
        let ahead = Ahead::default();
        Self { kind, checks: look.checks(), finding, progress, ahead }
    }

    /// The types of all of them.
    pub fn types(&self) -> &TypeLibrary {
        match &self.kind {
            Kind::Files { files, .. } => files.types(),
            Kind::Pipe(stream) => stream.types(),
        }
    }

    /// Bytes of the files, if that is known.
    pub fn size(&self) -> Option<u64> {
        match &self.kind {
            Kind::Files { files, .. } => Some(files.iter().map(File::size).sum()),
            Kind::Pipe(_) => None,
        }
    }

    /// The next extent of a type that is `wanted`, type library and index included.
    ///
    /// # Errors
    /// It is damaged.
    pub fn next(&mut self, wanted: impl Fn(&ExtentType) -> bool) -> Result<Option<StoredExtent>> {
        match &mut self.kind {
            Kind::Files { files, file, entry, buffers } => loop {
                let Some(open) = files.iter().nth(*file) else {
                    self.progress.finish_and_clear();
                    return Ok(None);
                };
                let Some(next) = open.entries().get(*entry) else {
                    (*file, *entry) = (*file + 1, 0);
                    continue;
                };
                *entry += 1;
                if wanted(&next.extent_type) {
                    let stored = open.read_with(next, buffers.pop().unwrap_or_default())?;
                    self.progress.inc(stored.bytes().len() as u64);
                    return Ok(Some(stored));
                }
            },
            Kind::Pipe(stream) => match stream.next(wanted) {
                Ok(Some(stored)) => Ok(Some(stored)),
                Ok(None) => {
                    if let End::Unfinished = stream.end() {
                        self.finding = Finding::Bad;
                    }
                    Ok(None)
                }
                Err(Error::Truncated { place, .. }) => {
                    eprintln!("dstool: {place}: the input ends here, within an extent");
                    self.finding = Finding::Bad;
                    Ok(None)
                }
                Err(error) => Err(error.into()),
            },
        }
    }

    /// The next extent of a type that is `wanted`, unpacked as far as `parts` says.
    ///
    /// # Errors
    /// It is damaged, or what `parts` says.
    pub fn next_unpacked(
        &mut self,
        wanted: impl Fn(&ExtentType) -> bool,
        parts: impl FnMut(&ExtentType) -> Result<Parts>,
    ) -> Result<Option<Unpacked>> {
        if self.ahead.ready.is_empty() && self.ahead.failed.is_none() {
            self.unpack_ahead(wanted, parts)?;
        }
        match self.ahead.ready.pop_front() {
            Some(next) => Ok(Some(next)),
            None => self.ahead.failed.take().map_or(Ok(None), Err),
        }
    }

    fn unpack_ahead(
        &mut self,
        wanted: impl Fn(&ExtentType) -> bool,
        mut parts: impl FnMut(&ExtentType) -> Result<Parts>,
    ) -> Result<()> {
        // What comes through a pipe is shown as it comes; and it is the checks that cost less together.
        let is_alone = matches!(self.kind, Kind::Pipe(_)) || !self.checks.bjhash;
        let most = if is_alone { 1 } else { MOST_AHEAD };
        self.ahead.count = (2 * self.ahead.count).clamp(1, most);
        let (mut read, mut bytes) = (Vec::new(), 0);
        while read.len() < self.ahead.count && bytes < BYTES_AHEAD {
            match self.next(&wanted) {
                Ok(Some(stored)) => {
                    let parts = parts(stored.extent_type())?;
                    bytes += stored.fixed_size() + u64::from(stored.prefix().variable_size);
                    let extent = self.ahead.spare.pop();
                    let extent = extent.unwrap_or_else(|| Extent::empty(stored.extent_type()));
                    read.push((Unpacked { stored, extent }, parts));
                }
                Ok(None) => break,
                Err(error) => {
                    self.ahead.failed = Some(error);
                    break;
                }
            }
        }
        let mut jobs: Vec<_> =
            read.iter_mut().map(|(one, parts)| (&one.stored, &mut one.extent, *parts)).collect();
        let results = StoredExtent::unpack_each(&mut jobs, &self.checks);
        for ((unpacked, _), result) in read.into_iter().zip(results) {
            match result {
                Ok(()) => self.ahead.ready.push_back(unpacked),
                Err(error) => {
                    self.ahead.failed = Some(error.into());
                    break;
                }
            }
        }
        Ok(())
    }

    /// Gives buffers back, to read and unpack other extents into.
    pub fn recycle(&mut self, used: Unpacked) {
        self.recycle_stored(used.stored);
        if self.ahead.spare.len() < MOST_AHEAD {
            self.ahead.spare.push(used.extent);
        }
    }

    /// Gives a buffer back, to read another extent into.
    pub fn recycle_stored(&mut self, stored: StoredExtent) {
        match &mut self.kind {
            Kind::Files { buffers, .. } if buffers.len() < MOST_AHEAD => {
                buffers.push(stored.into_bytes());
            }
            Kind::Files { .. } => {}
            Kind::Pipe(stream) => stream.recycle(stored),
        }
    }

    /// What was wrong with how the files ended; asked after the last extent.
    pub fn finding(&self) -> Finding {
        self.finding
    }
}
