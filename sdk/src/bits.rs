//! Bits and values that several calls have in common: the boolean columns they fill, and the names
//! that people know them by.
//!
//! What only one call knows stands in its plugin.

mod ipc;
mod resource;
mod socket;

pub use ipc::{IPC_CONTROL, IPC_GET};
pub use resource::RESOURCE;
pub use socket::{ADDRESS_FAMILY, RECEIVE, SEND, SOCKET_LEVEL, SOCKET_OPTION, SOCKET_TYPE};

use abi::{Bit, Text};
use libc::{
    O_ACCMODE, O_APPEND, O_ASYNC, O_CLOEXEC, O_CREAT, O_DIRECT, O_DIRECTORY, O_DSYNC, O_EXCL,
    O_NOATIME, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_SYNC, O_TMPFILE,
    O_TRUNC, O_WRONLY,
};

use crate::declare::{bit, constant, value_of};

/// `O_LARGEFILE` as the kernel knows it: user headers say 0 where every file may be large.
pub const O_LARGEFILE: i64 = 0o100_000;

/// Flags of open(2).
pub const OPEN: &[Bit] = &[
    value_of("flag_read_only", "O_RDONLY", O_ACCMODE as i64, O_RDONLY as i64),
    value_of("flag_write_only", "O_WRONLY", O_ACCMODE as i64, O_WRONLY as i64),
    value_of("flag_read_and_write", "O_RDWR", O_ACCMODE as i64, O_RDWR as i64),
    bit("flag_append", "O_APPEND", O_APPEND as i64),
    bit("flag_async", "O_ASYNC", O_ASYNC as i64),
    bit("flag_close_on_exec", "O_CLOEXEC", O_CLOEXEC as i64),
    bit("flag_create", "O_CREAT", O_CREAT as i64),
    bit("flag_direct", "O_DIRECT", O_DIRECT as i64),
    bit("flag_directory", "O_DIRECTORY", O_DIRECTORY as i64),
    bit("flag_exclusive", "O_EXCL", O_EXCL as i64),
    bit("flag_largefile", "O_LARGEFILE", O_LARGEFILE),
    bit("flag_no_access_time", "O_NOATIME", O_NOATIME as i64),
    bit("flag_no_blocking_mode", "O_NONBLOCK", O_NONBLOCK as i64),
    bit("flag_no_controlling_terminal", "O_NOCTTY", O_NOCTTY as i64),
    bit("flag_no_delay", "", O_NONBLOCK as i64),
    bit("flag_no_follow", "O_NOFOLLOW", O_NOFOLLOW as i64),
    bit("flag_synchronous", "O_SYNC", O_SYNC as i64),
    value_of("", "O_DSYNC", O_SYNC as i64, O_DSYNC as i64),
    bit("flag_truncate", "O_TRUNC", O_TRUNC as i64),
    bit("", "O_PATH", O_PATH as i64),
    bit("", "O_TMPFILE", O_TMPFILE as i64),
];

/// open(2) takes a mode if one of these flags is set: `O_CREAT`, or `O_TMPFILE` less the
/// `O_DIRECTORY` that is part of it.
pub const CREATES: i32 = O_CREAT | (O_TMPFILE & !O_DIRECTORY);

/// The flags of open(2) that make a file, or empty one.
pub const MAKES: u32 = (CREATES | O_TRUNC) as u32;

/// Permission bits (mode_t).
pub const MODE: &[Bit] = &[
    bit("mode_uid", "S_ISUID", 0o4000),
    bit("mode_gid", "S_ISGID", 0o2000),
    bit("mode_sticky_bit", "S_ISVTX", 0o1000),
    bit("mode_R_user", "S_IRUSR", 0o400),
    bit("mode_W_user", "S_IWUSR", 0o200),
    bit("mode_X_user", "S_IXUSR", 0o100),
    bit("mode_R_group", "S_IRGRP", 0o40),
    bit("mode_W_group", "S_IWGRP", 0o20),
    bit("mode_X_group", "S_IXGRP", 0o10),
    bit("mode_R_others", "S_IROTH", 0o4),
    bit("mode_W_others", "S_IWOTH", 0o2),
    bit("mode_X_others", "S_IXOTH", 0o1),
];

