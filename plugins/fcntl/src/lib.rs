//! fcntl(2): duplicate a descriptor, change its flags or those of its open file, lock a part of it.

use libc::{
    F_ADD_SEALS, F_DUPFD, F_DUPFD_CLOEXEC, F_GET_SEALS, F_GETFD, F_GETFL, F_GETLEASE, F_GETLK,
    F_GETOWN, F_GETPIPE_SZ, F_NOTIFY, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_RDLCK, F_SETFD,
    F_SETFL, F_SETLEASE, F_SETLK, F_SETLKW, F_SETOWN, F_SETPIPE_SZ, F_UNLCK, F_WRLCK,
};
use sdk::abi::{Bit, Condition};
use sdk::declare::{bit, constant, ret, value_of};
use sdk::pipe;
use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "fcntl",
    returns = descriptor,
    returns_when = arg(1).is(F_DUPFD_CLOEXEC),
    blocks,
    keeps_offset,
    changes = nothing
)]
struct Fcntl {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(COMMANDS)]
    command_value: Option<i32>,
    #[arg(2)]
    #[unless(TAKES_NO_NUMBER, arg(1).is(F_GETLEASE), arg(1).is(F_GETPIPE_SZ), arg(1).is(F_GET_SEALS))]
    #[bits(DESCRIPTOR_FLAGS, when = arg(1).is(F_SETFD))]
    #[bits(STATUS_FLAGS, when = arg(1).is(F_SETFL))]
    #[bits(NOTICES, when = arg(1).is(F_NOTIFY))]
    argument_value: Option<i32>,
    #[holds(arg(2).is(F_RDLCK), when = arg(1).is(F_SETLEASE))]
    #[holds(ret().is(F_RDLCK), when = arg(1).is(F_GETLEASE))]
    argument_lease_read: bool,
    #[holds(arg(2).is(F_UNLCK), when = arg(1).is(F_SETLEASE))]
    #[holds(ret().is(F_UNLCK), when = arg(1).is(F_GETLEASE))]
    argument_lease_remove: bool,
    #[holds(arg(2).is(F_WRLCK), when = arg(1).is(F_SETLEASE))]
    #[holds(ret().is(F_WRLCK), when = arg(1).is(F_GETLEASE))]
    argument_lease_write: bool,
    #[before(2, width = 2, when = SETS_LOCK)]
    #[after(2, width = 2, when = GETS_LOCK)]
    #[names(LOCK_TYPES)]
    lock_type: Option<i32>,
    #[before(2, offset = 2, width = 2, when = SETS_LOCK)]
    #[after(2, offset = 2, width = 2, when = GETS_LOCK)]
    #[names(LOCK_WHENCES)]
    lock_whence: Option<i32>,
    #[before(2, offset = 8, when = SETS_LOCK)]
    #[after(2, offset = 8, when = GETS_LOCK)]
    lock_start: Option<i32>,
    #[before(2, offset = 16, when = SETS_LOCK)]
    #[after(2, offset = 16, when = GETS_LOCK)]
    lock_length: Option<i32>,
    #[before(2, offset = 24, when = SETS_LOCK)]
    #[after(2, offset = 24, when = GETS_LOCK)]
    lock_pid: Option<i32>,
}

const SETS_LOCK: Condition = arg(1).one_of(&[F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW]);
const GETS_LOCK: Condition = arg(1).one_of(&[F_GETLK, F_OFD_GETLK]);

/// The commands below 64 that have no argument, or a structure.
const TAKES_NO_NUMBER: Condition = arg(1).one_of(&[
    F_GETFD,
    F_GETFL,
    F_GETLK,
    F_SETLK,
    F_SETLKW,
    F_GETOWN,
    F_GETSIG,
    F_SETOWN_EX,
    F_GETOWN_EX,
    F_OFD_GETLK,
    F_OFD_SETLK,
    F_OFD_SETLKW,
]);

// The libc crate lacks these on this system.
const F_SETSIG: i32 = 10;
const F_GETSIG: i32 = 11;
const F_SETOWN_EX: i32 = 15;
const F_GETOWN_EX: i32 = 16;

