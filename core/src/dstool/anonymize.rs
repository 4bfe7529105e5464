//! `dstool anonymize`: a trace without the names and data of whom it was recorded from.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use dataseries::{ByteOrder, Column, ExtentType, FieldKind, ParallelWriter, Parts, Row, Value};
use replay_schema::added;
use sha2::{Digest, Sha256};

use super::input::Source;
use super::look::Look;
use super::output::{Target, plural};
use super::repack::{Packing, builder};
use super::select::fits;
use super::{Finding, Result, ToolError};

/// Make a trace that can be given away: without the names of files, and without data
///
/// Each name in a path becomes another one, the same wherever it stands, so that the calls still fit
/// together; so do arguments, values of the environment and the host. Data that calls moved, and other bytes whose
/// meaning isn't known, become zeros of the same length. Numbers stay: sizes, offsets, flags, times, ids.
///
/// Names are made with a secret key. Without --key it is a new one each time; with the same key, the same
/// names become the same in several traces.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dstool anonymize trace.ds -o public.ds
  dstool anonymize --keep '/usr/*' --keep '/lib/*' trace.ds -o public.ds
  dstool anonymize --key \"$(cat secret)\" monday.ds -o 1.ds    the names of tuesday.ds will be the same")]
pub struct Arguments {
    /// The files; several become one; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The new file; - is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What the new names are made with; whoever knows it can try out which names were there
    #[arg(long, value_name = "TEXT", env = "DSTOOL_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Leave paths that fit a pattern with * as they are
    #[arg(long, value_name = "PATTERN")]
    keep: Vec<String>,
    /// Leave what follows the last dot of a name
    #[arg(long)]
    keep_extensions: bool,
    /// Leave the data that calls moved
    #[arg(long)]
    keep_data: bool,
    #[command(flatten)]
    packing: Packing,
}

impl Arguments {
    /// Makes it.
    pub fn run(self, look: &Look) -> Result<Finding> {
        let mut source = Source::open(&self.files, look, false)?;
        let types: Vec<_> = source.types().iter().filter(|ty| !ty.is_reserved()).cloned().collect();
        let mut writer = self.packing.writer(&self.output, &types, ByteOrder::Little)?;
        let key = match &self.key {
            Some(key) => Sha256::digest(key.as_bytes()).into(),
            None => random_key()?,
        };
        let mut names = Names {
            key,
            keep: self.keep,
            keep_extensions: self.keep_extensions,
            keep_data: self.keep_data,
            known: HashMap::new(),
            zeroed: 0,
        };
        let mut rows = 0;
        let all = |_: &ExtentType| Ok(Parts::All);
        while let Some(next) = source.next_unpacked(|ty| !ty.is_reserved(), all)? {
            rows += next.extent.row_count() as u64;
            names.copy(&next.extent, &mut writer)?;
            source.recycle(next);
        }
        writer.finish()?.done()?;
        look.note(&format!(
            "{}: {}, {} replaced, {} zeroed",
            self.output.display(),
            plural(rows, "row"),
            plural(names.known.len() as u64, "name"),
            plural(names.zeroed, "byte"),
        ));
        Ok(source.finding())
    }
}

fn random_key() -> Result<[u8; 32]> {
    let mut key = [0; 32];
    let read = std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut key));
    let path = PathBuf::from("/dev/urandom");
    read.map(|()| key).map_err(|error| ToolError::Input { path, error })
}

/// What the bytes of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Path,
    /// An argument, a host: one name as a whole.
    Text,
    /// `NAME=value`.
    Variable,
    /// A name with a prefix that means something: `user.comment`.
    Attribute,
    /// What moves through calls.
    Data,
    /// What says nothing of anybody.
    Harmless,
}

