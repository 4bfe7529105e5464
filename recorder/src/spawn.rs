//! Starts the program that is to be recorded, with a tracer on it from its first instruction.

use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::io::{self, PipeReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, ForkResult, Pid, access, execve, fork};

use crate::filter::Filter;
use crate::inherited;
use crate::ptrace;

/// Why a program can't be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No such program in any folder of `PATH`, or no such file.
    #[error("{}: there is no such program", Path::new(.0).display())]
    NotFound(OsString),
    /// It is there but can't be run.
    #[error("{}: it can't be run: {error}", path.display())]
    NotRunnable {
        /// The program.
        path: PathBuf,
        /// Why.
        error: nix::Error,
    },
    /// A NUL in an argument or in the environment.
    #[error("{0:?} has a NUL in it")]
    Nul(OsString),
    /// The kernel refuses something that recording needs.
    #[error("cannot {doing}: {error}")]
    Refused {
        /// What.
        doing: &'static str,
        /// Why.
        error: io::Error,
    },
}

fn refused(doing: &'static str) -> impl Fn(io::Error) -> SpawnError {
    move |error| SpawnError::Refused { doing, error }
}

/// What to run.
#[derive(Debug)]
pub struct Command {
    /// The program's file.
    program: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Command {
    /// `words[0]` with the other words as arguments, looked up in `PATH` as a shell would, in this
    /// process's environment with `changes` made to it (`NAME=value` sets, `NAME` removes).
    ///
    /// # Errors
    /// There is no such program.
    pub fn new(words: &[OsString], changes: &[OsString]) -> Result<Self, SpawnError> {
        let program = find(&words[0], std::env::var_os("PATH"))?;
        let text = |text: &OsStr| {
            CString::new(text.as_bytes()).map_err(|_| SpawnError::Nul(text.to_owned()))
        };
        let mut environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        for change in changes {
            let bytes = change.as_bytes();
            let equals = bytes.iter().position(|byte| *byte == b'=');
            let name = OsStr::from_bytes(&bytes[..equals.unwrap_or(bytes.len())]);
            environment.retain(|(known, _)| known != name);
            if let Some(equals) = equals {
                let value = OsStr::from_bytes(&bytes[equals + 1..]);
                environment.push((name.to_owned(), value.to_owned()));
            }
        }
        let environment = environment.iter().map(|(name, value)| {
            let mut entry = name.clone();
            entry.push("=");
            entry.push(value);
            text(&entry)
        });
        Ok(Self {
            program: text(program.as_os_str())?,
            arguments: words.iter().map(|word| text(word)).collect::<Result<_, _>>()?,
            environment: environment.collect::<Result<_, _>>()?,
        })
    }

    /// Starts it as a tracee that stops at each system call, its first `execve` included, but for those
    /// that `filter` lets through. The calling thread becomes its tracer; the process must have no other
    /// threads.
    ///
    /// A child that can't get as far as its first `execve` exits with the errno as its status.
    ///
    /// # Errors
    /// The kernel refuses something that recording needs.
    pub fn spawn(&self, filter: &Filter) -> Result<Pid, SpawnError> {
        let (go_reader, mut go_writer) = io::pipe().map_err(refused("make a pipe"))?;
        // SAFETY: the process has one thread, so the child may do all that the parent could.
        match unsafe { fork() }.map_err(|error| refused("fork")(error.into()))? {
            ForkResult::Child => {
                drop(go_writer);
                let Err(error) = self.run(go_reader, filter);
                // SAFETY: the child has nothing to clean up, and must not run the parent's handlers.
                unsafe { libc::_exit(error as i32) }
            }
            ForkResult::Parent { child } => {
                let seized = ptrace::seize(child.as_raw());
                seized.map_err(|error| refused("trace the program (ptrace)")(error.into()))?;
                go_writer.write_all(&[1]).map_err(refused("start the program"))?;
                Ok(child)
            }
        }
    }

    /// The child's part: waits for the tracer, then becomes the program.
    fn run(&self, mut go: PipeReader, filter: &Filter) -> nix::Result<Infallible> {
        // The tracer closes its end without a word if it can't trace.
        if go.read(&mut [0]).ok() != Some(1) {
            return Err(nix::Error::ESRCH);
        }
        inherited::restore()?;
        filter.install()?;
        execve(&self.program, &self.arguments, &self.environment)
    }
}

/// The file that a shell would run for `name`, with folders `path` separated by colons.
fn find(name: &OsStr, path: Option<OsString>) -> Result<PathBuf, SpawnError> {
    let runnable = |path: &Path| {
        if path.is_dir() { Err(nix::Error::EACCES) } else { access(path, AccessFlags::X_OK) }
    };
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return match runnable(&path) {
            Ok(()) => Ok(path),
            Err(nix::Error::ENOENT) => Err(SpawnError::NotFound(name.to_owned())),
            Err(error) => Err(SpawnError::NotRunnable { path, error }),
        };
    }
    let path = path.unwrap_or_else(|| "/bin:/usr/bin".into());
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| runnable(file).is_ok())
        .ok_or_else(|| SpawnError::NotFound(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_as_a_shell_finds_it() {
        let path = Some(OsString::from("/nonexistent:/bin:/usr/bin"));
        let found = find(OsStr::new("sh"), path.clone()).expect("there is a shell");
        assert!(found.ends_with("sh"));
        assert!(matches!(find(OsStr::new("no such"), path), Err(SpawnError::NotFound(_))));
        let folder = find(OsStr::new("/tmp"), None);
        assert!(matches!(folder, Err(SpawnError::NotRunnable { .. })));
    }

    #[test]
    fn the_environment_is_changed_as_asked() {
        let changes = ["NEW=1", "PATH", "EMPTY="].map(OsString::from);
        let command = Command::new(&["/bin/sh".into()], &changes).expect("there is a shell");
        let has =
            |entry: &str| command.environment.iter().any(|e| e.as_bytes() == entry.as_bytes());
        assert!(has("NEW=1") && has("EMPTY="));
        assert!(!command.environment.iter().any(|entry| entry.as_bytes().starts_with(b"PATH=")));
    }
}
