//! What people say on the command line.

use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;

/// Parses `words`, the program's name first. Help that was asked for ends the program, with status 2 if it can't be
/// printed; so does what makes no sense.
pub fn parse<T: Parser>(words: impl IntoIterator<Item = std::ffi::OsString>) -> T {
    T::try_parse_from(words).unwrap_or_else(|error| {
        let is_asked_for =
            matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        if !is_asked_for {
            error.exit();
        }
        let printed = error.print().and_then(|()| io::stdout().flush());
        match printed {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                eprintln!("{}: cannot write to standard output: {error}", T::command().get_name());
                std::process::exit(2);
            }
            _ => std::process::exit(0),
        }
    })
}

/// Which of `files` is the file at `path`, so that writing that one would destroy it.
pub fn one_of<'f>(files: &'f [PathBuf], path: &Path) -> Option<&'f Path> {
    let identity = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
    let wanted = identity(path)?;
    files.iter().map(PathBuf::as_path).find(|file| identity(file) == Some(wanted))
}
