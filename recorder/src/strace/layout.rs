//! The structures that strace prints: where their members stand in memory. Which structure it is, its
//! members' names tell.

use std::mem::offset_of;
use std::sync::OnceLock;

use crate::strace::symbols::ByName;

/// A member.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// As printed.
    pub name: &'static str,
    /// Where it stands.
    pub offset: u32,
    /// Its size.
    pub size: u32,
    /// Whether it is a pointer to what is printed.
    pub is_pointer: bool,
    /// Whether strace leaves it out where it is zero.
    pub is_zero_if_absent: bool,
}

impl Member {
    const fn new(name: &'static str, offset: usize, size: usize) -> Self {
        let (offset, size) = (offset as u32, size as u32);
        Self { name, offset, size, is_pointer: false, is_zero_if_absent: false }
    }

    const fn pointer(self) -> Self {
        Self { is_pointer: true, ..self }
    }

    const fn zero_if_absent(self) -> Self {
        Self { is_zero_if_absent: true, ..self }
    }
}

/// A structure.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Its size.
    pub size: u32,
    /// Its members, in the order in which strace prints them.
    pub members: &'static [Member],
}

/// The size of what a field of a structure is.
const fn size_of_field<S, F>(_: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

macro_rules! member {
    ($structure:ty, $field:ident) => {
        Member::new(
            stringify!($field),
            offset_of!($structure, $field),
            size_of_field::<$structure, _>(|s| &s.$field),
        )
    };
    ($structure:ty, $field:ident, $attribute:ident) => {
        member!($structure, $field).$attribute()
    };
}

macro_rules! layout {
    ($structure:ty { $($field:ident $(: $attribute:ident)?),* $(,)? }) => {
        Layout {
            size: size_of::<$structure>() as u32,
            members: &[$(member!($structure, $field $(, $attribute)?)),*],
        }
    };
}

macro_rules! words {
    ($size:literal { $($name:literal @ $offset:literal . $width:literal $(: $attribute:ident)?),* $(,)? }) => {
        Layout {
            size: $size,
            members: &[$(Member::new($name, $offset, $width)$(.$attribute())?),*],
        }
    };
}

/// All of them. Where names fit several, the first is meant.
const LAYOUTS: &[Layout] = &[
    layout!(libc::stat {
        st_dev,
        st_ino,
        st_mode,
        st_nlink,
        st_uid,
        st_gid,
        st_rdev: zero_if_absent,
        st_blksize,
        st_blocks,
        st_size: zero_if_absent,
        st_atime,
        st_atime_nsec,
        st_mtime,
        st_mtime_nsec,
        st_ctime,
        st_ctime_nsec,
    }),
    layout!(libc::timespec { tv_sec, tv_nsec }),
    layout!(libc::timeval { tv_sec, tv_usec }),
    layout!(libc::itimerval { it_interval, it_value }),
    layout!(libc::rlimit { rlim_cur, rlim_max }),
    layout!(libc::iovec { iov_base: pointer, iov_len }),
    layout!(libc::msghdr {
        msg_name: pointer,
        msg_namelen,
        msg_iov: pointer,
        msg_iovlen,
        msg_control: pointer,
        msg_controllen,
        msg_flags,
    }),
    layout!(libc::mmsghdr { msg_hdr, msg_len: zero_if_absent }),
    layout!(libc::pollfd { fd, events, revents: zero_if_absent }),
    words!(12 { "events" @ 0 . 4, "data" @ 4 . 8 }),
    words!(8 { "u32" @ 0 . 4, "u64" @ 0 . 8 }),
    layout!(libc::statx {
        stx_mask,
        stx_blksize,
        stx_attributes,
        stx_nlink,
        stx_uid,
        stx_gid,
        stx_mode,
        stx_ino,
        stx_size,
        stx_blocks,
        stx_attributes_mask,
        stx_atime,
        stx_btime: zero_if_absent,
        stx_ctime,
        stx_mtime,
        stx_rdev_major,
        stx_rdev_minor,
        stx_dev_major,
        stx_dev_minor,
        stx_mnt_id: zero_if_absent,
        stx_dio_mem_align: zero_if_absent,
        stx_dio_offset_align: zero_if_absent,
    }),
    // With the member that the C library's lacks.
    words!(120 {
        "f_type" @ 0 . 8,
        "f_bsize" @ 8 . 8,
        "f_blocks" @ 16 . 8,
        "f_bfree" @ 24 . 8,
        "f_bavail" @ 32 . 8,
        "f_files" @ 40 . 8,
        "f_ffree" @ 48 . 8,
        "f_fsid" @ 56 . 8,
        "f_namelen" @ 64 . 8,
        "f_frsize" @ 72 . 8,
        "f_flags" @ 80 . 8,
    }),
    words!(8 { "val" @ 0 . 8 }),
    layout!(libc::flock { l_type, l_whence, l_start, l_len, l_pid }),
    // The kernel's structure, not the C library's (rt_sigaction(2)).
    words!(32 {
        "sa_handler" @ 0 . 8,
        "sa_mask" @ 24 . 8,
        "sa_flags" @ 8 . 8,
        "sa_restorer" @ 16 . 8: zero_if_absent,
    }),
    layout!(libc::utsname { sysname, nodename, release, version, machine, domainname }),
    layout!(libc::sysinfo {
        uptime,
        loads,
        totalram,
        freeram,
        sharedram,
        bufferram,
        totalswap,
        freeswap,
        procs,
        totalhigh,
        freehigh,
        mem_unit,
    }),
    layout!(libc::rusage {
        ru_utime,
        ru_stime,
        ru_maxrss,
        ru_ixrss,
        ru_idrss,
        ru_isrss,
        ru_minflt,
        ru_majflt,
        ru_nswap,
        ru_inblock,
        ru_oublock,
        ru_msgsnd,
        ru_msgrcv,
        ru_nsignals,
        ru_nvcsw,
        ru_nivcsw,
    }),
    layout!(libc::tms { tms_utime, tms_stime, tms_cutime, tms_cstime }),
    // Before the next one, which has some of its members.
    words!(24 { "flags" @ 0 . 8, "mode" @ 8 . 8: zero_if_absent, "resolve" @ 16 . 8: zero_if_absent }),
    words!(88 {
        "flags" @ 0 . 8,
        "pidfd" @ 8 . 8: pointer,
        "child_tid" @ 16 . 8: pointer,
        "parent_tid" @ 24 . 8: pointer,
        "exit_signal" @ 32 . 8: zero_if_absent,
        "stack" @ 40 . 8: zero_if_absent,
        "stack_size" @ 48 . 8: zero_if_absent,
        "tls" @ 56 . 8: zero_if_absent,
        "set_tid" @ 64 . 8: pointer,
        "set_tid_size" @ 72 . 8: zero_if_absent,
        "cgroup" @ 80 . 8: zero_if_absent,
    }),
    words!(24 { "ss_sp" @ 0 . 8, "ss_flags" @ 8 . 4, "ss_size" @ 16 . 8 }),
    words!(16 { "actime" @ 0 . 8, "modtime" @ 8 . 8 }),
    // Its bytes are as many as its first member says; there may be 128.
    words!(136 { "handle_bytes" @ 0 . 4, "handle_type" @ 4 . 4, "f_handle" @ 8 . 128 }),
    words!(4 { "sched_priority" @ 0 . 4 }),
    layout!(libc::winsize { ws_row, ws_col, ws_xpixel, ws_ypixel }),
    // Of a child's end (what waitid(2) fills in), or with a value (rt_sigqueueinfo(2)).
    words!(128 {
        "si_signo" @ 0 . 4,
        "si_errno" @ 4 . 4: zero_if_absent,
        "si_code" @ 8 . 4,
        "si_pid" @ 16 . 4,
        "si_uid" @ 20 . 4,
        "si_value" @ 24 . 8: zero_if_absent,
        "si_int" @ 24 . 4: zero_if_absent,
        "si_ptr" @ 24 . 8: zero_if_absent,
        "si_status" @ 24 . 4,
        "si_utime" @ 32 . 8,
        "si_stime" @ 40 . 8,
    }),
    words!(8 { "int" @ 0 . 4, "ptr" @ 0 . 8 }),
    words!(64 {
        "sigev_value" @ 0 . 8: zero_if_absent,
        "sigev_signo" @ 8 . 4,
        "sigev_notify" @ 12 . 4,
        "sigev_notify_thread_id" @ 16 . 4: zero_if_absent,
        "sigev_notify_function" @ 16 . 8: zero_if_absent,
        "sigev_notify_attributes" @ 24 . 8: zero_if_absent,
    }),
    words!(8 { "sival_int" @ 0 . 4, "sival_ptr" @ 0 . 8 }),
    words!(56 {
        "size" @ 0 . 4,
        "sched_policy" @ 4 . 4,
        "sched_flags" @ 8 . 8,
        "sched_nice" @ 16 . 4,
        "sched_priority" @ 20 . 4,
        "sched_runtime" @ 24 . 8,
        "sched_deadline" @ 32 . 8,
        "sched_period" @ 40 . 8,
        "sched_util_min" @ 48 . 4: zero_if_absent,
        "sched_util_max" @ 52 . 4: zero_if_absent,
    }),
    words!(64 { "mq_flags" @ 0 . 8, "mq_maxmsg" @ 8 . 8, "mq_msgsize" @ 16 . 8, "mq_curmsgs" @ 24 . 8 }),
    // The largest message that a machine has by default.
    words!(8200 { "mtype" @ 0 . 8, "mtext" @ 8 . 8192 }),
    words!(6 { "sem_num" @ 0 . 2, "sem_op" @ 2 . 2, "sem_flg" @ 4 . 2 }),
    words!(24 { "val" @ 0 . 8, "uaddr" @ 8 . 8, "flags" @ 16 . 4 }),
    words!(208 {
        "modes" @ 0 . 4,
        "offset" @ 8 . 8,
        "freq" @ 16 . 8,
        "maxerror" @ 24 . 8,
        "esterror" @ 32 . 8,
        "status" @ 40 . 4,
        "constant" @ 48 . 8,
        "precision" @ 56 . 8,
        "tolerance" @ 64 . 8,
        "time" @ 72 . 16,
        "tick" @ 88 . 8,
        "ppsfreq" @ 96 . 8,
        "jitter" @ 104 . 8,
        "shift" @ 112 . 4,
        "stabil" @ 120 . 8,
        "jitcnt" @ 128 . 8,
        "calcnt" @ 136 . 8,
        "errcnt" @ 144 . 8,
        "stbcnt" @ 152 . 8,
        "tai" @ 160 . 4: zero_if_absent,
    }),
    words!(8 { "tz_minuteswest" @ 0 . 4, "tz_dsttime" @ 4 . 4 }),
    words!(64 {
        "aio_data" @ 0 . 8: zero_if_absent,
        "aio_key" @ 8 . 4: zero_if_absent,
        "aio_rw_flags" @ 12 . 4: zero_if_absent,
        "aio_lio_opcode" @ 16 . 2,
        "aio_reqprio" @ 18 . 2: zero_if_absent,
        "aio_fildes" @ 20 . 4,
        "aio_buf" @ 24 . 8: pointer,
        "aio_nbytes" @ 32 . 8: zero_if_absent,
        "aio_offset" @ 40 . 8: zero_if_absent,
        "aio_flags" @ 56 . 4: zero_if_absent,
        "aio_resfd" @ 60 . 4: zero_if_absent,
    }),
    words!(32 { "data" @ 0 . 8, "obj" @ 8 . 8, "res" @ 16 . 8, "res2" @ 24 . 8 }),
    words!(8 { "version" @ 0 . 4, "pid" @ 4 . 4 }),
    words!(12 { "pid" @ 0 . 4, "uid" @ 4 . 4, "gid" @ 8 . 4 }),
    words!(16 { "sigmask" @ 0 . 8: pointer, "sigsetsize" @ 8 . 8 }),
    words!(16 { "handled_access_fs" @ 0 . 8, "handled_access_net" @ 8 . 8: zero_if_absent }),
    words!(12 { "allowed_access" @ 0 . 8, "parent_fd" @ 8 . 4 }),
    words!(8 { "l_onoff" @ 0 . 4, "l_linger" @ 4 . 4 }),
    words!(32 { "src_fd" @ 0 . 8, "src_offset" @ 8 . 8, "src_length" @ 16 . 8, "dest_offset" @ 24 . 8 }),
    words!(28 {
        "fsx_xflags" @ 0 . 4,
        "fsx_extsize" @ 4 . 4,
        "fsx_nextents" @ 8 . 4,
        "fsx_projid" @ 12 . 4,
        "fsx_cowextsize" @ 16 . 4,
    }),
    words!(36 {
        "c_iflag" @ 0 . 4,
        "c_oflag" @ 4 . 4,
        "c_cflag" @ 8 . 4,
        "c_lflag" @ 12 . 4,
        "c_line" @ 16 . 1,
        "c_cc" @ 17 . 19,
    }),
    words!(120 {
        "flags" @ 8 . 4,
        "sq_thread_cpu" @ 12 . 4,
        "sq_thread_idle" @ 16 . 4,
        "wq_fd" @ 24 . 4: zero_if_absent,
        "sq_entries" @ 0 . 4,
        "cq_entries" @ 4 . 4,
        "features" @ 20 . 4,
        "sq_off" @ 40 . 40,
        "cq_off" @ 80 . 40,
    }),
];

/// A structure whose members are printed.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The structure.
    pub layout: &'static Layout,
    /// Which of its members each of those is that are printed.
    pub places: [u8; MOST_MEMBERS],
}

