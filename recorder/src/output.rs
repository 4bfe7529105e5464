//! Where extents go: to one file, to one file after the other, or to memory until something happens.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use dataseries::{Declared, ExtentType, Packed, StoredExtent};
use replay_schema::added::{self, info};

use crate::compressor::{Choice, Compressor};
use crate::info::Info;
use crate::sink::{Sink, SinkError};

/// What of a recording is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// All, in one file.
    #[default]
    All,
    /// Calls until the file has this many bytes.
    First(u64),
    /// All, in files of about this many bytes each; or of the files the last so many.
    Files {
        /// Bytes at which the next file is begun.
        size: u64,
        /// How many files are left in the end.
        most: Option<usize>,
    },
    /// The last calls, so many bytes of them, in memory: written by [`Output::dump`] alone.
    Last(u64),
}

/// What isn't in any file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Rows of calls that came after the size limit.
    pub after: u64,
    /// Rows of calls that were older than what is kept.
    pub before: u64,
}

/// A recording that is being written.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    types: Vec<Declared>,
    compressor: Compressor,
    keep: Keep,
    /// What each file begins with.
    opening: Vec<StoredExtent>,
    sink: Option<Sink>,
    /// The files that were begun and are still there, with the rows of calls in each.
    files: VecDeque<(PathBuf, u64)>,
    begun: usize,
    memory: VecDeque<StoredExtent>,
    memory_size: u64,
    lost: Lost,
    /// To pack extents into.
    buffers: Vec<Vec<u8>>,
}

impl Output {
    /// A recording that goes to file `path`, and to others beside it if `keep` says so, with `types` in
    /// each file's library and all of it compressed as `codec` says.
    ///
    /// # Errors
    /// The file can't be made.
    pub fn create(
        path: &Path,
        types: Vec<Declared>,
        codec: Choice,
        keep: Keep,
    ) -> Result<Self, SinkError> {
        let mut output = Self {
            path: path.to_owned(),
            types,
            compressor: Compressor::new(codec),
            keep,
            opening: Vec::new(),
            sink: None,
            files: VecDeque::new(),
            begun: 0,
            memory: VecDeque::new(),
            memory_size: 0,
            lost: Lost::default(),
            buffers: Vec::new(),
        };
        if !matches!(keep, Keep::Last(_)) {
            output.begin()?;
        }
        Ok(output)
    }

