//! Where output goes: standard output, or a file that is there whole or not at all.

use std::fs;
use std::io::{self, BufWriter, StdoutLock, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dataseries::{AtomicFile, ExtentType, Writer, WriterOptions};

use super::{Result, ToolError};
pub use crate::quantity::{bytes, count, plural, size};

/// Standard output in large pieces.
pub fn out() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 << 10, stdout().lock())
}

/// A file that is being made.
#[derive(Debug)]
pub enum Target {
    /// It gets its name when it is done.
    Atomic(AtomicFile, PathBuf),
    /// A pipe or a device, which takes bytes at once.
    Direct(fs::File, PathBuf),
    /// Standard output.
    Stdout(io::Stdout),
}

impl Target {
    /// A file at `path`; `-` is standard output. A file that is there is replaced when the new one
    /// is whole.
    ///
    /// # Errors
    /// It can't be written.
    pub fn create(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(stdout()));
        }
        let failed = |error| ToolError::Create { path: path.to_owned(), error };
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() => {
                let file = fs::File::options().write(true).open(path).map_err(failed)?;
                Ok(Self::Direct(file, path.to_owned()))
            }
            _ => {
                // Through a link, the file that it names is replaced.
                let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
                Ok(Self::Atomic(AtomicFile::create(&real).map_err(failed)?, path.to_owned()))
            }
        }
    }

    /// A DataSeries file with these types.
    ///
    /// # Errors
    /// It can't be written.
    pub fn writer(
        path: &Path,
        types: &[Arc<ExtentType>],
        options: WriterOptions,
    ) -> Result<Writer<Self>> {
        Ok(Writer::new(Self::create(path)?, &path.display().to_string(), types, options)?)
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// It can't have it.
    pub fn done(self) -> Result<()> {
        match self {
            Self::Atomic(file, path) => {
                file.commit().map_err(|error| ToolError::Create { path, error })
            }
            Self::Direct(mut file, path) => {
                file.flush().map_err(|error| ToolError::Create { path, error })
            }
            Self::Stdout(mut out) => Ok(out.flush()?),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Atomic(file, _) => file.write(bytes),
            Self::Direct(file, _) => file.write(bytes),
            Self::Stdout(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Atomic(file, _) => file.flush(),
            Self::Direct(file, _) => file.flush(),
            Self::Stdout(out) => out.flush(),
        }
    }
}
