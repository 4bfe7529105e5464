//! Paths, as this replay finds them.

use abi::want;

use super::{Process, beyond};
use crate::own::{Own, own};
use crate::{Fd, Path, Skip};

impl<'t> Process<'t> {
    /// The pointer to `path` as this replay finds it.
    ///
    /// # Errors
    /// The recorded path doesn't end in NUL, so it can't have been one; or it leads to what the kernel
    /// tells the replayer of itself, or to a descriptor that [`Process::fd`] doesn't find.
    #[inline]
    pub fn path(&mut self, path: Path<'_>) -> Result<usize, Skip> {
        let Path(bytes) = path;
        let Some((0, text)) = bytes.split_last() else { return Err(Skip::MALFORMED) };
        match own(text) {
            None => {}
            Some(Own::Process) => return Err(Skip::SIMULATED),
            Some(Own::Descriptor(traced, rest)) => return self.path_of(Fd(traced), rest),
        }
        self.found(bytes)
    }

    /// The pointer to where `path` leads in this replay.
    #[inline]
    fn found(&self, path: &[u8]) -> Result<usize, Skip> {
        if self.record.wants & want::PATHS == 0 {
            return Ok(path.as_ptr() as usize);
        }
        // SAFETY: context is what this host gave us; the bytes live through the call.
        let found = unsafe { self.host.path()(self.context, path.as_ptr(), path.len() as u64) };
        if found.is_null() { Err(Skip::SIMULATED) } else { Ok(found as usize) }
    }

    /// The pointer to the path `rest`, looked up from `traced`.
    fn path_of(&mut self, traced: Fd, rest: &[u8]) -> Result<usize, Skip> {
        let fd = self.fd(traced)?;
        let path = [format!("/proc/thread-self/fd/{fd}").as_bytes(), rest, b"\0"].concat();
        let index = beyond::PATHS + self.own_paths % 2;
        self.own_paths += 1;
        let memory = self.scratch(index, path.len() as u64)?;
        memory.copy_from_slice(&path);
        self.found(memory)
    }
}