const COMMANDS: &[Bit] = &[
    constant("command_dup", "F_DUPFD", F_DUPFD as i64),
    constant("", "F_DUPFD_CLOEXEC", F_DUPFD_CLOEXEC as i64),
    constant("command_get_descriptor_flags", "F_GETFD", F_GETFD as i64),
    constant("command_set_descriptor_flags", "F_SETFD", F_SETFD as i64),
    constant("command_get_status_flags", "F_GETFL", F_GETFL as i64),
    constant("command_set_status_flags", "F_SETFL", F_SETFL as i64),
    constant("command_get_lock", "F_GETLK", F_GETLK as i64),
    constant("command_set_lock", "F_SETLK", F_SETLK as i64),
    constant("command_set_lock_wait", "F_SETLKW", F_SETLKW as i64),
    constant("", "F_OFD_GETLK", F_OFD_GETLK as i64),
    constant("", "F_OFD_SETLK", F_OFD_SETLK as i64),
    constant("", "F_OFD_SETLKW", F_OFD_SETLKW as i64),
    constant("command_get_process_id", "F_GETOWN", F_GETOWN as i64),
    constant("command_set_process_id", "F_SETOWN", F_SETOWN as i64),
    constant("", "F_GETOWN_EX", F_GETOWN_EX as i64),
    constant("", "F_SETOWN_EX", F_SETOWN_EX as i64),
    constant("command_get_signal", "F_GETSIG", F_GETSIG as i64),
    constant("command_set_signal", "F_SETSIG", F_SETSIG as i64),
    constant("command_get_lease", "F_GETLEASE", F_GETLEASE as i64),
    constant("command_set_lease", "F_SETLEASE", F_SETLEASE as i64),
    constant("command_notify", "F_NOTIFY", F_NOTIFY as i64),
    constant("", "F_GETPIPE_SZ", F_GETPIPE_SZ as i64),
    constant("", "F_SETPIPE_SZ", F_SETPIPE_SZ as i64),
    constant("", "F_GET_SEALS", F_GET_SEALS as i64),
    constant("", "F_ADD_SEALS", F_ADD_SEALS as i64),
];

const DESCRIPTOR_FLAGS: &[Bit] =
    &[bit("argument_descriptor_flag_exec_close", "FD_CLOEXEC", libc::FD_CLOEXEC as i64)];

const ACCESS: i64 = libc::O_ACCMODE as i64;

const STATUS_FLAGS: &[Bit] = &[
    value_of("argument_status_flag_read_only", "O_RDONLY", ACCESS, libc::O_RDONLY as i64),
    value_of("argument_status_flag_write_only", "O_WRONLY", ACCESS, libc::O_WRONLY as i64),
    value_of("argument_status_flag_read_and_write", "O_RDWR", ACCESS, libc::O_RDWR as i64),
    bit("argument_status_flag_append", "O_APPEND", libc::O_APPEND as i64),
    bit("argument_status_flag_async", "O_ASYNC", libc::O_ASYNC as i64),
    bit("argument_status_flag_create", "O_CREAT", libc::O_CREAT as i64),
    bit("argument_status_flag_direct", "O_DIRECT", libc::O_DIRECT as i64),
    bit("argument_status_flag_directory", "O_DIRECTORY", libc::O_DIRECTORY as i64),
    bit("argument_status_flag_exclusive", "O_EXCL", libc::O_EXCL as i64),
    bit("argument_status_flag_largefile", "O_LARGEFILE", bits::O_LARGEFILE),
    bit("argument_status_flag_no_access_time", "O_NOATIME", libc::O_NOATIME as i64),
    bit("argument_status_flag_no_blocking_mode", "O_NONBLOCK", libc::O_NONBLOCK as i64),
    bit("argument_status_flag_no_controlling_terminal", "O_NOCTTY", libc::O_NOCTTY as i64),
    bit("argument_status_flag_no_delay", "", libc::O_NONBLOCK as i64),
    bit("argument_status_flag_no_follow", "O_NOFOLLOW", libc::O_NOFOLLOW as i64),
    bit("argument_status_flag_synchronous", "O_SYNC", libc::O_SYNC as i64),
    bit("argument_status_flag_truncate", "O_TRUNC", libc::O_TRUNC as i64),
];

