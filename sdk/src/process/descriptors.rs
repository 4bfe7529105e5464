//! Descriptors: what stands for a traced one, and what a call makes of them.

use std::os::fd::RawFd;

use abi::{fd, status};

use super::Process;
use crate::{ClosedFd, DirFd, Errno, Fd, Path, Replayed, Skip, sys};

impl<'t> Process<'t> {
    /// The descriptor that stands for `traced`. A call that failed with `EBADF` gets one that isn't
    /// open.
    ///
    /// # Errors
    /// The descriptor is simulated, a standard stream that is left alone, or unknown.
    #[inline]
    pub fn fd(&mut self, traced: Fd) -> Result<RawFd, Skip> {
        // SAFETY: context is what this host gave us.
        let answer = unsafe { self.host.descriptor()(self.context, traced.0) };
        self.answered(answer)
    }

    /// The descriptor for a directory that `path` is looked up from; anything if the path is
    /// absolute.
    ///
    /// # Errors
    /// As [`Process::fd`].
    #[inline]
    pub fn dirfd(&mut self, traced: DirFd, path: Option<Path<'_>>) -> Result<RawFd, Skip> {
        if traced.0 == libc::AT_FDCWD || path.is_some_and(Path::is_absolute) {
            return Ok(libc::AT_FDCWD);
        }
        self.fd(Fd(traced.0))
    }

