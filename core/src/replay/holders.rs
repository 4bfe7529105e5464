//! Which descriptors each task has, for calls by which a process takes one of another's (pidfd_getfd(2)).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use abi::fd;

use crate::replay::descriptors::{Files, Stands, answer};
use crate::replay::progress::lock;

/// The tasks that run, by their ids in the trace.
#[derive(Debug, Default)]
pub struct Holders(Mutex<HashMap<i32, Holder>>);

#[derive(Clone, Debug)]
struct Holder {
    files: Files,
    /// The thread that stands for the task, which has the descriptors.
    thread: i32,
}

impl Holders {
    /// Task `task`, for which `thread` stands, has `files` from now on.
    pub fn set(&self, task: i32, thread: i32, files: &Files) {
        lock(&self.0).insert(task, Holder { files: files.clone(), thread });
    }

    /// The task for which `thread` stands has ended; its id may be another's by now.
    pub fn remove(&self, task: i32, thread: i32) {
        let mut holders = lock(&self.0);
        if holders.get(&task).is_some_and(|holder| holder.thread == thread) {
            holders.remove(&task);
        }
    }

    /// A new descriptor of the calling thread, which has `own`, for what stands for `traced` with task `task`; or
    /// a value of [`fd`].
    pub fn duplicate(&self, task: i32, traced: i32, own: &Files) -> i32 {
        let Some(holder) = lock(&self.0).get(&task).cloned() else { return fd::SIMULATED };
        // Held, so that it isn't closed meanwhile.
        let files = holder.files.lock();
        let stands = files.get(traced);
        let Some(Stands::Open(open)) = stands else { return answer(stands) };
        let duplicate = if Arc::ptr_eq(&holder.files, own) {
            // SAFETY: the call takes no pointer.
            unsafe { libc::fcntl(open, libc::F_DUPFD_CLOEXEC, 0) }
        } else {
            take(holder.thread, open)
        };
        if duplicate < 0 { fd::SIMULATED } else { duplicate }
    }
}

/// `PIDFD_THREAD`, which libc lacks.
const PIDFD_THREAD: i32 = libc::O_EXCL;

/// A new descriptor for `open` of the table that thread `thread` of this process has; −1 if the kernel doesn't do
/// that for threads, as those before 6.9.
fn take(thread: i32, open: i32) -> i32 {
    // SAFETY: the calls take no pointer.
    unsafe {
        let pidfd = libc::syscall(libc::SYS_pidfd_open, thread, PIDFD_THREAD) as i32;
        if pidfd < 0 {
            return -1;
        }
        let taken = libc::syscall(libc::SYS_pidfd_getfd, pidfd, open, 0) as i32;
        Stands::Open(pidfd).close();
        taken
    }
}
