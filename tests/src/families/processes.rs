//! Processes and threads: made, ended, waited for, and what they have in common.

use libc::{CLONE_FILES, CLONE_FS, CLONE_SIGHAND, CLONE_VM, O_CREAT, O_RDWR, SIGCHLD, WNOHANG};

use super::{CLOSED, Family, NONE, NOWHERE, raw};

pub const FAMILY: Family = Family {
    name: "processes",
    both: "clone clone3 execve execveat wait4 waitid unshare setns kill tgkill tkill pidfd_open pidfd_send_signal \
           pidfd_getfd process_vm_readv process_vm_writev kcmp getpgid getsid setpgid chroot process_madvise",
    succeeds: "fork vfork exit exit_group getpid gettid getppid getpgrp setsid umask",
    fails: "ptrace process_mrelease",
    run,
};

fn run() {
    if let Some(word) = std::env::args().nth(2) {
        return executed(&word);
    }
    ids();
    forks();
    shared();
    ends();
    others();
    taken();
    let thread = std::thread::spawn(|| {
        works!(SYS_unshare, CLONE_FS | CLONE_FILES);
        works!(SYS_mkdir, c"of-thread".as_ptr(), 0o700);
        works!(SYS_chdir, c"of-thread".as_ptr());
        works!(SYS_umask, 0o077);
        works!(SYS_close, works!(SYS_creat, c"in-it".as_ptr(), 0o666));
    });
    thread.join().expect("the thread's calls do what they should");
    works!(SYS_close, works!(SYS_creat, c"not-in-it".as_ptr(), 0o666));
    execute();
}

/// Waits for child `pid`.
pub(super) fn reap(pid: i64) -> i32 {
    let mut status = 0i32;
    assert_eq!(works!(SYS_wait4, pid, &raw mut status, 0, 0), pid);
    status
}

/// What the child does that one of the calls that make one returned 0 for; it doesn't come back.
pub(super) fn in_child(made: i64, act: impl FnOnce()) -> i64 {
    if made == 0 {
        act();
        let _ = call!(SYS_exit_group, 7);
    }
    made
}

fn ids() {
    let own = works!(SYS_getpid);
    works!(SYS_gettid);
    works!(SYS_getppid);
    works!(SYS_getpgrp);
    works!(SYS_getpgid, 0);
    fails!(ESRCH, SYS_getpgid, i32::MAX);
    works!(SYS_getsid, own);
    fails!(ESRCH, SYS_getsid, i32::MAX);
    works!(SYS_kill, own, 0);
    fails!(EINVAL, SYS_kill, own, 7777);
    works!(SYS_tgkill, own, own, 0);
    fails!(EINVAL, SYS_tgkill, own, NONE, 0);
    works!(SYS_tkill, own, 0);
    fails!(ESRCH, SYS_tkill, i32::MAX, 0);
}

fn forks() {
    let file = works!(SYS_open, c"log".as_ptr(), O_RDWR | O_CREAT | libc::O_APPEND, 0o600);
    let child = in_child(works!(SYS_fork), || {
        works!(SYS_write, file, c"child\n".as_ptr(), 6);
        works!(SYS_setsid);
        works!(SYS_close, file);
        works!(SYS_chdir, c"/".as_ptr());
    });
    assert_eq!(reap(child), 7 << 8);
    works!(SYS_write, file, c"parent\n".as_ptr(), 7);
    let child = in_child(works!(SYS_fork), || {
        works!(SYS_setpgid, 0, 0);
        fails!(EPERM, SYS_setsid);
        let _ = call!(SYS_exit, 3);
    });
    fails!(ESRCH, SYS_setpgid, i32::MAX, 0);
    let mut info = [0u64; 16];
    works!(SYS_waitid, libc::P_PID, child, info.as_mut_ptr(), libc::WEXITED | libc::WNOWAIT, 0);
    assert_eq!(reap(child), 3 << 8);
    fails!(ECHILD, SYS_waitid, libc::P_PID, child, info.as_mut_ptr(), libc::WEXITED, 0);
    fails!(ECHILD, SYS_wait4, NONE, 0, WNOHANG, 0);
    // The C library's, which leaves the stack alone.
    #[expect(deprecated, reason = "what is wrong with it is what the child must not do")]
    // SAFETY: the child ends at once.
    let child = unsafe { libc::vfork() };
    if child == 0 {
        // SAFETY: it takes a number only.
        unsafe { libc::_exit(0) };
    }
    reap(child.into());
    works!(SYS_close, file);
}

