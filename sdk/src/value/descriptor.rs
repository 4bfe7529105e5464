//! Descriptors of the traced process.

use abi::{display, kind, role};

use super::{Argument, Cell, Number, Value};
use crate::{Process, Skip, pipe};

/// A descriptor of the traced process. It never compiles where a real one is wanted:
/// [`Process::fd`] translates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd(pub i32);

/// A traced descriptor that names a directory for the path in the next argument; −100 stands for the
/// working directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirFd(pub i32);

/// A traced descriptor that the call closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedFd(pub i32);

macro_rules! descriptor {
    ($type:ident, $role:ident) => {
        impl<'t> Value<'t> for $type {
            const KIND: u32 = kind::INT32;
            const WIDTH: u32 = 4;
            const ROLE: u32 = role::$role;
            const DISPLAY: u32 = display::DESCRIPTOR;

            #[inline]
            fn read(cell: Cell<'t>) -> Self {
                Self(cell.int32())
            }
        }

        impl Number for $type {
            fn number(self) -> Option<i64> {
                Some(self.0.into())
            }
        }
    };
}

descriptor!(Fd, DESCRIPTOR);
descriptor!(DirFd, DESCRIPTOR);
descriptor!(ClosedFd, CLOSED_DESCRIPTOR);

impl<'t> Argument<'t> for Fd {
    #[inline]
    fn word(self, process: &mut Process<'t>) -> Result<usize, Skip> {
        process.fd(self).map(|fd| fd as isize as usize)
    }
}

impl<'t> Argument<'t> for ClosedFd {
    #[inline]
    fn word(self, process: &mut Process<'t>) -> Result<usize, Skip> {
        process.release(self).map(|fd| fd as isize as usize)
    }
}

/// A traced descriptor that the call creates and returns in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewFd(pub i32);

impl<'t> Value<'t> for NewFd {
    const KIND: u32 = kind::INT32;
    const WIDTH: u32 = 4;
    const ROLE: u32 = role::NEW_DESCRIPTOR;
    const DISPLAY: u32 = display::DESCRIPTOR;

    fn read(cell: Cell<'t>) -> Self {
        Self(cell.int32())
    }

    /// The recorded call made this one, or none if it failed; the replayed call may differ in that.
    fn settle(self, process: &mut Process<'t>, replayed: Option<i64>) {
        let traced = if process.recorded().succeeded() { self.0 } else { -1 };
        if traced >= 0 || replayed.is_some() {
            process.adopt(traced, replayed.map_or(-1, |fd| fd as i32));
        }
    }
}

/// As [`NewFd`], the end of a pipe that data comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPipe(pub i32);

impl<'t> Value<'t> for NewPipe {
    const KIND: u32 = NewFd::KIND;
    const WIDTH: u32 = NewFd::WIDTH;
    const ROLE: u32 = NewFd::ROLE;
    const DISPLAY: u32 = NewFd::DISPLAY;

    fn read(cell: Cell<'t>) -> Self {
        Self(cell.int32())
    }

    fn settle(self, process: &mut Process<'t>, replayed: Option<i64>) {
        if let Some(fd) = replayed {
            pipe::widen(fd as i32);
        }
        NewFd(self.0).settle(process, replayed);
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::Stage;

    #[derive(Record, Replay)]
    #[record(syscall = "pipe2")]
    struct Pipe2 {
        #[after(0)]
        read_descriptor: NewFd,
        #[after(0, offset = 4)]
        write_descriptor: NewFd,
        #[arg(1)]
        flags_value: i32,
    }

    /// What a trace has of a call that failed: there is nothing behind the pointer.
    const FAILED: Pipe2 =
        Pipe2 { read_descriptor: NewFd(0), write_descriptor: NewFd(0), flags_value: 0 };

    #[test]
    fn a_call_that_failed_made_no_descriptor() {
        let mut stage = Stage::with_file(0, b"");
        let failed = Pipe2 { flags_value: 1, ..FAILED };
        stage.recorded(-1, libc::EINVAL).replay(&failed).fails(libc::EINVAL);
        assert!(stage.descriptor(0).is_some(), "descriptor 0 is still the file");
    }

    #[test]
    fn a_descriptor_that_the_recorded_call_did_not_make_is_closed() {
        let mut stage = Stage::with_file(0, b"");
        let before = stage.descriptor(0);
        stage.recorded(-1, libc::EMFILE).replay(&FAILED).returns(0);
        assert_eq!(stage.descriptor(0), before);
    }

    #[test]
    fn a_descriptor_that_the_replayed_call_did_not_make_is_simulated() {
        let mut stage = Stage::new();
        let made = Pipe2 { read_descriptor: NewFd(3), write_descriptor: NewFd(4), flags_value: 1 };
        stage.recorded(0, 0).replay(&made).fails(libc::EINVAL);
        assert!(stage.is_simulated(3) && stage.is_simulated(4));
    }
}
