//! Paths, as this replay finds them.

use abi::want;

use super::{Process, beyond};
use crate::own::{Own, own};
use crate::{Fd, Path, Replayed, Skip, sys};

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

    /// Opens with `flags` what `path` says, if that is a pipe by its descriptor (`/dev/fd/63`, as shells name
    /// one for a program) and no path leads to it, as beneath a root: another descriptor for it does what a
    /// newly opened one would. None if it isn't that, or if it is opened for something else.
    pub fn reopened(&mut self, path: Option<Path<'_>>, flags: Option<i32>) -> Option<Replayed> {
        let (path, flags) = path.zip(flags).filter(|_| self.recorded().succeeded())?;
        let Own::Descriptor(traced, b"") = own(path.0.strip_suffix(b"\0")?)? else { return None };
        if !self.is_stream(Fd(traced)) || self.path(path).is_ok() {
            return None;
        }
        let fd = self.fd(Fd(traced)).ok()?;
        // SAFETY: the call takes no pointer.
        let open = unsafe { sys::numbers(libc::SYS_fcntl, [fd.into(), libc::F_GETFL.into()]) };
        let way = libc::O_ACCMODE | libc::O_NONBLOCK;
        if open.ok()? as i32 & way != flags & way {
            return None;
        }
        Some(self.duplicate(Fd(traced), |fd| {
            // SAFETY: the call takes no pointer.
            unsafe { sys::numbers(libc::SYS_dup, [fd.into()]) }
        }))
    }
}