impl Kind {
    fn of(ty: &ExtentType, column: &Column, row: &Row<'_>) -> Self {
        let key = || match ty.column("key").map(|key| row.get(key)) {
            Some(Value::Bytes(key)) => String::from_utf8_lossy(key).into_owned(),
            _ => String::new(),
        };
        match column.name.as_str() {
            _ if ty.name() == added::INFO.name => match key().as_str() {
                _ if column.name == "key" => Self::Harmless,
                added::info::HOST | added::info::ARGUMENT => Self::Text,
                added::info::RECORDER
                | added::info::BACKEND
                | added::info::TIME_UNIT
                | added::info::KERNEL
                | added::info::ARCHITECTURE
                | added::info::PLUGIN
                | added::info::CALLS
                | added::info::NOT_RECORDED
                | added::info::BUFFERS_NOT_CAPTURED
                | added::info::VALUES_NOT_CAPTURED
                | added::info::MALFORMED_LINES
                | added::info::NOT_IN_LOG
                | added::info::FOREIGN_ABI_CALLS
                | added::info::COMPLETE => Self::Harmless,
                _ => Self::Text,
            },
            "key" | "errno_string" => Self::Harmless,
            _ if ty.name() == added::STATE.name => Self::Path,
            "argument" => Self::Text,
            "environment" => Self::Variable,
            "xattr_name" => Self::Attribute,
            "link_value" | "path" | "name" | "target" => Self::Path,
            name if super::cell::is_path(name) => Self::Path,
            _ => Self::Data,
        }
    }
}

/// Other names for names, always the same.
struct Names {
    key: [u8; 32],
    keep: Vec<String>,
    keep_extensions: bool,
    keep_data: bool,
    known: HashMap<Vec<u8>, String>,
    /// Bytes of data that became zeros.
    zeroed: u64,
}

/// Letters of a new name: 60 bits, so that no two of millions are the same.
const LETTERS: usize = 12;

impl Names {
    /// Writes the rows of an extent with other names.
    fn copy(
        &mut self,
        extent: &dataseries::Extent,
        writer: &mut ParallelWriter<Target>,
    ) -> Result<()> {
        let ty = extent.extent_type();
        // An extent ends where it ended.
        let mut builder = builder(ty, usize::MAX)?;
        for row in extent.rows() {
            builder.new_row();
            for column in ty.columns() {
                match row.get(column) {
                    Value::Null => builder.set_null(column),
                    Value::Bool(value) => builder.set_bool(column, value),
                    Value::Byte(value) => builder.set_byte(column, value),
                    Value::Int32(value) => builder.set_int32(column, value),
                    Value::Int64(value) => builder.set_int64(column, value),
                    Value::Double(value) => builder.set_double(column, value),
                    Value::Bytes(bytes) => {
                        let kind = match column.kind {
                            FieldKind::FixedWidth => Kind::Data,
                            _ => Kind::of(ty, column, &row),
                        };
                        builder.set_bytes(column, &self.other(kind, bytes))?;
                    }
                }
            }
        }
        let mut packed = writer.spare();
        builder.take_into(&mut packed);
        Ok(writer.write(packed)?)
    }