    /// Writes what every file begins with.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn open(&mut self, extent: &mut Packed) -> Result<(), SinkError> {
        let stored = self.compress(extent)?;
        if let Some(sink) = &mut self.sink {
            sink.write(&stored)?;
        }
        self.opening.push(stored);
        Ok(())
    }

    /// Compresses `extents`, and writes or keeps them; `in_haste` if more are waiting than should.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&mut self, extents: &mut [Packed], in_haste: bool) -> Result<(), SinkError> {
        // Where a size was given, much is to be had for it.
        let in_haste = in_haste && self.keep == Keep::All;
        let wave = self.compressor.begin(extents, in_haste);
        let compression = self.compressor.compression(&wave);
        let mut size = 0;
        for stored in Packed::compress_each(extents, compression, &mut self.buffers) {
            let stored = stored.map_err(|error| SinkError::Write { error })?;
            size += stored.bytes().len();
            self.keep(stored)?;
        }
        self.compressor.end(&wave, size);
        Ok(())
    }

    fn keep(&mut self, stored: StoredExtent) -> Result<(), SinkError> {
        let rows = calls(stored.extent_type(), stored.record_count());
        let size = stored.bytes().len() as u64;
        if let Keep::Last(most) = self.keep {
            self.memory_size += size;
            self.memory.push_back(stored);
            while self.memory_size > most && self.memory.len() > 1 {
                let oldest = self.memory.pop_front().expect("there is more than one");
                self.memory_size -= oldest.bytes().len() as u64;
                self.lost.before += calls(oldest.extent_type(), oldest.record_count());
            }
            return Ok(());
        }
        let written = self.sink.as_ref().map_or(0, Sink::size);
        match self.keep {
            Keep::First(limit) if rows > 0 && (self.lost.after > 0 || written + size > limit) => {
                self.lost.after += rows;
                return Ok(());
            }
            Keep::Files { size: limit, .. }
                if rows > 0 && written + size > limit && self.rows_here() > 0 =>
            {
                self.next()?;
            }
            _ => {}
        }
        if let Some(here) = self.files.back_mut() {
            here.1 += rows;
        }
        self.sink.as_mut().expect("a file is open").write(&stored)?;
        self.buffers.push(stored.into_bytes());
        Ok(())
    }

    /// Writes what is in memory to a file of its own, which says that there was more.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn dump(&mut self, why: &str) -> Result<(), SinkError> {
        if !matches!(self.keep, Keep::Last(_)) {
            return Ok(());
        }
        self.begin()?;
        let mut sink = self.sink.take().expect("it was just begun");
        for stored in &self.memory {
            sink.write(stored)?;
        }
        let mut info = Info::default();
        info.say(info::DUMPED, why);
        info.count(info::ROWS_NOT_KEPT, self.lost.before);
        if let Some(mut closing) = info.rows()? {
            sink.write(&self.compress(&mut closing)?)?;
        }
        sink.finish()
    }

    /// Writes the last extent, and ends the file.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn finish(mut self, closing: Option<Packed>) -> Result<(), SinkError> {
        if let Some(mut closing) = closing {
            let stored = self.compress(&mut closing)?;
            if let Some(sink) = &mut self.sink {
                sink.write(&stored)?;
            }
        }
        self.sink.map_or(Ok(()), Sink::finish)
    }

    /// What isn't in any file.
    pub fn lost(&self) -> Lost {
        self.lost
    }

    /// How many extents weren't compressed, for want of time.
    pub fn plain_extents(&self) -> u64 {
        self.compressor.plain_extents()
    }

    /// How many files were begun.
    pub fn files(&self) -> usize {
        self.begun
    }

    fn compress(&self, extent: &mut Packed) -> Result<StoredExtent, SinkError> {
        extent.compress(self.compressor.usual()).map_err(|error| SinkError::Write { error })
    }

    fn rows_here(&self) -> u64 {
        self.files.back().map_or(0, |(_, rows)| *rows)
    }

    /// Ends the file, begins the next one, and removes those that are too old.
    fn next(&mut self) -> Result<(), SinkError> {
        if let Some(sink) = self.sink.take() {
            sink.finish()?;
        }
        self.begin()?;
        if let Keep::Files { most: Some(most), .. } = self.keep {
            while self.files.len() > most.max(1) {
                let (oldest, rows) = self.files.pop_front().expect("there is more than one");
                self.lost.before += rows;
                let removed = fs::remove_file(&oldest);
                removed.map_err(|error| SinkError::Remove { path: oldest, error })?;
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), SinkError> {
        self.begun += 1;
        let path = numbered(&self.path, self.begun);
        let mut sink = Sink::create(&path, &self.types, self.compressor.usual())?;
        for stored in &self.opening {
            sink.write(stored)?;
        }
        self.sink = Some(sink);
        self.files.push_back((path, 0));
        Ok(())
    }
}

/// How many rows of calls an extent has: none if it is of the trace's own.
fn calls(ty: &ExtentType, rows: usize) -> u64 {
    if added::ALL.iter().any(|added| added.name == ty.name()) { 0 } else { rows as u64 }
}

/// The name of file number `number`: `foo.ds`, `foo.2.ds`, `foo.3.ds` and so on.
pub fn numbered(path: &Path, number: usize) -> PathBuf {
    if number <= 1 {
        return path.to_owned();
    }
    let mut name: OsString = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_after_the_first_have_numbers() {
        for (path, number, name) in [
            ("/a/foo.ds", 1, "/a/foo.ds"),
            ("/a/foo.ds", 2, "/a/foo.2.ds"),
            ("foo", 3, "foo.3"),
            ("a.b/foo.x.ds", 12, "a.b/foo.x.12.ds"),
        ] {
            assert_eq!(numbered(Path::new(path), number), Path::new(name));
        }
    }
}
