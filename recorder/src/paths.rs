//! Only calls on certain paths: `--path`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use replay_schema::{Call, Role};

use crate::event::Blob;
use crate::select::is_structural;

/// Where a call's arguments name files.
#[derive(Clone, Debug, Default)]
pub struct FileArguments {
    /// Fetches that are paths, each with the argument that is the directory it is looked up from.
    paths: Vec<(usize, Option<usize>)>,
    /// Arguments that are descriptors.
    descriptors: Vec<usize>,
    /// Whether the call is recorded whatever it is on.
    is_structural: bool,
}

impl FileArguments {
    /// Those of `call`.
    pub fn of(call: &Call) -> Self {
        let mut files = Self { is_structural: is_structural(call), ..Self::default() };
        let mut directory = None;
        for column in &call.columns {
            let argument = column.sources.iter().find_map(replay_schema::Source::argument);
            match column.role {
                Role::Descriptor | Role::ClosedDescriptor => {
                    directory = argument;
                    files.descriptors.extend(argument);
                }
                Role::Path => {
                    if let Some(fetch) = column.sources.iter().find_map(|s| s.bytes_of()) {
                        files.paths.push((fetch, directory.take()));
                    }
                }
                _ => {}
            }
        }
        files
    }
}

/// The paths that calls have to be on.
#[derive(Clone, Debug, Default)]
pub struct Paths(Vec<PathBuf>);

impl Paths {
    /// Those beneath `paths`, these themselves included; every call if there are none. Relative ones are
    /// looked up from here.
    ///
    /// # Errors
    /// There is no working directory to look them up from.
    pub fn new(paths: &[PathBuf]) -> std::io::Result<Self> {
        let absolute = |path: &PathBuf| {
            let path = plain(&std::path::absolute(path)?);
            Ok(fs::canonicalize(&path).unwrap_or(path))
        };
        paths.iter().map(absolute).collect::<Result<_, _>>().map(Self)
    }

    /// Whether calls on all paths are recorded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the call that `pid` is entering is on one of them, or has to be recorded all the same.
    pub fn admit(
        &self,
        pid: i32,
        files: &FileArguments,
        arguments: &[u64; 6],
        blobs: &[Blob],
        bytes: &[u8],
    ) -> bool {
        if self.is_empty() || files.is_structural {
            return true;
        }
        let open = |argument: usize| {
            fs::read_link(format!("/proc/{pid}/fd/{}", arguments[argument] as i32))
        };
        let is_open = |argument: &usize| open(*argument).is_ok_and(|path| self.contains(&path));
        if files.descriptors.iter().any(is_open) {
            return true;
        }
        files.paths.iter().any(|(fetch, directory)| {
            let Some(Blob::Copied(range)) = blobs.get(*fetch) else { return false };
            let path = bytes[range.clone()].strip_suffix(b"\0").unwrap_or(&bytes[range.clone()]);
            let path = Path::new(OsStr::from_bytes(path));
            let from = match directory {
                _ if path.is_absolute() => Ok(PathBuf::new()),
                Some(argument) if arguments[*argument] as i32 != libc::AT_FDCWD => open(*argument),
                _ => fs::read_link(format!("/proc/{pid}/cwd")),
            };
            from.is_ok_and(|from| self.contains(&plain(&from.join(path))))
        })
    }

    fn contains(&self, path: &Path) -> bool {
        self.0.iter().any(|wanted| path.starts_with(wanted))
    }
}

/// The path without `.` and `..`, as if no symbolic links were in it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_count() {
        let paths = Paths(vec!["/srv/data".into()]);
        for (path, is_within) in [
            ("/srv/data", true),
            ("/srv/data/a/b", true),
            ("/srv/database", false),
            ("/srv", false),
        ] {
            assert_eq!(paths.contains(Path::new(path)), is_within, "{path}");
        }
        assert_eq!(plain(Path::new("/srv/./x/../data/y")), Path::new("/srv/data/y"));
    }
}