/// The kinds of node that mknod(2) makes, in the order of the schema's numbers for them.
pub const NODE_TYPE: &[Bit] = &[
    value_of("", "S_IFREG", libc::S_IFMT as i64, libc::S_IFREG as i64),
    value_of("", "S_IFCHR", libc::S_IFMT as i64, libc::S_IFCHR as i64),
    value_of("", "S_IFBLK", libc::S_IFMT as i64, libc::S_IFBLK as i64),
    value_of("", "S_IFIFO", libc::S_IFMT as i64, libc::S_IFIFO as i64),
    value_of("", "S_IFSOCK", libc::S_IFMT as i64, libc::S_IFSOCK as i64),
];

/// The type of a file in its mode.
pub const FILE_TYPE: &[Bit] = &[
    value_of("", "S_IFREG", libc::S_IFMT as i64, libc::S_IFREG as i64),
    value_of("", "S_IFDIR", libc::S_IFMT as i64, libc::S_IFDIR as i64),
    value_of("", "S_IFLNK", libc::S_IFMT as i64, libc::S_IFLNK as i64),
    value_of("", "S_IFIFO", libc::S_IFMT as i64, libc::S_IFIFO as i64),
    value_of("", "S_IFSOCK", libc::S_IFMT as i64, libc::S_IFSOCK as i64),
    value_of("", "S_IFCHR", libc::S_IFMT as i64, libc::S_IFCHR as i64),
    value_of("", "S_IFBLK", libc::S_IFMT as i64, libc::S_IFBLK as i64),
];

/// Of the calls that look a path up from a directory: an empty path means the descriptor itself.
pub const AT_EMPTY_PATH: Bit =
    bit("flags_at_empty_path", "AT_EMPTY_PATH", libc::AT_EMPTY_PATH as i64);

/// Likewise: automounting doesn't take place.
pub const AT_NO_AUTOMOUNT: Bit =
    bit("flags_at_no_automount", "AT_NO_AUTOMOUNT", libc::AT_NO_AUTOMOUNT as i64);

/// Likewise: a symbolic link at the path's end isn't followed.
pub const AT_SYMLINK_NOFOLLOW: Bit =
    bit("flags_at_symlink_nofollow", "AT_SYMLINK_NOFOLLOW", libc::AT_SYMLINK_NOFOLLOW as i64);

/// The flags of calls that take these two.
pub const AT: &[Bit] = &[AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW];

/// The flags of calls that look up a mount.
pub const AT_MOUNT: &[Bit] = &[
    bit("", "AT_SYMLINK_NOFOLLOW", libc::AT_SYMLINK_NOFOLLOW as i64),
    bit("", "AT_NO_AUTOMOUNT", libc::AT_NO_AUTOMOUNT as i64),
    bit("", "AT_EMPTY_PATH", libc::AT_EMPTY_PATH as i64),
    bit("", "AT_RECURSIVE", 0x8000),
];

/// Flags of setxattr(2): whether the attribute has to be new, or has to be there.
pub const XATTR: &[Bit] = &[
    bit("flag_xattr_create", "XATTR_CREATE", libc::XATTR_CREATE as i64),
    bit("flag_xattr_replace", "XATTR_REPLACE", libc::XATTR_REPLACE as i64),
];

/// What access(2) asks for.
pub const ACCESS: &[Bit] = &[
    value_of("mode_exist", "F_OK", 7, libc::F_OK as i64),
    bit("mode_read", "R_OK", libc::R_OK as i64),
    bit("mode_write", "W_OK", libc::W_OK as i64),
    bit("mode_execute", "X_OK", libc::X_OK as i64),
];

/// Mount flags that statfs(2) reports.
pub const STATFS_FLAGS: &[Bit] = &[
    STATFS[0],
    STATFS[1],
    STATFS[2],
    STATFS[3],
    STATFS[4],
    STATFS[5],
    STATFS[6],
    STATFS[7],
    STATFS[8],
    bit("statfs_result_flags_valid", "ST_VALID", 0x20),
];

