//! Programs that are hard on a recorder that lives in them: the first argument says which.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr::null_mut;

/// Reads and writes that each thread makes.
const ROUNDS: usize = 400;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map_or("", String::as_str) {
        "threads" => threads(),
        "children" => children(),
        "execs" => execs(words.get(2).and_then(|count| count.parse().ok()).unwrap_or(20)),
        "filter" => filter(),
        "segment" => segment(),
        "descriptors" => descriptors(),
        "scribbles" => scribbles(),
        "storm" => storm(),
        "vectors" => vectors(),
        "limit" => limit(),
        other => panic!("there is no hardship {other:?}"),
    }
}

fn copy(rounds: usize) -> usize {
    let (mut from, mut to) = (File::open("/dev/zero").unwrap(), File::create("/dev/null").unwrap());
    let mut bytes = [1; 4096];
    let mut sum = 0;
    for round in 0..rounds {
        sum += from.read(&mut bytes).unwrap();
        sum += to.write(&bytes[..round % 4096]).unwrap();
    }
    sum
}

/// Limits what it maps, as servers do that fear for their machine, and needs a part of that then: itself, in a thread and in
/// a child.
fn limit() {
    let limit = libc::rlimit { rlim_cur: 256 << 20, rlim_max: 256 << 20 };
    // SAFETY: the structure outlives the call.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
    let need = || {
        let mut bytes = Vec::<u8>::new();
        let had = bytes.try_reserve_exact(64 << 20).is_ok();
        println!("{had} {} bytes", copy(50));
    };
    need();
    std::thread::spawn(need).join().expect("there is room for a thread");
    // SAFETY: the process has one thread by now.
    match unsafe { libc::fork() } {
        0 => {
            need();
            std::process::exit(0);
        }
        child => {
            let mut status = 0;
            // SAFETY: the status outlives the call.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(status, 0);
        }
    }
    need();
}

/// Threads that come and go, and call all the while.
fn threads() {
    let mut sum = 0;
    for _ in 0..4 {
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(|| copy(ROUNDS))).collect();
        sum += threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>();
    }
    println!("{sum} bytes");
}

/// Children that share memory for a while, and children that have a copy.
fn children() {
    for _ in 0..20 {
        assert!(Command::new("true").status().unwrap().success());
    }
    for number in 0..20 {
        // SAFETY: the program has one thread, and the child makes only calls that it may.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                copy(50);
                libc::_exit(number);
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
            assert_eq!(libc::WEXITSTATUS(status), number);
        }
    }
    println!("all came back");
}

/// One program after the other, in the same process; the last thread but one calls.
fn execs(left: u32) {
    std::thread::spawn(|| copy(100_000));
    copy(20);
    if left > 0 {
        let me = std::env::current_exe().unwrap();
        let error = std::thread::spawn(move || {
            Command::new(me).args(["execs", &(left - 1).to_string()]).exec()
        });
        panic!("{}", error.join().unwrap());
    }
    println!("the last one");
}

/// A filter of the program's own, which fails one call.
fn filter() {
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut steps = [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_getppid as u32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the filter lives through the call.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert!(libc::getppid() > 0);
        let mode = libc::SECCOMP_MODE_FILTER;
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program), 0);
        println!("{} {}", libc::syscall(libc::SYS_getppid), copy(20));
    }
    let script = "cat /dev/null && echo filtered";
    println!("{:?}", Command::new("sh").args(["-c", script]).output().unwrap().stdout);
}