const NOTICES: &[Bit] = &[
    bit("argument_notify_access", "DN_ACCESS", 0x1),
    bit("argument_notify_modify", "DN_MODIFY", 0x2),
    bit("argument_notify_create", "DN_CREATE", 0x4),
    bit("argument_notify_delete", "DN_DELETE", 0x8),
    bit("argument_notify_rename", "DN_RENAME", 0x10),
    bit("argument_notify_attribute", "DN_ATTRIB", 0x20),
];

const LOCK_TYPES: &[Bit] = &[
    constant("lock_type_read", "F_RDLCK", F_RDLCK as i64),
    constant("lock_type_unlocked", "F_UNLCK", F_UNLCK as i64),
    constant("lock_type_write", "F_WRLCK", F_WRLCK as i64),
];

const LOCK_WHENCES: &[Bit] = &[
    constant("lock_whence_start", "SEEK_SET", libc::SEEK_SET as i64),
    constant("lock_whence_current", "SEEK_CUR", libc::SEEK_CUR as i64),
    constant("lock_whence_end", "SEEK_END", libc::SEEK_END as i64),
];

impl<'t> Replay<'t> for Fcntl {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let command = self.command_value.ok_or(Skip::NOT_CAPTURED)?;
        let argument = self.argument_value.unwrap_or(0);
        // SAFETY: none of the commands below has a pointer for its argument.
        let fcntl = |fd: i32, argument: i32| unsafe {
            sys::numbers(libc::SYS_fcntl, [fd.into(), command.into(), argument.into()])
        };
        match command {
            F_DUPFD | F_DUPFD_CLOEXEC => {
                // The new number is the replay's own, and may be any.
                let least = if process.recorded().succeeded() { 0 } else { argument };
                process.duplicate(self.descriptor, |fd| fcntl(fd, least))
            }
            F_SETFL if argument & libc::O_ASYNC != 0 => Err(Skip::SIMULATED),
            F_GETPIPE_SZ => {
                let replayed = fcntl(process.fd(self.descriptor)?, argument);
                Ok(pipe::room(process.recorded(), replayed))
            }
            F_GETFD | F_SETFD | F_GETFL | F_SETFL | F_SETPIPE_SZ | F_GET_SEALS | F_ADD_SEALS => {
                Ok(fcntl(process.fd(self.descriptor)?, argument))
            }
            F_SETLK | F_SETLKW | F_OFD_SETLK | F_OFD_SETLKW => self.lock(process, command),
            // Owners, leases and notices send signals, which would be the replayer's; and the holder of a
            // lock is a process that isn't there.
            _ => Err(Skip::SIMULATED),
        }
    }
}

impl Fcntl {
    fn lock(&self, process: &mut Process<'_>, command: i32) -> Replayed {
        if process.recorded().errno == libc::EINTR {
            return Err(Skip::TIMING);
        }
        let fd = process.fd(self.descriptor)?;
        let captured = |number: Option<i32>| number.ok_or(Skip::NOT_CAPTURED);
        let lock = libc::flock {
            l_type: captured(self.lock_type)? as i16,
            l_whence: captured(self.lock_whence)? as i16,
            // The schema has room for 32 bits.
            l_start: captured(self.lock_start)?.into(),
            l_len: captured(self.lock_length)?.into(),
            l_pid: captured(self.lock_pid)?,
        };
        let lock = (&raw const lock) as usize;
        let fcntl = |command: i32| {
            let words = [fd as usize, command as usize, lock, 0, 0, 0];
            // SAFETY: the kernel reads the one structure that it is pointed to.
            unsafe { sys::call(libc::SYS_fcntl, words) }
        };
        let patient = match command {
            F_OFD_SETLK => F_OFD_SETLKW,
            F_SETLK => F_SETLKW,
            command => command,
        };
        Ok(process.lock_again(|| fcntl(command), || fcntl(patient)))
    }
}