/// Mount flags that fstatfs(2) reports.
pub const FSTATFS_FLAGS: &[Bit] = &STATFS;

const STATFS: [Bit; 9] = [
    bit("statfs_result_flags_read_only", "ST_RDONLY", libc::ST_RDONLY as i64),
    bit("statfs_result_flags_no_set_uid", "ST_NOSUID", libc::ST_NOSUID as i64),
    bit("statfs_result_flags_no_dev", "ST_NODEV", libc::ST_NODEV as i64),
    bit("statfs_result_flags_no_exec", "ST_NOEXEC", libc::ST_NOEXEC as i64),
    bit("statfs_result_flags_synchronous", "ST_SYNCHRONOUS", libc::ST_SYNCHRONOUS as i64),
    bit("statfs_result_flags_mandatory_lock", "ST_MANDLOCK", libc::ST_MANDLOCK as i64),
    bit("statfs_result_flags_no_access_time", "ST_NOATIME", libc::ST_NOATIME as i64),
    bit(
        "statfs_result_flags_no_directory_access_time",
        "ST_NODIRATIME",
        libc::ST_NODIRATIME as i64,
    ),
    bit("statfs_result_flags_relative_access_time", "ST_RELATIME", libc::ST_RELATIME as i64),
];

/// Flags of preadv2(2) and pwritev2(2).
pub const READ_WRITE: &[Bit] = &[
    bit("", "RWF_HIPRI", libc::RWF_HIPRI as i64),
    bit("", "RWF_DSYNC", libc::RWF_DSYNC as i64),
    bit("", "RWF_SYNC", libc::RWF_SYNC as i64),
    bit("", "RWF_NOWAIT", libc::RWF_NOWAIT as i64),
    bit("", "RWF_APPEND", libc::RWF_APPEND as i64),
];

/// Flags of clone(2).
pub const CLONE: &[Bit] = &[
    bit("flag_child_cleartid", "CLONE_CHILD_CLEARTID", clone(libc::CLONE_CHILD_CLEARTID)),
    bit("flag_child_settid", "CLONE_CHILD_SETTID", clone(libc::CLONE_CHILD_SETTID)),
    bit("flag_files", "CLONE_FILES", clone(libc::CLONE_FILES)),
    bit("flag_filesystem", "CLONE_FS", clone(libc::CLONE_FS)),
    bit("flag_io", "CLONE_IO", clone(libc::CLONE_IO)),
    bit("flag_newipc", "CLONE_NEWIPC", clone(libc::CLONE_NEWIPC)),
    bit("flag_newnet", "CLONE_NEWNET", clone(libc::CLONE_NEWNET)),
    bit("flag_newns", "CLONE_NEWNS", clone(libc::CLONE_NEWNS)),
    bit("flag_newpid", "CLONE_NEWPID", clone(libc::CLONE_NEWPID)),
    bit("flag_newuser", "CLONE_NEWUSER", clone(libc::CLONE_NEWUSER)),
    bit("flag_newuts", "CLONE_NEWUTS", clone(libc::CLONE_NEWUTS)),
    bit("flag_parent", "CLONE_PARENT", clone(libc::CLONE_PARENT)),
    bit("flag_parent_settid", "CLONE_PARENT_SETTID", clone(libc::CLONE_PARENT_SETTID)),
    bit("flag_ptrace", "CLONE_PTRACE", clone(libc::CLONE_PTRACE)),
    bit("flag_settls", "CLONE_SETTLS", clone(libc::CLONE_SETTLS)),
    bit("flag_sighand", "CLONE_SIGHAND", clone(libc::CLONE_SIGHAND)),
    bit("flag_sysvsem", "CLONE_SYSVSEM", clone(libc::CLONE_SYSVSEM)),
    bit("flag_thread", "CLONE_THREAD", clone(libc::CLONE_THREAD)),
    bit("flag_untraced", "CLONE_UNTRACED", clone(libc::CLONE_UNTRACED)),
    bit("flag_vfork", "CLONE_VFORK", clone(libc::CLONE_VFORK)),
    bit("flag_vm", "CLONE_VM", clone(libc::CLONE_VM)),
    bit("", "CLONE_PIDFD", clone(libc::CLONE_PIDFD)),
    bit("", "CLONE_NEWCGROUP", clone(libc::CLONE_NEWCGROUP)),
];