/// Children that have their descriptors, or their folder, in common with this process.
fn shared() {
    for (flags, name) in
        [(0, c"0"), (CLONE_FILES, c"1"), (CLONE_FS, c"2"), (CLONE_FILES | CLONE_FS, c"3")]
    {
        works!(SYS_mkdir, name.as_ptr(), 0o755);
        let here = works!(SYS_open, c".".as_ptr(), libc::O_PATH);
        let file = works!(SYS_creat, c"shared".as_ptr(), 0o600);
        let child = in_child(works!(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0), || {
            works!(SYS_chdir, name.as_ptr());
            works!(SYS_umask, 0o070);
            works!(SYS_dup2, file, 70);
            works!(SYS_close, file);
        });
        reap(child);
        works!(SYS_close, works!(SYS_creat, c"where".as_ptr(), 0o666));
        if flags & CLONE_FILES != 0 {
            fails!(EBADF, SYS_close, file);
            works!(SYS_close, 70);
        } else {
            works!(SYS_close, file);
            fails!(EBADF, SYS_close, 70);
        }
        works!(SYS_fchdir, here);
        works!(SYS_close, here);
        works!(SYS_umask, 0o022);
    }
    fails!(EINVAL, SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0);
    let arguments = |flags: i32, signal: i32| [flags as u64, 0, 0, 0, signal as u64, 0, 0, 0];
    let words = arguments(CLONE_FS, SIGCHLD);
    let child = in_child(works!(SYS_clone3, words.as_ptr(), 64), || {
        works!(SYS_chdir, c"0".as_ptr());
    });
    reap(child);
    works!(SYS_chdir, c"..".as_ptr());
    fails!(EINVAL, SYS_clone3, arguments(CLONE_VM | CLONE_SIGHAND, 7777).as_ptr(), 64);
}

/// A thread that ends takes nothing with it; a process takes its threads.
fn ends() {
    let child = in_child(works!(SYS_fork), || {
        let file = works!(SYS_creat, c"by-threads".as_ptr(), 0o600);
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            works!(SYS_write, file, c"before exit\n".as_ptr(), 12);
            tell.send(works!(SYS_gettid)).expect("it is waited for");
            let _ = call!(SYS_exit, 0);
        });
        let thread = told.recv().expect("the thread says who it is");
        while call!(SYS_tgkill, works!(SYS_getpid), thread, 0).is_ok() {
            std::thread::yield_now();
        }
        works!(SYS_write, file, c"after it\n".as_ptr(), 9);
        std::thread::spawn(|| {
            let mut ends = [0i32; 2];
            works!(SYS_pipe, ends.as_mut_ptr());
            let _ = call!(SYS_read, ends[0], ends.as_mut_ptr(), 1);
        });
    });
    reap(child);
}

fn others() {
    let own = works!(SYS_getpid);
    let itself = works!(SYS_pidfd_open, own, 0);
    fails!(ESRCH, SYS_pidfd_open, i32::MAX, 0);
    works!(SYS_pidfd_send_signal, itself, 0, 0, 0);
    fails!(EBADF, SYS_pidfd_send_signal, CLOSED, 0, 0, 0);
    let file = works!(SYS_open, c"again".as_ptr(), O_RDWR | O_CREAT, 0o600);
    let again = works!(SYS_pidfd_getfd, itself, file, 0);
    fails!(EBADF, SYS_pidfd_getfd, itself, CLOSED, 0);
    works!(SYS_kcmp, own, own, 0, file, again);
    fails!(ESRCH, SYS_kcmp, i32::MAX, own, 0, file, again);
    let (mut here, there) = ([0u8; 8], *b"12345678");
    let vector = |start: *const u8| [start as usize, 8];
    let (local, remote) = (vector(here.as_mut_ptr()), vector(there.as_ptr()));
    works!(SYS_process_vm_readv, own, local.as_ptr(), 1, remote.as_ptr(), 1, 0);
    works!(SYS_process_vm_writev, own, remote.as_ptr(), 1, local.as_ptr(), 1, 0);
    fails!(ESRCH, SYS_process_vm_readv, i32::MAX, local.as_ptr(), 1, remote.as_ptr(), 1, 0);
    fails!(
        EFAULT,
        SYS_process_vm_writev,
        own,
        local.as_ptr(),
        1,
        vector(8 as *const u8).as_ptr(),
        1,
        0
    );
    works!(SYS_close, again);
    let page = works!(SYS_mmap, 0, 4096, 3, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, NONE, 0);
    let range = [page as usize, 4096];
    works!(SYS_process_madvise, itself, range.as_ptr(), 1, libc::MADV_COLD, 0);
    fails!(EBADF, SYS_process_madvise, CLOSED, range.as_ptr(), 1, libc::MADV_COLD, 0);
    assert!(raw(448, &[itself as usize, 7]).is_err(), "process_mrelease takes no flags");
    works!(SYS_close, itself);
    works!(SYS_close, file);
    fails!(ESRCH, SYS_ptrace, libc::PTRACE_CONT, i32::MAX, 0, 0);
    let namespace = works!(SYS_open, c"/proc/self/ns/uts".as_ptr(), libc::O_RDONLY);
    let joined = call!(SYS_setns, namespace, libc::CLONE_NEWUTS);
    assert!(matches!(joined, Ok(_) | Err(libc::EPERM)), "{joined:?}");
    fails!(EBADF, SYS_setns, CLOSED, 0);
    works!(SYS_close, namespace);
    fails!(EINVAL, SYS_unshare, 1);
    fails!(ENOENT, SYS_chroot, c"none".as_ptr());
    works!(SYS_mkdir, c"root".as_ptr(), 0o755);
    let child = in_child(works!(SYS_fork), || {
        works!(SYS_chroot, c"root".as_ptr());
    });
    reap(child);
}

