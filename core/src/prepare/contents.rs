//! Contents, written to all files that have them.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use indicatif::ProgressBar;
use nix::errno::Errno;
use sha2::{Digest, Sha256};

use super::tree::TreeError;
use super::{Made, PrepareError, Work, has_names};
use crate::snapshot::{Chunk, Snapshot};

/// Files that are kept open for the next part of their content.
const OPEN: usize = 16;

/// A content, as far as it came.
struct Content {
    /// The files that have it, by number, and how long they are.
    files: Vec<usize>,
    size: u64,
    whole: Sha256,
    sparse: Sha256,
    /// Where the next part of a content without holes stands.
    next: u64,
    has_holes: bool,
}

impl Content {
    fn new(size: u64) -> Self {
        let mut sparse = Sha256::new();
        sparse.update(b"sparse");
        sparse.update(size.to_le_bytes());
        let (whole, files) = (Sha256::new(), Vec::new());
        Self { files, size, whole, sparse, next: 0, has_holes: false }
    }

    fn add(&mut self, chunk: &Chunk<'_>) {
        self.has_holes |= chunk.offset != self.next;
        self.next = chunk.offset.saturating_add(chunk.data.len() as u64);
        self.whole.update(chunk.data);
        self.sparse.update(chunk.offset.to_le_bytes());
        self.sparse.update(chunk.data);
    }

    /// Whether all of it came, and nothing else.
    fn is(self, key: &[u8; 32]) -> bool {
        let is_whole = !self.has_holes && self.next == self.size;
        let hash = if is_whole { self.whole } else { self.sparse };
        hash.finalize()[..] == key[..]
    }
}

impl Work {
    /// Writes contents into the files that were made.
    ///
    /// # Errors
    /// The trace can't be read.
    pub(super) fn fill(
        &mut self,
        snapshot: &Snapshot,
        files: &[Made<'_>],
        bar: &ProgressBar,
    ) -> Result<(), PrepareError> {
        let mut contents: HashMap<[u8; 32], Content> = HashMap::new();
        // The content of a file may have come with another one of its names.
        let of_names: HashMap<_, _> = files
            .iter()
            .filter(|file| has_names(file.state))
            .filter_map(|file| Some((file.state.identity, file.state.content?)))
            .collect();
        for (number, file) in files.iter().enumerate() {
            let state = file.state;
            if state.kind() != libc::S_IFREG || file.is_link {
                continue;
            }
            let of_names = || of_names.get(&state.identity).filter(|_| has_names(state)).copied();
            if let Some(key) = state.content.or_else(of_names) {
                let content = contents.entry(key).or_insert_with(|| Content::new(state.size));
                content.files.push(number);
            } else if state.size > 0 {
                let what = "files with zeros, whose contents the snapshot doesn't have";
                self.prepared.leave(what, &file.path);
            }
        }
        let mut open: Vec<(usize, File)> = Vec::new();
        let malformed = snapshot.contents::<PrepareError>(|chunk| {
            bar.inc(chunk.data.len() as u64);
            let Some(content) = contents.get_mut(&chunk.hash) else { return Ok(()) };
            content.add(&chunk);
            let end = chunk.offset.checked_add(chunk.data.len() as u64);
            for number in &content.files {
                let file = &files[*number];
                if end.is_none_or(|end| end > file.state.size) {
                    self.prepared.fail(&file.path, TreeError::System(Errno::EFBIG));
                    continue;
                }
                match self.write(*number, file, &chunk, &mut open) {
                    Ok(()) => self.prepared.bytes += chunk.data.len() as u64,
                    Err(error) => self.prepared.fail(&file.path, error),
                }
            }
            Ok(())
        })?;
        if malformed > 0 {
            let (why, one) = ("they make no sense".to_owned(), "parts of contents".to_owned());
            self.prepared.failed.insert(why, (malformed, one));
        }
        for (key, content) in contents {
            let one = content.files[0];
            if !content.is(&key) {
                let why = "the trace doesn't have all of its content".to_owned();
                let one = super::text(&files[one].path);
                self.prepared.failed.entry(why).or_insert_with(|| (0, one)).0 += 1;
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        number: usize,
        file: &Made<'_>,
        chunk: &Chunk<'_>,
        open: &mut Vec<(usize, File)>,
    ) -> Result<(), TreeError> {
        let position = open.iter().position(|(known, _)| *known == number);
        let position = match position {
            Some(position) => position,
            None => {
                if open.len() == OPEN {
                    open.remove(0);
                }
                open.push((number, self.tree.open_file(&file.path)?));
                open.len() - 1
            }
        };
        let written = open[position].1.write_all_at(chunk.data, chunk.offset);
        written.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)).into())
    }
}
