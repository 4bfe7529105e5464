//! `replayer prepare`: makes the files of a trace's snapshot beneath a directory.
//!
//! ```text
//!  directories, parents first ─▶ files, links, FIFOs ─▶ contents, as the trace has them
//!      ─▶ owners, attributes, modes, times; directories last, deepest first
//! ```

mod contents;
mod tree;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use nix::errno::Errno;

use crate::place::{Mapping, PathMap};
use crate::snapshot::{FileState, Snapshot};
use crate::trace::TraceError;
use tree::{Tree, TreeError};

/// Make the files that a program came upon, as they were when its recording began, beneath a directory.
///
/// The trace must be recorded with --snapshot. Nothing outside of the directory is touched, whatever the trace
/// says. Devices are never made. Then `replayer --root DIR FILE` replays there.
///
/// Exit status: 0 if everything was made but for devices and, without the right to give files away, owners; 1 if
/// something else couldn't be made; 2 if nothing could.
#[derive(Debug, clap::Parser)]
#[command(name = "replayer prepare", bin_name = "replayer prepare", max_term_width = 100)]
pub struct Arguments {
    /// The trace; several files are one trace together
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Make them beneath DIR, which is made too; it stands for /
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// Take a DIR that isn't empty, and replace files that are in the way
    #[arg(long)]
    force: bool,
    /// Make in folder TO what the trace has in folder FROM
    #[arg(long, value_name = "FROM=TO")]
    map: Vec<Mapping>,
    /// Take what is whole of a trace whose recorder was killed, or that is damaged
    #[arg(long)]
    recover: bool,
    /// Tell of nothing but failures, and show no progress
    #[arg(short, long)]
    quiet: bool,
}

/// Why nothing can be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The trace.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// It wasn't recorded for this.
    #[error("{}: it holds no snapshot; record with --snapshot read, or full", .0.display())]
    NoSnapshot(PathBuf),
    /// The directory.
    #[error("--root {}: {error}", root.display())]
    Root {
        /// As given.
        root: PathBuf,
        /// Why.
        error: Errno,
    },
    /// Something is in it.
    #[error("--root {}: it isn't empty; name another one, or say --force to replace what is there", .0.display())]
    NotEmpty(PathBuf),
}

/// What was made, and what wasn't.
#[derive(Debug, Default)]
pub struct Prepared {
    made: BTreeMap<&'static str, u64>,
    bytes: u64,
    /// What isn't as it was, and was to be expected; with one path each.
    unmade: BTreeMap<&'static str, (u64, String)>,
    /// What went wrong.
    failed: BTreeMap<String, (u64, String)>,
    notes: Vec<String>,
    /// Whether nobody wants to hear of it, failures excepted.
    pub is_quiet: bool,
}