    /// Whether data moves through `traced` as it comes: a pipe, a socket.
    #[inline]
    pub fn is_stream(&mut self, traced: Fd) -> bool {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.is_stream()(self.context, traced.0) != 0 }
    }

    /// How many bytes the recorded call moved through `traced`, if that is a stream: a replay moves just
    /// as many, in as many steps as that takes, since how they come is a matter of the moment.
    #[inline]
    pub fn streamed(&mut self, traced: Fd) -> Option<usize> {
        let moved = self.record.return_value;
        (moved > 0 && self.is_stream(traced)).then_some(moved as usize)
    }

    /// Forgets `traced` and returns what stood for it, which the plugin closes.
    ///
    /// # Errors
    /// As [`Process::fd`].
    #[inline]
    pub fn release(&mut self, traced: ClosedFd) -> Result<RawFd, Skip> {
        // SAFETY: context is what this host gave us.
        let answer = unsafe { self.host.release()(self.context, traced.0) };
        self.answered(answer)
    }

    /// Forgets `traced` and closes what stood for it, if something did.
    pub fn close(&mut self, traced: ClosedFd) {
        if let Ok(fd) = self.release(traced) {
            // SAFETY: the call takes no pointer, and nothing stands for the descriptor any more.
            let _ = unsafe { sys::numbers(libc::SYS_close, [fd.into()]) };
        }
    }

    #[inline]
    fn answered(&self, answer: i32) -> Result<RawFd, Skip> {
        match answer {
            fd::SIMULATED => Err(Skip(status::SIMULATED_DESCRIPTOR)),
            fd::STANDARD_STREAM => Err(Skip(status::STANDARD_STREAM)),
            fd::UNKNOWN if self.record.errno_number == libc::EBADF => Ok(-1),
            fd::UNKNOWN => Err(Skip(status::UNKNOWN_DESCRIPTOR)),
            open => Ok(open),
        }
    }

    /// `replayed` stands for `traced` from now on; −1 makes `traced` simulated.
    pub fn adopt(&mut self, traced: i32, replayed: RawFd) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.adopt()(self.context, traced, replayed) }
    }

    /// Settles a call that returns a new descriptor: maps the recorded one to the new one, closes one
    /// that the recorded call didn't get, and makes simulated what the replay didn't get.
    pub fn adopt_returned(&mut self, replayed: Result<i64, Errno>) {
        match (self.recorded().succeeded(), replayed) {
            (true, Ok(fd)) => self.adopt(self.record.return_value as i32, fd as RawFd),
            (true, Err(_)) => self.adopt(self.record.return_value as i32, -1),
            (false, Ok(fd)) => self.adopt(-1, fd as RawFd),
            (false, Err(_)) => {}
        }
    }

    /// Makes `new` another name of what `old` stands for, without a call.
    pub fn alias(&mut self, old: i32, new: i32) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.alias()(self.context, old, new) }
    }

    /// Settles a call that makes another descriptor for what `old` names: `call` is given what stands for
    /// `old`, and returns the new one. Where nothing does, the new one stands for the same without a call.
    ///
    /// # Errors
    /// As [`Process::fd`]; but the other name of a standard stream is one too, and that is all there is to
    /// it.
    pub fn duplicate(
        &mut self,
        old: Fd,
        call: impl FnOnce(RawFd) -> Result<i64, Errno>,
    ) -> Replayed {
        let new = self.record.return_value;
        match self.fd(old) {
            Ok(fd) => {
                let replayed = call(fd);
                self.adopt_returned(replayed);
                // The number itself is the replay's own.
                Ok(replayed.map(|fd| self.recorded().outcome().unwrap_or(fd)))
            }
            Err(skip) if self.recorded().succeeded() => {
                self.alias(old.0, new as i32);
                if skip.0 == status::STANDARD_STREAM { Ok(Ok(new)) } else { Err(skip) }
            }
            Err(skip) => Err(skip),
        }
    }

    /// Settles a call that makes a descriptor for what `traced` is in the process of task `task`.
    ///
    /// # Errors
    /// As [`Process::fd`]; also if that task isn't one of the replay, or has ended, or if the host is too old.
    pub fn duplicate_of(&mut self, task: i32, traced: i32) -> Replayed {
        let answer = match self.host.descriptor_of() {
            // SAFETY: context is what this host gave us.
            Some(descriptor_of) => unsafe { descriptor_of(self.context, task, traced) },
            None => fd::SIMULATED,
        };
        let replayed = match answer {
            fd::UNKNOWN if !self.recorded().succeeded() => Err(Errno(libc::EBADF)),
            answer => Ok(self.answered(answer)?.into()),
        };
        self.adopt_returned(replayed);
        Ok(replayed.map(|fd| self.recorded().outcome().unwrap_or(fd)))
    }

    /// Four words that stay with the open descriptor `traced`, zero at first.
    pub fn note(&mut self, traced: Fd) -> Option<&mut [u64; 4]> {
        // SAFETY: context is what this host gave us.
        let words = unsafe { self.host.note()(self.context, traced.0) };
        // SAFETY: the host returns null, or four words that are ours until the replay of the record
        // ends; the borrow of `self` keeps a second one from being made.
        unsafe { words.cast::<[u64; 4]>().as_mut() }
    }

    /// Has somebody who stands for one outside the trace see to it that the socket `traced` is going to be ready to
    /// be read; returns whether somebody does.
    pub(crate) fn expect(&mut self, traced: Fd) -> bool {
        // SAFETY: context is what this host gave us.
        self.host.expect().is_some_and(|expect| unsafe { expect(self.context, traced.0) != 0 })
    }

    /// The port of somebody who stands for one outside the trace and waits for a connection; 0 if nobody does.
    pub(crate) fn somebody(&mut self) -> u16 {
        // SAFETY: context is what this host gave us.
        let port = self.host.counterpart().map(|counterpart| unsafe { counterpart(self.context) });
        port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::Stage;

    #[derive(Record)]
    #[record(syscall = "dup", returns = descriptor)]
    struct Dup {
        #[arg(0)]
        descriptor: Fd,
    }

    impl<'t> Replay<'t> for Dup {
        fn replay(&self, process: &mut Process<'t>) -> Replayed {
            process.duplicate(self.descriptor, |fd| {
                // SAFETY: the call takes no pointer.
                unsafe { sys::numbers(libc::SYS_dup, [fd.into()]) }
            })
        }
    }

    #[test]
    fn a_duplicate_takes_the_place_of_the_recorded_one() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(70, 0).replay(&Dup { descriptor: Fd(3) }).returns(70);
        assert!(stage.descriptor(70).is_some_and(|fd| stage.descriptor(3) != Some(fd)));
    }

    #[test]
    fn a_duplicate_of_what_is_not_open_is_not_either() {
        let mut stage = Stage::new();
        stage.simulate(3);
        stage.recorded(4, 0).replay(&Dup { descriptor: Fd(3) }).is_not_made();
        assert!(stage.is_simulated(4));
        stage.recorded(5, 0).replay(&Dup { descriptor: Fd(1) }).returns(5);
        stage.recorded(-1, libc::EBADF).replay(&Dup { descriptor: Fd(9) }).fails(libc::EBADF);
        stage.recorded(-1, libc::EMFILE).replay(&Dup { descriptor: Fd(3) }).is_not_made();
        assert_eq!(stage.descriptor(-1), None);
    }
}
