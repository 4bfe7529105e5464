//! What belongs to a task: who it is, its limits, priority, times and clocks.

use libc::timespec;

use super::{Family, NONE, NOWHERE};

pub const FAMILY: Family = Family {
    name: "task",
    both: "getrlimit setrlimit prlimit64 getrusage sched_getaffinity sched_setaffinity sched_getparam \
           sched_setparam sched_getscheduler sched_setscheduler sched_getattr sched_setattr \
           sched_get_priority_max sched_get_priority_min sched_rr_get_interval getpriority setpriority \
           ioprio_get ioprio_set capget capset prctl arch_prctl uname getrandom clock_gettime clock_getres \
           clock_nanosleep nanosleep gettimeofday getitimer setitimer timer_create timer_settime timer_gettime \
           timer_getoverrun timer_delete getgroups getresuid getresgid set_robust_list get_robust_list \
           sysinfo times getcpu seccomp",
    succeeds: "getuid geteuid getgid getegid time alarm sched_yield personality set_tid_address",
    fails: "rseq clock_settime clock_adjtime settimeofday adjtimex",
    run,
};

fn run() {
    let mut room = [0u64; 256];
    let room = room.as_mut_ptr();
    for who in [libc::SYS_getuid, libc::SYS_geteuid, libc::SYS_getgid, libc::SYS_getegid] {
        super::raw(who, &[]).expect("it doesn't fail");
    }
    works!(SYS_getgroups, 256, room);
    fails!(EINVAL, SYS_getgroups, NONE, room);
    works!(SYS_getresuid, room, room, room);
    fails!(EFAULT, SYS_getresuid, NOWHERE, room, room);
    works!(SYS_getresgid, room, room, room);
    fails!(EFAULT, SYS_getresgid, NOWHERE, room, room);
    works!(SYS_capget, [0x2008_0522u32, 0].as_ptr(), room);
    works!(SYS_capset, [0x2008_0522u32, 0].as_ptr(), room);
    fails!(EFAULT, SYS_capget, NOWHERE, room);
    fails!(EINVAL, SYS_capset, [7u32, 0].as_mut_ptr(), room);
    works!(SYS_uname, room);
    fails!(EFAULT, SYS_uname, NOWHERE);
    works!(SYS_getrandom, room, 33, libc::GRND_NONBLOCK);
    fails!(EINVAL, SYS_getrandom, room, 33, 0x4000);
    works!(SYS_sysinfo, room);
    fails!(EFAULT, SYS_sysinfo, NOWHERE);
    works!(SYS_getcpu, room, 0, 0);
    fails!(EFAULT, SYS_getcpu, NOWHERE, 0, 0);
    works!(SYS_personality, 0xffff_ffffu32);
    works!(SYS_prctl, libc::PR_GET_DUMPABLE);
    fails!(EINVAL, SYS_prctl, 7777);
    works!(SYS_arch_prctl, 0x1003, room);
    fails!(EINVAL, SYS_arch_prctl, 7777, 0);
    let list = room;
    works!(SYS_get_robust_list, 0, list, list.wrapping_add(1));
    fails!(ESRCH, SYS_get_robust_list, i32::MAX, list, list.wrapping_add(1));
    // SAFETY: the kernel has filled in the first word.
    works!(SYS_set_robust_list, unsafe { *list }, 24);
    fails!(EINVAL, SYS_set_robust_list, room, 1);
    works!(SYS_set_tid_address, Box::leak(Box::new(0i32)) as *mut i32);
    fails!(EINVAL, SYS_rseq, 0, 1, 77, 0);
    limits(room);
    scheduling(room);
    clocks(room);
    timers(room);
    fails!(EINVAL, SYS_seccomp, 7777, 0, 0);
    let action = libc::SECCOMP_RET_KILL_PROCESS;
    works!(SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action);
}

fn limits(room: *mut u64) {
    works!(SYS_getrlimit, libc::RLIMIT_NOFILE, room);
    works!(SYS_setrlimit, libc::RLIMIT_NOFILE, room);
    fails!(EINVAL, SYS_getrlimit, 77, room);
    fails!(EINVAL, SYS_setrlimit, 77, room);
    works!(SYS_prlimit64, 0, libc::RLIMIT_CORE, 0, room);
    works!(SYS_prlimit64, 0, libc::RLIMIT_CORE, room, 0);
    fails!(EFAULT, SYS_prlimit64, 0, libc::RLIMIT_CORE, NOWHERE, 0);
    works!(SYS_getrusage, libc::RUSAGE_SELF, room);
    fails!(EINVAL, SYS_getrusage, 77, room);
}