/// The flag's bit alone: `CLONE_IO` is the topmost of 32.
const fn clone(flag: i32) -> i64 {
    flag as u32 as i64
}

/// The signal that a child's end sends to its parent, in the low byte of clone(2)'s flags.
pub const EXIT_SIGNAL: &[Bit] = &[
    value_of("signal_abort", "SIGABRT", CSIGNAL, libc::SIGABRT as i64),
    value_of("signal_alarm", "SIGALRM", CSIGNAL, libc::SIGALRM as i64),
    value_of("signal_bus", "SIGBUS", CSIGNAL, libc::SIGBUS as i64),
    value_of("signal_child", "SIGCHLD", CSIGNAL, libc::SIGCHLD as i64),
    value_of("signal_continue", "SIGCONT", CSIGNAL, libc::SIGCONT as i64),
    value_of("signal_cpu_exceeded", "SIGXCPU", CSIGNAL, libc::SIGXCPU as i64),
    value_of("signal_file_size_exceeded", "SIGXFSZ", CSIGNAL, libc::SIGXFSZ as i64),
    value_of("signal_floating_point_exception", "SIGFPE", CSIGNAL, libc::SIGFPE as i64),
    value_of("signal_hangup", "SIGHUP", CSIGNAL, libc::SIGHUP as i64),
    value_of("signal_illegal", "SIGILL", CSIGNAL, libc::SIGILL as i64),
    value_of("signal_io", "SIGIO", CSIGNAL, libc::SIGIO as i64),
    value_of("signal_iot_trap", "", CSIGNAL, libc::SIGIOT as i64),
    value_of("signal_kill", "SIGKILL", CSIGNAL, libc::SIGKILL as i64),
    value_of("signal_pipe", "SIGPIPE", CSIGNAL, libc::SIGPIPE as i64),
    value_of("signal_power", "SIGPWR", CSIGNAL, libc::SIGPWR as i64),
    value_of("signal_prof_alarm", "SIGPROF", CSIGNAL, libc::SIGPROF as i64),
    value_of("signal_segv", "SIGSEGV", CSIGNAL, libc::SIGSEGV as i64),
    value_of("signal_stack_fault", "SIGSTKFLT", CSIGNAL, libc::SIGSTKFLT as i64),
    value_of("signal_stop", "SIGSTOP", CSIGNAL, libc::SIGSTOP as i64),
    value_of("signal_terminal_interrupt", "SIGINT", CSIGNAL, libc::SIGINT as i64),
    value_of("signal_terminal_quit", "SIGQUIT", CSIGNAL, libc::SIGQUIT as i64),
    value_of("signal_terminal_stop", "SIGTSTP", CSIGNAL, libc::SIGTSTP as i64),
    value_of("signal_termination", "SIGTERM", CSIGNAL, libc::SIGTERM as i64),
    value_of("signal_trace_trap", "SIGTRAP", CSIGNAL, libc::SIGTRAP as i64),
    value_of("signal_tty_read", "SIGTTIN", CSIGNAL, libc::SIGTTIN as i64),
    value_of("signal_tty_write", "SIGTTOU", CSIGNAL, libc::SIGTTOU as i64),
    value_of("signal_urgent", "SIGURG", CSIGNAL, libc::SIGURG as i64),
    value_of("signal_user_defined_1", "SIGUSR1", CSIGNAL, libc::SIGUSR1 as i64),
    value_of("signal_user_defined_2", "SIGUSR2", CSIGNAL, libc::SIGUSR2 as i64),
    value_of("signal_virtual_alarm", "SIGVTALRM", CSIGNAL, libc::SIGVTALRM as i64),
    value_of("signal_window_size_change", "SIGWINCH", CSIGNAL, libc::SIGWINCH as i64),
    value_of("", "SIGSYS", CSIGNAL, libc::SIGSYS as i64),
];

const CSIGNAL: i64 = 0xff;