/// Most members of a structure that are printed.
pub const MOST_MEMBERS: usize = 64;

impl Layout {
    /// The structure whose members have all of `names`, if one is known. `names` is asked for anew for each
    /// candidate.
    pub fn of<'n, N: Iterator<Item = &'n [u8]>>(names: impl Fn() -> N) -> Option<Known> {
        static CANDIDATES: OnceLock<ByName<&'static [u8], Vec<u8>>> = OnceLock::new();
        let candidates = CANDIDATES.get_or_init(|| {
            let mut candidates = ByName::<&'static [u8], Vec<u8>>::default();
            for (number, layout) in LAYOUTS.iter().enumerate() {
                for member in layout.members {
                    candidates.entry(member.name.as_bytes()).or_default().push(number as u8);
                }
            }
            candidates
        });
        let candidates = candidates.get(names().next()?)?;
        let mut candidates = candidates.iter().map(|number| &LAYOUTS[usize::from(*number)]);
        candidates.find_map(|layout| {
            let mut places = [0; MOST_MEMBERS];
            let mut next = 0;
            for (number, name) in names().enumerate() {
                let place = layout.member(name, next)?;
                *places.get_mut(number)? = place as u8;
                next = place + 1;
            }
            Some(Known { layout, places })
        })
    }

    /// Which member is called `name`; since they come in order, it is looked for from member `first` on.
    pub fn member(&self, name: &[u8], first: usize) -> Option<usize> {
        let count = self.members.len();
        let mut places = (first..count).chain(0..first.min(count));
        places.find(|place| self.members[*place].name.as_bytes() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_within_their_structure() {
        for layout in LAYOUTS {
            assert!(layout.members.len() <= MOST_MEMBERS);
            for member in layout.members {
                assert!(member.offset + member.size <= layout.size, "{member:?}");
            }
        }
    }

    #[test]
    fn names_tell_the_structure() {
        let of = |names: &[&'static str]| {
            let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
            Layout::of(|| names.iter().copied()).map(|known| known.layout.size)
        };
        assert_eq!(of(&["tv_sec", "tv_nsec"]), Some(16));
        assert_eq!(of(&["flags", "mode", "resolve"]), Some(24));
        assert_eq!(of(&["flags", "exit_signal", "stack"]), Some(88));
        assert_eq!(of(&["flags", "sq_thread_cpu"]), Some(120));
        assert_eq!(of(&["events", "data"]), Some(12));
        assert_eq!(of(&["fd", "events"]), Some(8));
        assert_eq!(of(&["no", "such"]), None);
    }
}
