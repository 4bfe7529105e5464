//! Where output goes: standard output, or a file that is there whole or not at all.

use std::fs;
use std::io::{self, BufWriter, StdoutLock, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dataseries::{AtomicFile, ExtentType, Writer, WriterOptions};

use super::{Result, ToolError};

/// Standard output in large pieces.
pub fn out() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 << 10, stdout().lock())
}

/// A number of bytes, as `4096`, `64k` or `16MiB`.
///
/// # Errors
/// What is wrong with it.
pub fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        other => return Err(format!("{other:?} is no unit of size (k, M, G)")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("{text:?} is no size"))?;
    number.checked_mul(1 << shift).ok_or_else(|| format!("{text} is too much"))
}

/// A number of bytes for people.
pub fn bytes(number: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.iter().find(|(_, shift)| number >> shift >= 1) {
        Some((unit, shift)) => format!("{:.1} {unit}", number as f64 / f64::from(1u32 << shift)),
        None => format!("{number} B"),
    }
}

/// A number with marks between thousands.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `2 rows`.
pub fn plural(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {what}{s}", count(number))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("64k"), Ok(64 << 10));
        assert_eq!(size("16MiB"), Ok(16 << 20));
        assert_eq!(size("2G"), Ok(2 << 30));
        for wrong in ["", "k", "-1", "1.5M", "3 parsecs", "99999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(plural(1, "row"), "1 row");
        assert_eq!(plural(1000, "row"), "1,000 rows");
    }
}