impl Arguments {
    /// Makes the files.
    ///
    /// # Errors
    /// Why none can be made.
    pub fn run(self) -> Result<Prepared, PrepareError> {
        let snapshot = Snapshot::open(&self.files, self.recover)?;
        if snapshot.files.is_empty() {
            return Err(PrepareError::NoSnapshot(self.files[0].clone()));
        }
        let failed = |error| PrepareError::Root { root: self.root.clone(), error };
        fs::create_dir_all(&self.root)
            .map_err(|error| failed(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
        let tree = Tree::open(&self.root, self.force).map_err(failed)?;
        if !self.force && !tree.is_empty().map_err(failed)? {
            return Err(PrepareError::NotEmpty(self.root.clone()));
        }
        let bar = bar(snapshot.content_size()?, self.quiet);
        let map: PathMap = self.map.into_iter().collect();
        let mut work = Work { tree, prepared: Prepared::default(), made: HashMap::new() };
        let files = work.make(&snapshot, &map);
        work.fill(&snapshot, &files, &bar)?;
        work.finish(&files);
        bar.finish_and_clear();
        let mut prepared = work.prepared;
        prepared.notes.clone_from(&snapshot.notes);
        prepared.is_quiet = self.quiet;
        if snapshot.malformed > 0 {
            let (why, one) = ("they make no sense".to_owned(), "rows of the snapshot".to_owned());
            prepared.failed.insert(why, (snapshot.malformed, one));
        }
        Ok(prepared)
    }
}

fn bar(total: u64, is_quiet: bool) -> ProgressBar {
    if is_quiet || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = "{bar:40} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(total).with_style(style)
}

/// A file that was made, and what it is to be.
struct Made<'s> {
    path: Vec<u8>,
    state: &'s FileState,
    /// Whether it is another name of one that was made before.
    is_link: bool,
}

struct Work {
    tree: Tree,
    prepared: Prepared,
    /// Files that have other names, by device and inode.
    made: HashMap<(i64, i64), Vec<u8>>,
}

impl Work {
    /// Makes all files, without what is in them; parents come before what is in them.
    fn make<'s>(&mut self, snapshot: &'s Snapshot, map: &PathMap) -> Vec<Made<'s>> {
        let mut files = Vec::new();
        for (path, state) in &snapshot.files {
            let path = map.apply(path).unwrap_or_else(|| path.clone());
            match self.make_one(&path, state) {
                Ok(Some(is_link)) => files.push(Made { path, state, is_link }),
                Ok(None) => {}
                Err(error) => self.prepared.fail(&path, error),
            }
        }
        files
    }

    /// Makes a file, if it is one that is made; tells whether it is another name of one.
    fn make_one(&mut self, path: &[u8], state: &FileState) -> Result<Option<bool>, TreeError> {
        let kind = state.kind();
        if has_names(state)
            && let Some(first) = self.made.get(&state.identity)
        {
            self.tree.link(first, path)?;
            self.prepared.count("hard links");
            return Ok(Some(true));
        }
        let what = match kind {
            libc::S_IFDIR => {
                self.tree.directory(path)?;
                "directories"
            }
            libc::S_IFREG => {
                self.tree.file(path, state.size)?;
                "files"
            }
            libc::S_IFLNK => {
                let Some(target) = &state.target else {
                    self.prepared.leave("links whose target the trace lacks", path);
                    return Ok(None);
                };
                self.tree.symlink(target, path)?;
                "symbolic links"
            }
            libc::S_IFIFO | libc::S_IFSOCK => {
                self.tree.special(path, kind)?;
                "FIFOs and sockets"
            }
            _ => {
                self.prepared.leave("devices, which a replay leaves alone", path);
                return Ok(None);
            }
        };
        self.prepared.count(what);
        if has_names(state) {
            self.made.insert(state.identity, path.to_vec());
        }
        Ok(Some(false))
    }

    /// Owners, attributes, modes and times: of directories last, since what is made in one changes it.
    fn finish(&mut self, files: &[Made<'_>]) {
        self.add_names(files);
        let is_directory = |file: &&Made<'_>| file.state.kind() == libc::S_IFDIR;
        let (directories, others): (Vec<_>, Vec<_>) = files.iter().partition(is_directory);
        for file in others.into_iter().chain(directories.into_iter().rev()) {
            if !file.is_link {
                self.dress(&file.path, file.state);
            }
        }
    }

    /// Gives files that had names which the program didn't see as many in all: calls tell their number.
    fn add_names(&mut self, files: &[Made<'_>]) {
        let mut names: HashMap<(i64, i64), u64> = HashMap::new();
        for file in files.iter().filter(|file| has_names(file.state)) {
            *names.entry(file.state.identity).or_default() += 1;
        }
        let mut number = 0;
        for file in files.iter().filter(|file| has_names(file.state) && !file.is_link) {
            let wanted = file.state.links.saturating_sub(names[&file.state.identity]);
            if wanted > MOST_OTHER_NAMES {
                let what = "files with fewer names, for there are too many";
                self.prepared.leave(what, &file.path);
                continue;
            }
            for _ in 0..wanted {
                number += 1;
                let name = format!("{OTHER_NAMES}/{number}");
                match self.tree.link(&file.path, name.as_bytes()) {
                    Ok(()) => self.prepared.count("hard links that the program didn't see"),
                    Err(error) => self.prepared.fail(&file.path, error),
                }
            }
        }
    }

    fn dress(&mut self, path: &[u8], state: &FileState) {
        let is_link = state.kind() == libc::S_IFLNK;
        let (owner, group) = (state.owner, state.group);
        match self.tree.set_owner(path, owner, group) {
            Err(TreeError::System(Errno::EPERM | Errno::EINVAL)) => {
                self.prepared.leave("owners, for want of the right to give files away", path);
            }
            set => self.check(path, set),
        }
        for (key, value) in &state.attributes {
            match self.tree.set_attribute(path, key, value) {
                Err(TreeError::System(Errno::EPERM | Errno::EOPNOTSUPP)) => {
                    self.prepared.leave("extended attributes that aren't allowed here", path);
                }
                set => self.check(path, set),
            }
        }
        if !is_link {
            let set = self.tree.set_mode(path, state.mode & 0o7777);
            self.check(path, set);
        }
        let set = self.tree.set_times(path, state.access_time, state.modification_time);
        self.check(path, set);
    }

    fn check(&mut self, path: &[u8], done: Result<(), TreeError>) {
        if let Err(error) = done {
            self.prepared.fail(path, error);
        }
    }
}

/// Where names are made that the program didn't see: a replay leaves the kernel's files alone, so it never looks.
const OTHER_NAMES: &str = "/proc/.names";

/// Most of them for one file.
const MOST_OTHER_NAMES: u64 = 1000;

/// Whether the file may have other names.
fn has_names(state: &FileState) -> bool {
    state.links > 1 && state.kind() != libc::S_IFDIR
}

fn text(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

impl Prepared {
    fn count(&mut self, what: &'static str) {
        *self.made.entry(what).or_default() += 1;
    }

    /// Something isn't made, as was to be expected.
    fn leave(&mut self, what: &'static str, path: &[u8]) {
        self.unmade.entry(what).or_insert_with(|| (0, text(path))).0 += 1;
    }

    fn fail(&mut self, path: &[u8], error: TreeError) {
        self.failed.entry(error.to_string()).or_insert_with(|| (0, text(path))).0 += 1;
    }

    /// Whether something went wrong.
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty()
    }

    /// What went wrong, a line each.
    pub fn failures(&self) -> Vec<String> {
        let failed = self.failed.iter();
        failed.map(|(why, (count, one))| format!("not made: {count}, as {one}: {why}")).collect()
    }
}

impl fmt::Display for Prepared {
    /// What was made and what wasn't, a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        let made = self.made.iter().map(|(what, count)| format!("{count} {what}"));
        let made = made.collect::<Vec<_>>().join(", ");
        write!(f, "made {made}; {} bytes of contents", self.bytes)?;
        for (what, (count, one)) in &self.unmade {
            write!(f, "\n  not as it was: {count} {what} (as {one})")?;
        }
        Ok(())
    }
}
