//! Calls that aren't made because somebody asked for that: `--read-only`.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use replay_schema::{Call, Changes, Returns, Role, Touch};

use crate::record::{Batch, Record};
use crate::replay::descriptors::{Descriptors, Stands};
use crate::replay::effects;
use crate::trace::RecordType;
use crate::verify;

/// Tells which calls of a read-only replay are made: those that change nothing but what is the replay's own.
#[derive(Debug)]
pub struct ReadOnly {
    /// The kernel's file systems of pipes, sockets and the like, which have no files that outlive a replay.
    anonymous: Vec<u64>,
}

impl ReadOnly {
    /// Finds out where files without a name are.
    pub fn new() -> Self {
        let mut anonymous = Vec::new();
        // SAFETY: the calls take numbers only, but for the name, which ends in NUL.
        let descriptors = unsafe {
            [
                libc::eventfd(0, libc::EFD_CLOEXEC),
                libc::memfd_create(c"".as_ptr(), libc::MFD_CLOEXEC),
                libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0),
            ]
        };
        let opened = descriptors.into_iter().filter(|descriptor| *descriptor >= 0);
        // SAFETY: the descriptors are new, and nobody else's.
        let opened = opened.map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor) });
        let pipe = std::io::pipe().ok().map(|(reader, _)| OwnedFd::from(reader));
        for descriptor in opened.chain(pipe) {
            anonymous.extend(device(descriptor.as_raw_fd()));
        }
        Self { anonymous }
    }

    /// Whether the call of `record` changes nothing that outlives the replay.
    pub fn allows(
        &self,
        ty: &RecordType,
        call: &Call,
        batch: &Batch,
        record: &Record,
        files: &Descriptors,
    ) -> bool {
        if call.changes_fs
            || call.changes == Changes::Nothing
            || matches!(call.returns, Returns::Child | Returns::Never)
            || verify::looks(ty, call, batch, record)
        {
            return true;
        }
        call.changes == Changes::Descriptors
            && effects::descriptors(ty, &batch.cells(record, 0))
                .filter(|(_, role, touch)| *role == Role::Descriptor && *touch != Touch::Looks)
                .all(|(traced, ..)| match files.get(traced) {
                    Some(Stands::Open(open)) => {
                        device(open).is_some_and(|device| self.anonymous.contains(&device))
                    }
                    // It won't be made on anything.
                    _ => true,
                })
    }
}

/// The file system that `open` is in.
fn device(open: RawFd) -> Option<u64> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the kernel fills in the structure that it is given, or fails.
    if unsafe { libc::fstat(open, stat.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: it was filled in.
    Some(unsafe { stat.assume_init() }.st_dev)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_is_told_from_files() {
        let read_only = ReadOnly::new();
        let is_own = |open: RawFd| device(open).is_some_and(|at| read_only.anonymous.contains(&at));
        let (reader, writer) = std::io::pipe().unwrap();
        assert!(is_own(reader.as_raw_fd()) && is_own(writer.as_raw_fd()));
        let (one, _other) = std::os::unix::net::UnixDatagram::pair().unwrap();
        assert!(is_own(one.as_raw_fd()));
        let unnamed = tempfile::tempfile().unwrap();
        assert!(!is_own(unnamed.as_raw_fd()), "it is in a file system of files");
        let tmpfs = std::fs::File::open("/dev/shm");
        assert!(tmpfs.is_ok_and(|folder| !is_own(folder.as_raw_fd())));
        assert!(!is_own(-1));
    }
}