/// A child has a file open, and this process takes it: through a descriptor for the child that a call of its own made,
/// through another name of that, and through the one that came with the child.
fn taken() {
    let (mut ready, mut go) = ([0i32; 2], [0i32; 2]);
    works!(SYS_pipe, ready.as_mut_ptr());
    works!(SYS_pipe, go.as_mut_ptr());
    let mut came = NONE;
    let arguments = [libc::CLONE_PIDFD as u64, &raw mut came as u64, 0, 0, SIGCHLD as u64, 0, 0, 0];
    let child = in_child(works!(SYS_clone3, arguments.as_ptr(), 64), || {
        let file = works!(SYS_open, c"taken".as_ptr(), O_RDWR | O_CREAT, 0o600);
        works!(SYS_dup2, file, 80);
        works!(SYS_write, 80, c"by the child\n".as_ptr(), 13);
        works!(SYS_write, ready[1], c"!".as_ptr(), 1);
        let mut byte = 0u8;
        works!(SYS_read, go[0], &raw mut byte, 1);
        works!(SYS_write, file, c"by the child again\n".as_ptr(), 19);
    });
    let mut byte = 0u8;
    works!(SYS_read, ready[0], &raw mut byte, 1);
    // SAFETY: the kernel has filled it in.
    let came = unsafe { (&raw const came).read_volatile() };
    let opened = works!(SYS_pidfd_open, child, 0);
    let again = works!(SYS_dup, opened);
    for pidfd in [opened, again, came.into()] {
        let file = works!(SYS_pidfd_getfd, pidfd, 80, 0);
        works!(SYS_write, file, c"by its parent\n".as_ptr(), 14);
        works!(SYS_close, file);
    }
    let file = works!(SYS_pidfd_getfd, opened, 80, 0);
    assert_eq!(works!(SYS_lseek, file, 0, libc::SEEK_CUR), 13 + 3 * 14, "one offset for both");
    fails!(EBADF, SYS_pidfd_getfd, opened, 81, 0);
    fails!(EINVAL, SYS_pidfd_getfd, opened, 80, 1);
    works!(SYS_write, go[1], c"!".as_ptr(), 1);
    reap(child);
    fails!(ESRCH, SYS_pidfd_getfd, opened, 80, 0);
    for fd in [file, opened, again, came.into()]
        .into_iter()
        .chain([ready, go].concat().into_iter().map(i64::from))
    {
        works!(SYS_close, fd);
    }
}

/// Runs this program again, twice; what is marked so doesn't get across.
fn execute() {
    works!(SYS_dup3, works!(SYS_creat, c"across".as_ptr(), 0o600), 50, 0);
    works!(SYS_dup3, 50, 51, libc::O_CLOEXEC);
    fails!(ENOENT, SYS_execve, c"none".as_ptr(), 0, 0);
    fails!(EFAULT, SYS_execve, NOWHERE, 0, 0);
    fails!(EACCES, SYS_execve, c"across".as_ptr(), 0, 0);
    fails!(ENOENT, SYS_execveat, libc::AT_FDCWD, c"none".as_ptr(), 0, 0, 0);
    fails!(EBADF, SYS_execveat, CLOSED, c"none".as_ptr(), 0, 0, 0);
    fails!(EINVAL, SYS_execveat, libc::AT_FDCWD, c"none".as_ptr(), 0, 0, 0x7777_0000);
    let own = std::env::current_exe().expect("there is a program").into_os_string();
    let path = std::ffi::CString::new(own.into_encoded_bytes()).expect("no NUL in a path");
    let arguments = |word: &'static std::ffi::CStr| {
        [c"family".as_ptr(), c"processes".as_ptr(), word.as_ptr(), std::ptr::null()]
    };
    let environment = [c"ONE=1".as_ptr(), c"EMPTY=".as_ptr(), std::ptr::null()];
    let child = in_child(works!(SYS_fork), || {
        let words = arguments(c"first");
        works!(SYS_execve, path.as_ptr(), words.as_ptr(), environment.as_ptr());
    });
    assert_eq!(reap(child), 0);
    let program = works!(SYS_open, path.as_ptr(), libc::O_PATH | libc::O_CLOEXEC);
    let words = arguments(c"second");
    let empty = libc::AT_EMPTY_PATH;
    works!(SYS_execveat, program, c"".as_ptr(), words.as_ptr(), environment.as_ptr(), empty);
}

fn executed(word: &str) {
    let line = format!("{word} {:?}\n", std::env::var("ONE"));
    works!(SYS_write, 50, line.as_ptr(), line.len());
    fails!(EBADF, SYS_write, 51, line.as_ptr(), line.len());
}
