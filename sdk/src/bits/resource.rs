//! The resources that getrlimit(2) and setrlimit(2) are about.

use abi::Bit;

use crate::declare::constant;

/// Resources, in the order of the schema's numbers for them: the kernel's differ by architecture.
pub const RESOURCE: &[Bit] = &[
    constant("", "RLIMIT_AS", libc::RLIMIT_AS as i64),
    constant("", "RLIMIT_CORE", libc::RLIMIT_CORE as i64),
    constant("", "RLIMIT_CPU", libc::RLIMIT_CPU as i64),
    constant("", "RLIMIT_DATA", libc::RLIMIT_DATA as i64),
    constant("", "RLIMIT_FSIZE", libc::RLIMIT_FSIZE as i64),
    constant("", "RLIMIT_LOCKS", libc::RLIMIT_LOCKS as i64),
    constant("", "RLIMIT_MEMLOCK", libc::RLIMIT_MEMLOCK as i64),
    constant("", "RLIMIT_MSGQUEUE", libc::RLIMIT_MSGQUEUE as i64),
    constant("", "RLIMIT_NICE", libc::RLIMIT_NICE as i64),
    constant("", "RLIMIT_NOFILE", libc::RLIMIT_NOFILE as i64),
    constant("", "RLIMIT_NPROC", libc::RLIMIT_NPROC as i64),
    constant("", "RLIMIT_RSS", libc::RLIMIT_RSS as i64),
    constant("", "RLIMIT_RTPRIO", libc::RLIMIT_RTPRIO as i64),
    constant("", "RLIMIT_RTTIME", libc::RLIMIT_RTTIME as i64),
    constant("", "RLIMIT_SIGPENDING", libc::RLIMIT_SIGPENDING as i64),
    constant("", "RLIMIT_STACK", libc::RLIMIT_STACK as i64),
];