/// The names of signals.
pub const SIGNAL: &[Bit] = &names::<{ EXIT_SIGNAL.len() }>(EXIT_SIGNAL);

/// `bits` without their boolean columns.
const fn names<const N: usize>(bits: &[Bit]) -> [Bit; N] {
    let mut names = [bits[0]; N];
    let mut i = 0;
    while i < N {
        names[i] = Bit { column: Text::new(""), ..bits[i] };
        i += 1;
    }
    names
}

/// Clocks (clock_gettime(2)).
pub const CLOCK: &[Bit] = &[
    constant("", "CLOCK_REALTIME", libc::CLOCK_REALTIME as i64),
    constant("", "CLOCK_MONOTONIC", libc::CLOCK_MONOTONIC as i64),
    constant("", "CLOCK_PROCESS_CPUTIME_ID", libc::CLOCK_PROCESS_CPUTIME_ID as i64),
    constant("", "CLOCK_THREAD_CPUTIME_ID", libc::CLOCK_THREAD_CPUTIME_ID as i64),
    constant("", "CLOCK_MONOTONIC_RAW", libc::CLOCK_MONOTONIC_RAW as i64),
    constant("", "CLOCK_REALTIME_COARSE", libc::CLOCK_REALTIME_COARSE as i64),
    constant("", "CLOCK_MONOTONIC_COARSE", libc::CLOCK_MONOTONIC_COARSE as i64),
    constant("", "CLOCK_BOOTTIME", libc::CLOCK_BOOTTIME as i64),
    constant("", "CLOCK_REALTIME_ALARM", libc::CLOCK_REALTIME_ALARM as i64),
    constant("", "CLOCK_BOOTTIME_ALARM", libc::CLOCK_BOOTTIME_ALARM as i64),
    constant("", "CLOCK_TAI", libc::CLOCK_TAI as i64),
];

/// How a thread gets its turn (sched(7)).
pub const SCHED_POLICY: &[Bit] = &[
    constant("", "SCHED_OTHER", libc::SCHED_OTHER as i64),
    constant("", "SCHED_FIFO", libc::SCHED_FIFO as i64),
    constant("", "SCHED_RR", libc::SCHED_RR as i64),
    constant("", "SCHED_BATCH", libc::SCHED_BATCH as i64),
    constant("", "SCHED_IDLE", libc::SCHED_IDLE as i64),
    constant("", "SCHED_DEADLINE", libc::SCHED_DEADLINE as i64),
];

/// What may be done with mapped memory.
pub const PROTECTION: &[Bit] = &[
    bit("protection_exec", "PROT_EXEC", libc::PROT_EXEC as i64),
    value_of("protection_none", "PROT_NONE", 7, libc::PROT_NONE as i64),
    bit("protection_read", "PROT_READ", libc::PROT_READ as i64),
    bit("protection_write", "PROT_WRITE", libc::PROT_WRITE as i64),
];

/// Flags of splice(2), tee(2) and vmsplice(2).
pub const SPLICE: &[Bit] = &[
    bit("", "SPLICE_F_MOVE", libc::SPLICE_F_MOVE as i64),
    bit("", "SPLICE_F_NONBLOCK", libc::SPLICE_F_NONBLOCK as i64),
    bit("", "SPLICE_F_MORE", libc::SPLICE_F_MORE as i64),
    bit("", "SPLICE_F_GIFT", libc::SPLICE_F_GIFT as i64),
];

/// Options of wait4(2) and waitid(2).
pub const WAIT: &[Bit] = &[
    bit("", "WNOHANG", libc::WNOHANG as i64),
    bit("", "WUNTRACED", libc::WUNTRACED as i64),
    bit("", "WEXITED", libc::WEXITED as i64),
    bit("", "WCONTINUED", libc::WCONTINUED as i64),
    bit("", "WNOWAIT", libc::WNOWAIT as i64),
    bit("", "__WNOTHREAD", libc::__WNOTHREAD as i64),
    bit("", "__WALL", libc::__WALL as i64),
    bit("", "__WCLONE", libc::__WCLONE as u32 as i64),
];