    fn other<'b>(&mut self, kind: Kind, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let (text, nul) = match bytes.split_last() {
            Some((0, text)) => (text, &b"\0"[..]),
            _ => (bytes, &b""[..]),
        };
        let mut other = match kind {
            Kind::Harmless => return bytes.into(),
            Kind::Data if self.keep_data => return bytes.into(),
            Kind::Data => {
                self.zeroed += bytes.len() as u64;
                return vec![0; bytes.len()].into();
            }
            Kind::Path => self.path(text),
            Kind::Text => self.text(text),
            Kind::Variable => match text.iter().position(|byte| *byte == b'=') {
                Some(at) => [&text[..=at], &self.text(&text[at + 1..])].concat(),
                None => self.text(text),
            },
            Kind::Attribute => match text.iter().position(|byte| *byte == b'.') {
                Some(at) => [&text[..=at], &self.text(&text[at + 1..])].concat(),
                None => self.text(text),
            },
        };
        other.extend_from_slice(nul);
        other.into()
    }

    /// A path with other names; `.` and `..` stay.
    fn path(&mut self, path: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(path);
        if self.keep.iter().any(|pattern| fits(pattern, &text)) {
            return path.to_vec();
        }
        let names: Vec<_> = path.split(|byte| *byte == b'/').map(|name| self.name(name)).collect();
        names.join(&b'/')
    }

    /// Another text; one that is a path as a path, since paths are passed as arguments.
    fn text(&mut self, text: &[u8]) -> Vec<u8> {
        match text.contains(&b'/') {
            true => self.path(text),
            false => self.name(text),
        }
    }

    fn name(&mut self, name: &[u8]) -> Vec<u8> {
        if matches!(name, b"" | b"." | b"..") {
            return name.to_vec();
        }
        // Names that begin with a dot are treated differently by many programs.
        let (dot, rest) = match name.split_first() {
            Some((b'.', rest)) => (&b"."[..], rest),
            _ => (&b""[..], name),
        };
        let at = rest.iter().rposition(|byte| *byte == b'.').filter(|_| self.keep_extensions);
        let (stem, extension) = rest.split_at(at.unwrap_or(rest.len()));
        let key = &self.key;
        let other = match self.known.get(stem) {
            Some(other) => other,
            None => self.known.entry(stem.to_vec()).or_insert_with(|| made(key, stem)),
        };
        [dot, other.as_bytes(), extension].concat()
    }
}

/// The other name, made with the key.
fn made(key: &[u8; 32], name: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let inner = Sha256::new().chain_update(key).chain_update(name).finalize();
    let hash = Sha256::new().chain_update(key).chain_update(inner).finalize();
    let letters = hash.iter().take(LETTERS);
    letters.map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            key: [7; 32],
            keep: vec!["/usr/*".to_owned()],
            keep_extensions: true,
            keep_data: false,
            known: HashMap::new(),
            zeroed: 0,
        }
    }

    fn other(names: &mut Names, kind: Kind, text: &str) -> String {
        String::from_utf8(names.other(kind, text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn paths_keep_their_shape_and_fit_together() {
        let mut names = names();
        let path = other(&mut names, Kind::Path, "/home/ann/../.secret/plan.txt\0");
        let parts: Vec<&str> = path.split('/').collect();
        assert_eq!((parts.len(), parts[0], parts[3]), (6, "", ".."));
        assert!(parts[4].starts_with('.') && parts[5].ends_with(".txt\0"), "{path}");
        for word in ["home", "ann", "secret", "plan"] {
            assert!(!path.contains(word), "{path}");
        }
        assert_eq!(other(&mut names, Kind::Path, "ann"), parts[2]);
        assert_eq!(other(&mut names, Kind::Text, "/home/ann"), parts[..3].join("/"));
        assert_eq!(other(&mut names, Kind::Path, "/usr/bin/cat\0"), "/usr/bin/cat\0");
        assert_eq!(other(&mut names, Kind::Path, "/"), "/");
    }

    #[test]
    fn only_the_key_decides_the_names() {
        assert_eq!(made(&[1; 32], b"ann"), made(&[1; 32], b"ann"));
        assert_ne!(made(&[1; 32], b"ann"), made(&[2; 32], b"ann"));
        assert_ne!(made(&[1; 32], b"ann"), made(&[1; 32], b"bob"));
    }

    #[test]
    fn variables_keep_their_names_and_data_its_length() {
        let mut names = names();
        let variable = other(&mut names, Kind::Variable, "HOME=/home/ann\0");
        assert!(variable.starts_with("HOME=/") && !variable.contains("ann"), "{variable}");
        assert!(other(&mut names, Kind::Attribute, "user.note\0").starts_with("user."));
        assert_eq!(other(&mut names, Kind::Data, "secret"), "\0\0\0\0\0\0");
        assert_eq!(names.zeroed, 6);
    }
}
