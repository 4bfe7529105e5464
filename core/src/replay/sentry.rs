//! Looks whether calls that are in the kernel wait there: for others, which then need wait for them no longer.
//!
//! One thread does so for all, and only while somebody would go on because of what it finds. A call that takes
//! long doesn't wait for that reason: it counts as waiting when the kernel says that its thread sleeps.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::stat::Mode;

use crate::replay::turn::Turn;

/// How long a call has at least been in the kernel when it is taken to wait.
const STUCK: Duration = Duration::from_micros(200);

/// The longest time between two looks at calls that go on and on.
const SELDOM: Duration = Duration::from_millis(10);

/// The folder of this process's threads in `/proc`, out of reach of any path beneath a root.
#[derive(Debug)]
pub struct Threads(Option<OwnedFd>);

impl Threads {
    /// Opens it; call it before the root is entered.
    pub fn open() -> Self {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Self(openat(AT_FDCWD, "/proc/self/task", flags, Mode::empty()).ok())
    }

    fn read(&self, thread: i32, file: &str) -> Option<String> {
        let path = format!("{thread}/{file}");
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let file = openat(self.0.as_ref()?, path.as_str(), flags, Mode::empty()).ok()?;
        let mut text = String::new();
        std::fs::File::from(file).read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// Whether `thread` sleeps until something comes (see proc(5)); a lock of our own is nothing that a trace
    /// could bring. Where the kernel doesn't tell, it is taken to.
    fn sleeps(&self, thread: i32) -> bool {
        let Some(stat) = self.read(thread, "stat") else { return true };
        let state = fields(&stat).and_then(|mut fields| fields.next());
        let call = self.read(thread, "syscall");
        let number = call.as_deref().and_then(|call| call.split(' ').next()?.parse().ok());
        state == Some("S") && number != Some(libc::SYS_futex)
    }
}

/// What `stat` tells of a thread behind its name, from its state on (proc_pid_stat(5)).
pub fn fields(stat: &str) -> Option<impl Iterator<Item = &str>> {
    // The name may have anything in it; what follows it doesn't.
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' '))
}

/// The thread that looks.
#[derive(Debug)]
pub struct Sentry {
    turn: Arc<Turn>,
    thread: JoinHandle<()>,
}

impl Sentry {
    /// Lets it look at the calls of `turn`.
    ///
    /// # Errors
    /// There is no thread for it.
    pub fn start(turn: &Arc<Turn>, threads: Threads) -> std::io::Result<Self> {
        let of_thread = turn.clone();
        let builder = thread::Builder::new().name("sentry".to_owned());
        let thread = builder.spawn(move || {
            of_thread.be_sentry();
            look(&of_thread, &threads);
        })?;
        Ok(Self { turn: turn.clone(), thread })
    }

    /// Ends it.
    pub fn end(self) {
        self.turn.dismiss_sentry();
        // It has nothing to tell; had it panicked, the panic would have been shown.
        let _ = self.thread.join();
    }
}

fn look(turn: &Turn, threads: &Threads) {
    let mut seen: Vec<(u64, i32)> = Vec::new();
    let mut pause = STUCK;
    while !turn.is_sentry_dismissed() {
        let suspects = match turn.is_somebody_interested() {
            true => turn.suspects(),
            false => Vec::new(),
        };
        if suspects.is_empty() {
            seen.clear();
            thread::park();
            continue;
        }
        let is_new = suspects.iter().any(|suspect| !seen.contains(suspect));
        let known = suspects.iter().filter(|suspect| seen.contains(suspect));
        for (position, thread) in known {
            if threads.sleeps(*thread) {
                turn.waits(*position);
            }
        }
        pause = if is_new { STUCK } else { (pause * 2).min(SELDOM) };
        seen = suspects;
        thread::sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_call_that_sleeps_is_found_and_one_that_works_is_not() {
        let turn = Arc::new(Turn::new());
        let sentry = Sentry::start(&turn, Threads::open()).expect("there is a thread");
        let (mut reader, mut writer) = std::io::pipe().expect("there are pipes");
        let of_thread = turn.clone();
        let sleeper = thread::spawn(move || {
            of_thread.enter_kernel(0, nix::unistd::gettid().as_raw());
            let read = reader.read(&mut [0]);
            of_thread.leave_kernel(0);
            read.expect("something comes")
        });
        // It overlapped that, and is what it waits for.
        assert_eq!(turn.wait_to_enter(1, 0), Ok(()));
        writer.write_all(b"x").expect("somebody reads");
        assert_eq!(sleeper.join().expect("nobody panics"), 1);

        turn.pass(1);
        let thread = nix::unistd::gettid().as_raw();
        turn.enter_kernel(1, thread);
        let of_thread = turn.clone();
        let waiter = thread::spawn(move || of_thread.wait_to_enter(3, 0));
        for _ in 0..100 {
            let until = std::time::Instant::now() + STUCK;
            while std::time::Instant::now() < until {}
        }
        assert_eq!(turn.suspects(), [(1, thread)], "it was busy all the time");
        turn.leave_kernel(1);
        turn.pass(3);
        assert_eq!(waiter.join().expect("nobody panics"), Ok(()));
        sentry.end();
    }
}