export_plugin!(Fcntl);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn fcntl(command: i32, argument: i32) -> Fcntl {
        Fcntl {
            descriptor: Fd(3),
            command_value: Some(command),
            argument_value: Some(argument),
            argument_lease_read: false,
            argument_lease_remove: false,
            argument_lease_write: false,
            lock_type: None,
            lock_whence: None,
            lock_start: None,
            lock_length: None,
            lock_pid: None,
        }
    }

    fn lock(command: i32, kind: i32, start: i32) -> Fcntl {
        Fcntl {
            argument_value: None,
            lock_type: Some(kind),
            lock_whence: Some(libc::SEEK_SET),
            lock_start: Some(start),
            lock_length: Some(10),
            lock_pid: Some(0),
            ..fcntl(command, 0)
        }
    }

    #[test]
    fn duplicates_whatever_the_least_number_was() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(300_000, 0).replay(&fcntl(F_DUPFD, 300_000)).returns(300_000);
        assert!(stage.descriptor(300_000).is_some());
    }

    #[test]
    fn a_pipe_that_was_made_wider_is_told_to_be_as_it_was() {
        let mut stage = Stage::with_pipe(4, 3);
        stage.recorded(65_536, 0).replay(&fcntl(F_GETPIPE_SZ, 0)).returns(65_536);
        pipe::widen(stage.descriptor(3).expect("it is open"));
        stage.recorded(65_536, 0).replay(&fcntl(F_GETPIPE_SZ, 0)).returns(65_536);
        stage.recorded(4096, 0).replay(&fcntl(F_SETPIPE_SZ, 4096)).returns(4096);
        stage.recorded(4096, 0).replay(&fcntl(F_GETPIPE_SZ, 0)).returns(4096);
        stage.recorded(1234, 0).replay(&fcntl(F_GETPIPE_SZ, 0)).returns(4096);
    }

    #[test]
    fn a_duplicate_is_close_on_exec_only_if_asked() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(10, 0).replay(&fcntl(F_DUPFD_CLOEXEC, 10)).returns(10);
        let get = Fcntl { descriptor: Fd(10), ..fcntl(F_GETFD, 0) };
        stage.replay(&get).returns(libc::FD_CLOEXEC.into());
        stage.recorded(11, 0).replay(&fcntl(F_DUPFD, 10)).returns(11);
        let get = Fcntl { descriptor: Fd(11), ..fcntl(F_GETFD, 0) };
        stage.replay(&get).returns(0);
    }

    #[test]
    fn an_impossible_least_number_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(-1, libc::EINVAL).replay(&fcntl(F_DUPFD, -1)).fails(libc::EINVAL);
    }

    #[test]
    fn changes_the_flags_of_descriptor_and_file() {
        let mut stage = Stage::with_file(3, b"");
        stage.replay(&fcntl(F_SETFD, libc::FD_CLOEXEC)).returns(0);
        stage.replay(&fcntl(F_GETFD, 0)).returns(libc::FD_CLOEXEC.into());
        stage.replay(&fcntl(F_SETFL, libc::O_APPEND)).returns(0);
        let flags = stage.replay(&fcntl(F_GETFL, 0)).value();
        assert_ne!(flags & i64::from(libc::O_APPEND), 0);
    }

    #[test]
    fn what_sends_signals_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        for record in [
            fcntl(F_SETFL, libc::O_ASYNC),
            fcntl(F_SETOWN, 1),
            fcntl(F_SETSIG, libc::SIGIO),
            fcntl(F_SETLEASE, F_RDLCK),
            fcntl(F_NOTIFY, 1),
            fcntl(i32::MIN, 0),
        ] {
            stage.replay(&record).is_not_made();
        }
    }

    #[test]
    fn a_lock_keeps_others_out() {
        let mut stage = Stage::with_file(3, b"");
        stage.open(4, "file");
        stage.replay(&lock(F_OFD_SETLK, F_WRLCK, 100)).returns(0);
        let other = |start| Fcntl { descriptor: Fd(4), ..lock(F_OFD_SETLK, F_RDLCK, start) };
        stage.replay(&other(0)).returns(0);
        stage.recorded(-1, libc::EAGAIN).replay(&other(105)).fails(libc::EAGAIN);
    }

    #[test]
    fn a_lock_of_which_nothing_is_known_is_not_set() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(-1, libc::EFAULT).replay(&fcntl(F_SETLK, 0)).is_not_made();
        let interrupted = lock(F_SETLKW, F_WRLCK, 0);
        stage.recorded(-1, libc::EINTR).replay(&interrupted).is_not_made();
    }
}
