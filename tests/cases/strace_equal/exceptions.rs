//! Columns that aren't equal, and why.

/// What strace doesn't print, or prints otherwise. Each of these is there still.
pub struct Untold {
    /// The program in which it shows.
    pub program: &'static str,
    /// Whether it may show in others.
    pub is_anywhere: bool,
    /// Record types.
    pub kinds: &'static str,
    /// Columns.
    pub columns: &'static str,
    /// Why.
    pub why: &'static str,
    /// The version of strace that prints it.
    pub until: Option<(u32, u32)>,
}

const fn untold(
    program: &'static str,
    kinds: &'static str,
    columns: &'static str,
    why: &'static str,
) -> Untold {
    Untold { program, is_anywhere: false, kinds, columns, why, until: None }
}

const fn anywhere(
    program: &'static str,
    kinds: &'static str,
    columns: &'static str,
    why: &'static str,
) -> Untold {
    Untold { is_anywhere: true, ..untold(program, kinds, columns, why) }
}

const fn unknown(
    program: &'static str,
    kinds: &'static str,
    columns: &'static str,
    until: (u32, u32),
) -> Untold {
    let why = "strace has no name for the call, and prints addresses where its memory is";
    Untold { until: Some(until), ..untold(program, kinds, columns, why) }
}

const REFUSED: &str = "the kernel refused the call, and strace prints the address of what is wrong";
const ADDRESS: &str = "strace prints what is there in place of the address";

/// All of them.
pub const UNTOLD: &[Untold] = &[
    anywhere(
        "a_shell_pipeline_moves_more_than_a_pipe_holds",
        "clone",
        "new_tls",
        "not printed unless the flags say that it is set",
    ),
    anywhere("files", "prctl", "argument_value", ADDRESS),
    anywhere("files", "fcntl", "lock_pid", "strace prints it where the kernel fills it in"),
    anywhere(
        "ls_lists_a_tree",
        "connect",
        "sockaddr_buffer",
        "behind the path's NUL is whatever was there",
    ),
    anywhere(
        "names",
        "getdents getdents64",
        "dirent_buffer",
        "inode numbers; padding isn't printed",
    ),
    anywhere(
        "asynchronous_requests_are_submitted_again",
        "io_getevents",
        "data_read buffer_not_captured",
        "it stands where requests say",
    ),
    anywhere("asynchronous_requests_are_submitted_again", "io_submit", "request", ADDRESS),
    untold("descriptors", "io_submit", "bytes_requested", "not printed of operations without data"),
    untold("descriptors", "io_cancel", "request_address", ADDRESS),
    untold("memory", "futex_waitv", "waiters_address", ADDRESS),
    untold(
        "processes",
        "process_vm_readv process_vm_writev",
        "local_address remote_address",
        ADDRESS,
    ),
    untold(
        "descriptors",
        "poll ppoll",
        "buffer_not_captured",
        "that it can't be read isn't printed",
    ),
    untold("descriptors", "select pselect6", "read_set buffer_not_captured", REFUSED),
    untold("descriptors", "epoll_pwait2", "timeout buffer_not_captured", REFUSED),
    untold("descriptors", "signalfd4", "mask buffer_not_captured", REFUSED),
    untold("sockets", "setsockopt", "option_value buffer_not_captured", REFUSED),
    untold(
        "files",
        "openat2",
        "open_value mode_value resolve_value flag_read_only buffer_not_captured",
        REFUSED,
    ),
    untold("machine", "mount", "filesystem_type buffer_not_captured", REFUSED),
    untold("task", "clock_adjtime", "modes_value offset frequency buffer_not_captured", REFUSED),
    untold(
        "task",
        "capset",
        "high_effective_value high_permitted_value",
        "of a version that it doesn't know strace prints the first half",
    ),
    untold(
        "signals",
        "rt_sigqueueinfo rt_tgsigqueueinfo",
        "code value buffer_not_captured",
        "strace prints nothing of a siginfo_t whose signal is 0",
    ),
    untold(
        "metadata",
        "ustat",
        "free_blocks free_inodes buffer_not_captured",
        "strace prints the structure's address",
    ),
    unknown(
        "files",
        "cachestat",
        "offset length cached_pages dirty_pages writeback_pages buffer_not_captured",
        (6, 5),
    ),
    unknown("metadata", "fchmodat2", "given_pathname buffer_not_captured", (6, 5)),
    unknown("machine", "listmount", "mount_id after_mount buffer_not_captured", (6, 8)),
    unknown("machine", "statmount", "mount_id mask buffer_not_captured", (6, 8)),
    unknown("machine", "lsm_list_modules", "length buffer_not_captured", (6, 8)),
    unknown(
        "metadata",
        "getxattrat setxattrat removexattrat",
        "given_pathname xattr_name buffer_not_captured",
        (6, 13),
    ),
    unknown("metadata", "getxattrat", "value_read value_size", (6, 13)),
    unknown(
        "metadata",
        "setxattrat",
        "value_written value_size flag_value flag_xattr_create",
        (6, 13),
    ),
    unknown("metadata", "listxattrat", "given_pathname xattr_list buffer_not_captured", (6, 13)),
    unknown("machine", "open_tree_attr", "given_pathname buffer_not_captured", (6, 15)),
    unknown("metadata", "file_getattr file_setattr", "given_pathname buffer_not_captured", (6, 17)),
    unknown("metadata", "file_getattr", "attributes_read", (6, 17)),
    unknown("metadata", "file_setattr", "attributes_written", (6, 17)),
];

