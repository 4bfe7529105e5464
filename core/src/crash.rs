//! Whose code a thread runs, so that a crash has a name.
//!
//! A plugin that crashes, aborts or exits takes the program with it; nothing can be done about that, unless its
//! thread is one that can be left behind ([`Fate`]). But which plugin it was, and at which record, is said, and
//! the exit status is that of a program that could not run. Names are never freed, since a handler can't know
//! whether they were.

use std::cell::Cell;
use std::ffi::c_int;
use std::fmt::{self, Write};
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};

/// Exit status of a program that couldn't run.
const COULD_NOT_RUN: c_int = 2;

const SIGNALS: [(c_int, &str); 5] = [
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGABRT, "SIGABRT"),
];

/// What a thread does in a plugin.
#[derive(Clone, Copy)]
enum Doing {
    Nothing,
    /// The plugin's file is opened, and its declaration read.
    Loading(&'static str),
    /// A call is made again, or its rows are written.
    Record(&'static str, i64),
}

thread_local! {
    static DOING: Cell<Doing> = const { Cell::new(Doing::Nothing) };
    static FATE: Cell<Option<&'static Fate>> = const { Cell::new(None) };
}

/// How a plugin ended a thread that can be left behind.
#[derive(Debug)]
pub struct Fate(AtomicI32);

/// It hasn't.
const RUNS: i32 = 0;

/// It would have ended the whole program; other numbers are signals'.
const EXITED: i32 = -1;

impl Fate {
    /// From now on a plugin that crashes, aborts or exits at a record on this thread stops the thread for good,
    /// and not the program: whoever waits for the thread asks this.
    pub fn of_this_thread() -> &'static Self {
        let fate = Box::leak(Box::new(Self(AtomicI32::new(RUNS))));
        FATE.set(Some(fate));
        fate
    }

    /// What the plugin did, if the thread is stopped.
    pub fn told(&self) -> Option<String> {
        match self.0.load(Ordering::Acquire) {
            RUNS => None,
            EXITED => Some("exited".to_owned()),
            signal => {
                let name = SIGNALS.iter().find(|(known, _)| *known == signal);
                Some(format!("crashed ({})", name.map_or("a signal", |(_, name)| name)))
            }
        }
    }
}

/// Stops this thread for good, if a plugin has a record on it and it can be left behind.
fn stay_behind(how: i32) {
    let fate = FATE.try_with(Cell::get).ok().flatten();
    if let (Some(fate), Ok(Doing::Record(..))) = (fate, DOING.try_with(Cell::get)) {
        fate.0.store(how, Ordering::Release);
        loop {
            // SAFETY: the call takes nothing, and may be made in a handler.
            unsafe { libc::pause() };
        }
    }
}

/// The program's name, for its last line.
static PROGRAM: AtomicPtr<&'static str> = AtomicPtr::new(std::ptr::null_mut());

/// While it lives, the thread runs a plugin's code.
pub struct InPlugin(Doing);

impl InPlugin {
    /// The library in file `path` is loaded.
    pub fn loading(path: &Path) -> Self {
        Self(DOING.replace(Doing::Loading(path.display().to_string().leak())))
    }

