//! ioctl(2): ask a file system, a terminal or a device for what has no call of its own.

use libc::{
    FICLONE, FICLONERANGE, FIOCLEX, FIONBIO, FIONCLEX, FIONREAD, FS_IOC_GETFLAGS,
    FS_IOC_GETVERSION, FS_IOC_SETFLAGS, Ioctl as Request,
};
use sdk::abi::Bit;
use sdk::declare::{Size, constant, filled, passed, size_of};
use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "ioctl", keeps_offset, changes = descriptors)]
struct Ioctl<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(REQUESTS)]
    request: i32,
    #[arg(2)]
    #[hex]
    parameter: Option<i64>,
    #[size(arg(1), BUFFERS)]
    buffer_size: i64,
    #[sized(2, arg(1), BUFFERS)]
    ioctl_buffer: Option<&'t [u8]>,
}

// What the libc crate lacks.
const FIDEDUPERANGE: Request = 0xc018_9436;
const FS_IOC_FSGETXATTR: Request = 0x801c_581f;
const FS_IOC_FSSETXATTR: Request = 0x401c_5820;
const FIGETBSZ: Request = 2;
const BLKGETSIZE64: Request = 0x8008_1272;

const REQUESTS: &[Bit] = &[
    constant("", "FICLONE", FICLONE as i64),
    constant("", "FICLONERANGE", FICLONERANGE as i64),
    constant("", "FIDEDUPERANGE", FIDEDUPERANGE as i64),
    constant("", "FIGETBSZ", FIGETBSZ as i64),
    constant("", "FIOASYNC", libc::FIOASYNC as i64),
    constant("", "FIOCLEX", FIOCLEX as i64),
    constant("", "FIONBIO", FIONBIO as i64),
    constant("", "FIONCLEX", FIONCLEX as i64),
    constant("", "FIONREAD", FIONREAD as i64),
    constant("", "FIOQSIZE", libc::FIOQSIZE as i64),
    constant("", "FS_IOC_FSGETXATTR", FS_IOC_FSGETXATTR as i64),
    constant("", "FS_IOC_FSSETXATTR", FS_IOC_FSSETXATTR as i64),
    constant("", "FS_IOC_GETFLAGS", FS_IOC_GETFLAGS as i64),
    constant("", "FS_IOC_GETVERSION", FS_IOC_GETVERSION as i64),
    constant("", "FS_IOC_SETFLAGS", FS_IOC_SETFLAGS as i64),
    constant("", "BLKGETSIZE64", BLKGETSIZE64 as i64),
    constant("", "BLKSSZGET", libc::BLKSSZGET as i64),
    constant("", "TCGETS", libc::TCGETS as i64),
    constant("", "TCSETS", libc::TCSETS as i64),
    constant("", "TCSETSF", libc::TCSETSF as i64),
    constant("", "TCSETSW", libc::TCSETSW as i64),
    constant("", "TIOCGPGRP", libc::TIOCGPGRP as i64),
    constant("", "TIOCGWINSZ", libc::TIOCGWINSZ as i64),
    constant("", "TIOCSPGRP", libc::TIOCSPGRP as i64),
    constant("", "TIOCSWINSZ", libc::TIOCSWINSZ as i64),
];

/// The kernel's `struct termios`, which is smaller than the C library's.
const TERMIOS: u32 = 36;

/// What stands behind the third argument. The two for file flags mean an int, though their numbers
/// say that it is a long (ioctl_iflags(2)).
const BUFFERS: &[Size] = &[
    passed(FICLONERANGE as i32, 32),
    // With one target; each other one would add 32 bytes.
    passed(FIDEDUPERANGE as i32, 56),
    filled(FIGETBSZ as i32, 4),
    passed(libc::FIOASYNC as i32, 4),
    passed(FIONBIO as i32, 4),
    filled(FIONREAD as i32, 4),
    filled(libc::FIOQSIZE as i32, 8),
    filled(FS_IOC_FSGETXATTR as i32, 28),
    passed(FS_IOC_FSSETXATTR as i32, 28),
    filled(FS_IOC_GETFLAGS as i32, 4),
    filled(FS_IOC_GETVERSION as i32, 4),
    passed(FS_IOC_SETFLAGS as i32, 4),
    filled(BLKGETSIZE64 as i32, 8),
    filled(libc::BLKSSZGET as i32, 4),
    filled(libc::TCGETS as i32, TERMIOS),
    passed(libc::TCSETS as i32, TERMIOS),
    passed(libc::TCSETSF as i32, TERMIOS),
    passed(libc::TCSETSW as i32, TERMIOS),
    filled(libc::TIOCGPGRP as i32, 4),
    filled(libc::TIOCGWINSZ as i32, 8),
    passed(libc::TIOCSPGRP as i32, 4),
    passed(libc::TIOCSWINSZ as i32, 8),
];