/// What two runs of one program don't have in common, whoever records them.
pub const OF_THE_RUN: &[(&str, &str, &str)] = &[
    ("*", "unique_id", "order ids are taken for different moments"),
    ("*", "time_called time_returned time_recorded", "the times are those of the run"),
    ("*", "executing_pid executing_tid child_pid child_thread_id", "every run has ids of its own"),
    (
        "*",
        "address address_2 start_address handler_address old_handler_address",
        "addresses are random",
    ),
    ("*", "stat_result_ino statx_result_ino", "every run has files of its own"),
    (
        "*",
        "stat_result_atime stat_result_ctime stat_result_mtime",
        "the times are those of the run",
    ),
    (
        "*",
        "statx_result_atime statx_result_ctime statx_result_mtime",
        "the times are those of the run",
    ),
    ("*", "statx_result_btime", "the times are those of the run"),
    ("*", "stat_result_blocks statx_result_blocks", "the file system's own affair"),
    ("*", "statfs_result_bavail statfs_result_bfree statfs_result_ffree", "it is in use"),
    ("brk mmap mremap shmat", "return_value", "addresses are random"),
    ("clone clone3 fork vfork wait4 waitid", "return_value", "every run has ids of its own"),
    ("getpid getppid gettid getsid getpgid setsid", "return_value", "every run has ids of its own"),
    ("set_tid_address", "return_value", "every run has ids of its own"),
    ("rt_sigreturn", "return_value errno_number", "what is in the register that it restores"),
    (
        "kill tgkill tkill wait4 getsid kcmp sched_getaffinity pidfd_open process_vm_readv process_vm_writev",
        "pid",
        "every run has ids of its own",
    ),
    ("rt_sigqueueinfo rt_tgsigqueueinfo", "pid process", "every run has ids of its own"),
    ("tgkill tkill", "tid", "every run has ids of its own"),
    ("kcmp", "other_pid", "every run has ids of its own"),
    ("waitid", "id", "every run has ids of its own"),
    ("futex", "value", "a thread's id is among what is waited for"),
    ("futex", "value_2 value_3", "where the operation has none, whatever the register held"),
    ("clone3", "child_stack_address new_tls", "addresses are random"),
    ("get_robust_list", "list_address", "addresses are random"),
    (
        "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents",
        "context",
        "addresses are random",
    ),
    ("io_getevents", "request", "addresses are random"),
    ("ioctl", "parameter", "an address where the request takes a buffer"),
    ("ioctl", "buffer_size", "of a request that failed"),
    (
        "writev readv preadv pwritev preadv2 pwritev2 vmsplice",
        "bytes_requested",
        "an address among what is refused",
    ),
    ("getrandom", "data_read", "random"),
    ("sched_setaffinity", "cpu_mask", "behind what the kernel filled in is whatever was there"),
    ("clock_gettime gettimeofday", "time", "the times are those of the run"),
    ("getitimer timer_gettime", "value", "the times are those of the run"),
    ("time", "return_value", "the times are those of the run"),
    ("getcpu", "cpu", "it runs where there is room"),
    ("munmap", "length", "the C library cuts off what isn't aligned"),
    ("getrusage", "user_time system_time", "the times are those of the run"),
    ("times", "return_value", "the times are those of the run"),
    ("times", "user_time system_time", "the times are those of the run"),
    ("utimensat", "access_time modify_time", "the times are those of the run"),
    ("sysinfo", "uptime free_memory", "the machine is in use"),
    (
        "getsockname accept accept4 recvfrom getpeername",
        "sockaddr_buffer",
        "the kernel chooses a port",
    ),
    ("mq_open mq_unlink", "queue_name", "the program puts its id into the name"),
    ("msgget semget shmget", "return_value", "every run has ids of its own"),
    ("msgctl msgrcv msgsnd", "queue", "every run has ids of its own"),
    ("semctl semop semtimedop", "set", "every run has ids of its own"),
    ("shmat shmctl", "segment", "every run has ids of its own"),
];