/// Calls whose buffers lie apart: none, few, many, short and long ones, and some that fail.
fn vectors() {
    let path = c"vectors".as_ptr();
    let text: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    let cut = |lengths: &[usize]| -> Vec<libc::iovec> {
        let mut start = 0;
        let cuts = lengths.iter().map(|length| {
            start += length;
            let iov_base = text[start - length..].as_ptr().cast_mut().cast();
            libc::iovec { iov_base, iov_len: *length }
        });
        cuts.collect()
    };
    let mut room = vec![0u8; 200_000];
    let mut sum = 0;
    // SAFETY: all buffers are there, or known not to be; what fails harms nobody.
    unsafe {
        let file = libc::open(path, libc::O_RDWR | libc::O_CREAT, 0o600);
        let mut pair = [0; 2];
        let kind = libc::SOCK_DGRAM;
        assert_eq!(libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()), 0);
        let many = [7; 40];
        let all: [&[usize]; 8] =
            [&[], &[0], &[5], &[100, 0, 100], &[1; 16], &many, &[300, 4000, 20], &[60_000, 9]];
        for lengths in all.iter().cycle().take(200) {
            let cuts = cut(lengths);
            let (array, count) = (cuts.as_ptr(), cuts.len() as i32);
            sum += libc::pwritev(file, array, count, 17);
            let halves = room.split_at_mut(150).0.as_mut_ptr();
            let (head, tail) = (halves, room.as_mut_ptr().add(1000));
            let mut into = [
                libc::iovec { iov_base: head.cast(), iov_len: 150 },
                libc::iovec { iov_base: tail.cast(), iov_len: 50_000 },
            ];
            sum += libc::preadv(file, into.as_ptr(), 2, 17);
            sum += libc::preadv(file, into.as_ptr(), 2, 1 << 40);
            let mut message: libc::msghdr = std::mem::zeroed();
            (message.msg_iov, message.msg_iovlen) = (array.cast_mut(), cuts.len());
            if libc::sendmsg(pair[0], &raw const message, libc::MSG_DONTWAIT) < 0 {
                continue;
            }
            let mut from = [0u8; 64];
            (message.msg_iov, message.msg_iovlen) = (into.as_mut_ptr(), 2);
            (message.msg_name, message.msg_namelen) = (from.as_mut_ptr().cast(), 64);
            // A message that is cut says how long it was.
            let flags = if lengths.len() == 2 { libc::MSG_TRUNC } else { 0 };
            sum += libc::recvmsg(pair[1], &raw mut message, flags);
            let mut length = 64;
            libc::getsockname(pair[0], from.as_mut_ptr().cast(), &raw mut length);
        }
        let nowhere = [libc::iovec { iov_base: 8 as *mut _, iov_len: 9 }];
        for (array, count) in
            [(nowhere.as_ptr(), 1), (std::ptr::dangling(), 3), (std::ptr::null(), 2)]
        {
            sum += libc::writev(file, array, count) + libc::readv(file, array, count);
        }
        sum += libc::sendmsg(pair[0], std::ptr::dangling(), 0);
        libc::getsockname(pair[0], room.as_mut_ptr().cast(), null_mut());
    }
    println!("{sum}");
}

/// `gs` is the program's own.
fn segment() {
    let mut word = 42u64;
    println!("{}", copy(20));
    // SAFETY: the word lives to the end; nothing else in this program uses gs.
    let seen = unsafe {
        assert_eq!(libc::syscall(libc::SYS_arch_prctl, 0x1001, &raw mut word), 0);
        let seen: u64;
        std::arch::asm!("mov {seen}, gs:[0]", seen = out(reg) seen);
        seen
    };
    println!("{seen} {}", copy(20));
    std::thread::spawn(|| println!("{}", copy(20))).join().unwrap();
}

/// No descriptor is left but the standard ones.
fn descriptors() {
    let count = || fs::read_dir("/proc/self/fd").unwrap().count();
    println!("{}", count());
    // SAFETY: nothing of this program has a descriptor.
    unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
    println!("{} {}", count(), copy(100));
    // SAFETY: as above.
    unsafe { libc::dup2(1, 3) };
    println!("{} {}", count(), copy(100));
}

/// Writes over what it shares with its recorder.
fn scribbles() {
    copy(100);
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| line.contains("memfd:recorder") && line.contains("rw-s"));
    let Some(line) = line else { return println!("there is nothing") };
    let start = line.split_once('-').unwrap().0;
    let start = usize::from_str_radix(start, 16).unwrap();
    // Rings of the first two areas.
    let ring = 0x40_0000 + 0x80_0000 + 0x40_0000usize;
    // SAFETY: it is mapped, and nobody's but the recorder's.
    unsafe { std::ptr::write_bytes((start + ring) as *mut u8, 0xab, 0x40_0000) };
    copy(5000);
    println!("done");
}

/// Threads, children, signals and programs, all at once.
fn storm() {
    extern "C" fn count(_: libc::c_int) {
        // SAFETY: a call that handlers may make.
        unsafe { libc::getppid() };
    }
    // SAFETY: all zeroes is a value of this structure; the handler is fine.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &raw const action, null_mut()), 0);
    }
    let work = || {
        let mut sum = 0;
        for round in 0..10 {
            sum += copy(50);
            // SAFETY: a signal to this thread, for which there is a handler.
            unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGUSR1) };
            if round % 3 == 0 {
                assert!(Command::new("true").status().unwrap().success());
            }
            let big = vec![1u8; 1 << 18];
            sum += big.len();
        }
        sum
    };
    let threads: Vec<_> = (0..6).map(|_| std::thread::spawn(work)).collect();
    for _ in 0..50 {
        // SAFETY: to this process, which has a handler.
        unsafe { libc::kill(libc::getpid(), libc::SIGUSR1) };
        copy(5);
    }
    let sum: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    println!("{sum}");
}