fn scheduling(room: *mut u64) {
    works!(SYS_sched_yield);
    works!(SYS_sched_getaffinity, 0, 128, room);
    works!(SYS_sched_setaffinity, 0, 128, room);
    fails!(EINVAL, SYS_sched_getaffinity, 0, 1, room);
    fails!(ESRCH, SYS_sched_setaffinity, i32::MAX, 128, room);
    works!(SYS_sched_getscheduler, 0);
    fails!(ESRCH, SYS_sched_getscheduler, i32::MAX);
    works!(SYS_sched_getparam, 0, room);
    fails!(EINVAL, SYS_sched_getparam, NONE, room);
    let none = [0i32; 2];
    works!(SYS_sched_setparam, 0, none.as_ptr());
    fails!(EINVAL, SYS_sched_setparam, 0, [7i32].as_ptr());
    works!(SYS_sched_setscheduler, 0, libc::SCHED_BATCH, none.as_ptr());
    works!(SYS_sched_setscheduler, 0, libc::SCHED_OTHER, none.as_ptr());
    fails!(EINVAL, SYS_sched_setscheduler, 0, 77, none.as_ptr());
    works!(SYS_sched_getattr, 0, room, 48, 0);
    works!(SYS_sched_setattr, 0, room, 0);
    fails!(EINVAL, SYS_sched_getattr, 0, room, 1, 0);
    fails!(EINVAL, SYS_sched_setattr, 0, room, 1);
    for policy in [libc::SCHED_OTHER, libc::SCHED_FIFO, libc::SCHED_RR] {
        works!(SYS_sched_get_priority_max, policy);
        works!(SYS_sched_get_priority_min, policy);
    }
    fails!(EINVAL, SYS_sched_get_priority_max, 77);
    fails!(EINVAL, SYS_sched_get_priority_min, 77);
    works!(SYS_sched_rr_get_interval, 0, room);
    fails!(EINVAL, SYS_sched_rr_get_interval, NONE, room);
    works!(SYS_getpriority, libc::PRIO_PROCESS, 0);
    works!(SYS_setpriority, libc::PRIO_PROCESS, 0, 1);
    fails!(EINVAL, SYS_getpriority, 77, 0);
    fails!(EINVAL, SYS_setpriority, 77, 0, 0);
    let priority = works!(SYS_ioprio_get, 1, 0);
    works!(SYS_ioprio_set, 1, 0, priority);
    fails!(EINVAL, SYS_ioprio_get, 77, 0);
    fails!(EINVAL, SYS_ioprio_set, 77, 0, 0);
}

fn clocks(room: *mut u64) {
    for clock in [libc::CLOCK_REALTIME, libc::CLOCK_MONOTONIC, libc::CLOCK_THREAD_CPUTIME_ID] {
        works!(SYS_clock_gettime, clock, room);
        works!(SYS_clock_getres, clock, room);
    }
    fails!(EINVAL, SYS_clock_gettime, 77, room);
    fails!(EINVAL, SYS_clock_getres, 77, room);
    works!(SYS_gettimeofday, room, 0);
    fails!(EFAULT, SYS_gettimeofday, NOWHERE, 0);
    works!(SYS_time, 0);
    works!(SYS_times, room);
    fails!(EFAULT, SYS_times, NOWHERE);
    let time = |tv_sec: i64, tv_nsec: i64| timespec { tv_sec, tv_nsec };
    works!(SYS_nanosleep, &raw const *Box::new(time(0, 1000)), 0);
    fails!(EINVAL, SYS_nanosleep, &raw const *Box::new(time(-1, 0)), 0);
    let past = Box::new(time(1, 0));
    works!(SYS_clock_nanosleep, libc::CLOCK_REALTIME, libc::TIMER_ABSTIME, &raw const *past, 0);
    fails!(EINVAL, SYS_clock_nanosleep, 77, 0, &raw const *past, 0);
    let bad = time(0, -1);
    fails!(EINVAL, SYS_clock_settime, libc::CLOCK_MONOTONIC, &raw const bad);
    fails!(EFAULT, SYS_settimeofday, NOWHERE, 0);
    fails!(EFAULT, SYS_adjtimex, NOWHERE);
    fails!(EINVAL, SYS_clock_adjtime, 77, room);
}

fn timers(room: *mut u64) {
    let long = [0i64, 0, 1000, 0];
    works!(SYS_setitimer, libc::ITIMER_REAL, [0i64, 0, 1000, 0].as_ptr(), room);
    works!(SYS_getitimer, libc::ITIMER_REAL, room);
    works!(SYS_setitimer, libc::ITIMER_REAL, [0i64; 4].as_ptr(), 0);
    fails!(EINVAL, SYS_getitimer, 77, room);
    fails!(EINVAL, SYS_setitimer, 77, long.as_ptr(), 0);
    works!(SYS_alarm, 1000);
    works!(SYS_alarm, 0);
    // SAFETY: all zeroes is a notification, by no signal.
    let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
    event.sigev_notify = libc::SIGEV_NONE;
    let mut timer = 0i32;
    works!(SYS_timer_create, libc::CLOCK_MONOTONIC, &raw const event, &raw mut timer);
    fails!(EINVAL, SYS_timer_create, 77, &raw const event, &raw mut timer);
    works!(SYS_timer_settime, timer, 0, long.as_ptr(), 0);
    fails!(EINVAL, SYS_timer_settime, timer, 0, [0i64, 0, 0, -1].as_ptr(), 0);
    works!(SYS_timer_gettime, timer, room);
    fails!(EINVAL, SYS_timer_gettime, NONE, room);
    works!(SYS_timer_getoverrun, timer);
    fails!(EINVAL, SYS_timer_getoverrun, NONE);
    works!(SYS_timer_delete, timer);
    fails!(EINVAL, SYS_timer_delete, NONE);
}