    /// Plugin `name` has to do with record `record`.
    #[inline]
    pub fn record(name: &'static str, record: i64) -> Self {
        Self(DOING.replace(Doing::Record(name, record)))
    }
}

impl Drop for InPlugin {
    #[inline]
    fn drop(&mut self) {
        DOING.set(self.0);
    }
}

/// Ends the program at once: what it has may not be its own any more, so nothing of it is closed.
pub fn leave() -> ! {
    leave_as(COULD_NOT_RUN)
}

/// The same, with `status`: where a thread was left behind, nobody knows what it holds.
pub fn leave_as(status: c_int) -> ! {
    // SAFETY: the call takes no pointer.
    unsafe { libc::_exit(status) }
}

/// From now on crashes in plugins are told in the name of `program`.
pub fn tell(program: &'static str) {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        PROGRAM.store(Box::into_raw(Box::new(program)), Ordering::Release);
        for (number, (signal, _)) in SIGNALS.into_iter().enumerate() {
            let mut action: libc::sigaction =
                // SAFETY: all zero is an action.
                unsafe { MaybeUninit::zeroed().assume_init() };
            action.sa_sigaction = crashed as *const () as usize;
            // Stacks overflow too, and Rust's threads have another one for that.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            // SAFETY: the handler does only what a handler may; what was there before is kept.
            unsafe { libc::sigaction(signal, &raw const action, before(number)) };
        }
        // SAFETY: the function does little, and nothing that needs what exits before.
        unsafe { libc::atexit(exits) };
    });
}

/// Where the action that signal `number` had before is kept.
fn before(number: usize) -> *mut libc::sigaction {
    struct Before(std::cell::UnsafeCell<[MaybeUninit<libc::sigaction>; SIGNALS.len()]>);
    // SAFETY: written once, before any handler can run that reads it.
    unsafe impl Sync for Before {}
    static BEFORE: Before =
        Before(std::cell::UnsafeCell::new([const { MaybeUninit::zeroed() }; SIGNALS.len()]));
    BEFORE.0.get().cast::<libc::sigaction>().wrapping_add(number)
}

extern "C" fn crashed(signal: c_int, _info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    stay_behind(signal);
    let number = SIGNALS.iter().position(|(known, _)| *known == signal).unwrap_or(0);
    say_and_leave(|f, doing| match doing {
        Doing::Nothing => Ok(()),
        Doing::Loading(path) => {
            write!(f, "plugin {path}: it crashes when it is loaded ({})", SIGNALS[number].1)
        }
        Doing::Record(name, record) => write!(
            f,
            "the plugin `{name}` crashed at record {record} ({}); without it: --disable {name}",
            SIGNALS[number].1
        ),
    });
    // No plugin's doing: as it would have been without us.
    // SAFETY: the action was put there when this handler was installed.
    unsafe { libc::sigaction(signal, before(number), std::ptr::null_mut()) };
    if signal == libc::SIGABRT {
        // SAFETY: the call takes no pointer.
        unsafe { libc::raise(signal) };
    }
}

extern "C" fn exits() {
    stay_behind(EXITED);
    say_and_leave(|f, doing| match doing {
        Doing::Nothing => Ok(()),
        Doing::Loading(path) => write!(f, "plugin {path}: it exits when it is loaded"),
        Doing::Record(name, record) => {
            write!(f, "the plugin `{name}` exited at record {record}; without it: --disable {name}")
        }
    });
}

/// Says what `text` makes of what the thread does in a plugin, if anything, and ends the program.
fn say_and_leave(text: impl Fn(&mut Line, Doing) -> fmt::Result) {
    let Ok(doing) = DOING.try_with(Cell::get) else { return };
    if matches!(doing, Doing::Nothing) {
        return;
    }
    let mut line = Line { room: [0; 512], length: 0 };
    // SAFETY: the pointer is null or leads to what is never freed.
    let program = unsafe { PROGRAM.load(Ordering::Acquire).as_ref() };
    let _ = write!(line, "{}: ", program.copied().unwrap_or("replayer"));
    let _ = text(&mut line, doing);
    line.length = line.length.min(line.room.len() - 1);
    line.room[line.length] = b'\n';
    // SAFETY: the bytes are there; both calls may be made in a handler.
    unsafe {
        libc::write(2, line.room.as_ptr().cast(), line.length + 1);
        libc::_exit(COULD_NOT_RUN);
    }
}

/// A line that is put together without memory from the heap.
struct Line {
    room: [u8; 512],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = &mut self.room[self.length..];
        let fits = text.len().min(left.len());
        left[..fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.length += fits;
        Ok(())
    }
}