impl<'t> Replay<'t> for Ioctl<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let size = size_of(BUFFERS, self.request);
        let parameter = match Request::from(self.request as u32) {
            FIOCLEX | FIONCLEX => 0,
            FICLONE => process.fd(Fd(self.parameter.unwrap_or(-1) as i32))? as usize,
            FICLONERANGE => self.buffer(size, Some(SOURCE), process)?,
            FIDEDUPERANGE if self.targets() == Some(1) => {
                self.buffer(size, Some(TARGET), process)?
            }
            FIDEDUPERANGE => return Err(Skip::NOT_CAPTURED),
            FS_IOC_SETFLAGS | FS_IOC_FSSETXATTR | FIONBIO => self.buffer(size, None, process)?,
            // What there is to be read from a stream is a matter of the moment.
            FIONREAD if process.is_stream(self.descriptor) => return Err(Skip::TIMING),
            FS_IOC_GETFLAGS | FS_IOC_FSGETXATTR | FS_IOC_GETVERSION | FIGETBSZ | FIONREAD => {
                process.output(2, size.into())?.0
            }
            // Terminals, sockets and devices are left alone.
            _ => return Err(Skip::SIMULATED),
        };
        let fd = process.fd(self.descriptor)? as usize;
        // SAFETY: the parameter is a number, or points to memory of this record that is as long as the
        // request needs.
        Ok(unsafe { sys::call(libc::SYS_ioctl, [fd, self.request as usize, parameter, 0, 0, 0]) })
    }
}

/// Where `struct file_clone_range` has the source's descriptor.
const SOURCE: usize = 0;

/// Where `struct file_dedupe_range` has the number of its targets.
const TARGET_COUNT: usize = 16;

/// Where it has the first target's descriptor.
const TARGET: usize = 24;

impl<'t> Ioctl<'t> {
    /// How many targets a deduplication has.
    fn targets(&self) -> Option<u16> {
        let count = self.ioctl_buffer?.get(TARGET_COUNT..)?.first_chunk()?;
        Some(u16::from_ne_bytes(*count))
    }

    /// The recorded buffer of `size` bytes, with the descriptor at `descriptor` translated.
    fn buffer(
        &self,
        size: u32,
        descriptor: Option<usize>,
        process: &mut Process<'t>,
    ) -> Result<usize, Skip> {
        let whole = self.ioctl_buffer.filter(|bytes| bytes.len() == size as usize);
        let buffer = process.scratch(2, size.into())?;
        buffer.copy_from_slice(whole.ok_or(Skip::NOT_CAPTURED)?);
        if let Some(at) = descriptor
            && let Some(word) = buffer[at..].first_chunk_mut()
        {
            let fd = process.fd(Fd(i64::from_ne_bytes(*word) as i32))?;
            *word = i64::from(fd).to_ne_bytes();
        }
        Ok(buffer.as_ptr() as usize)
    }
}

export_plugin!(Ioctl);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn ioctl(request: Request, parameter: i64, buffer: Option<&[u8]>) -> Ioctl<'_> {
        let buffer_size = buffer.map_or(0, |bytes| bytes.len() as i64);
        Ioctl {
            descriptor: Fd(3),
            request: request as i32,
            parameter: Some(parameter),
            buffer_size,
            ioctl_buffer: buffer,
        }
    }

    /// Descriptor 3 is open on `file`, 4 on `other`.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"0123456789");
        std::fs::write(stage.path("other"), b"abc").expect("the scratch directory is writable");
        stage.open(4, "other");
        stage
    }

    #[test]
    fn closes_on_exec_as_it_is_asked_to() {
        let mut stage = stage();
        let fd = i64::from(stage.descriptor(3).expect("the file is open"));
        for (request, expected) in [(FIONCLEX, 0), (FIOCLEX, libc::FD_CLOEXEC)] {
            stage.replay(&ioctl(request, 0, None)).returns(0);
            // SAFETY: the call takes no pointer.
            let flags = unsafe { sys::numbers(libc::SYS_fcntl, [fd, libc::F_GETFD.into()]) };
            assert_eq!(flags, Ok(expected.into()));
        }
    }

    #[test]
    fn a_clone_has_its_source_or_fails_as_the_file_system_does() {
        let mut stage = stage();
        let expected = {
            let fds = [3, 4].map(|traced| stage.descriptor(traced).expect("it is open") as usize);
            let words = [fds[0], FICLONE as usize, fds[1], 0, 0, 0];
            // SAFETY: the request takes no pointer.
            unsafe { sys::call(libc::SYS_ioctl, words) }
        };
        let mut range = [0; 32];
        range[..8].copy_from_slice(&4i64.to_ne_bytes());
        assert_eq!(stage.replay(&ioctl(FICLONE, 4, None)).outcome(), Ok(expected));
        let played = stage.replay(&ioctl(FICLONERANGE, 0x1000, Some(&range)));
        assert_eq!(played.outcome(), Ok(expected));
        if expected.is_ok() {
            assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"abc");
        }
    }

    #[test]
    fn a_clone_of_what_is_not_there_is_not_made() {
        let mut stage = stage();
        stage.simulate(5);
        stage.replay(&ioctl(FICLONE, 5, None)).is_not_made();
        stage.replay(&ioctl(FICLONERANGE, 0x1000, Some(&[0; 31]))).is_not_made();
        let mut range = [0; 56];
        range[TARGET_COUNT] = 2;
        stage.replay(&ioctl(FIDEDUPERANGE, 0x1000, Some(&range))).is_not_made();
    }

    #[test]
    fn what_is_left_of_a_file_can_be_told_and_of_a_pipe_not() {
        stage().replay(&ioctl(FIONREAD, 0x1000, None)).returns(0);
        Stage::with_pipe(3, 4).replay(&ioctl(FIONREAD, 0x1000, None)).is_not_made();
    }

    #[test]
    fn a_terminal_is_left_alone() {
        stage().replay(&ioctl(libc::TIOCSPGRP, 0x1000, Some(&[0; 4]))).is_not_made();
    }
}
