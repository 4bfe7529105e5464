//! The agent backend: most calls are recorded inside the program, and ptrace(2) supervises.
//!
//! ```text
//!  program                                              recorder
//!    site: jmp ──▶ stub ──▶ hook: the call itself
//!                           copies, a record ──▶ ring ──▶ merger ──▶ pipeline
//!    anything else ──▶ seccomp filter ──▶ stop ──▶ tracer ──▶ merger
//! ```
//!
//! * **Nothing escapes.** The filter lets calls through only if they come from the hook's own
//!   instruction; every other one stops at the tracer, which records it as ever.
//! * **Code is rewritten while nothing runs it**: when a program that has one thread has made some calls and stands
//!   still ([`late`]), and when a mapping of a file's code returns ([`text`], [`space`]). What can't be rewritten
//!   safely is left ([`x86_64::sites`]).
//! * **The tracer can take over** a call wherever a thread stands in the hook: for a signal, which is then
//!   delivered as if there were no hook; for a fault; for a record that doesn't fit ([`Taken`]).
//!   Handlers never run on top of the hook, and find no address of ours in their context.
//! * **What a call copies** are the plugins' declarations, as a table ([`table`]). Calls that it can't
//!   express, and those that change what the hook stands on, are the tracer's.
//! * **Rings** are memory that all processes share ([`arena`]), one for each thread, found through `gs`. No
//!   descriptor stays open in the program. A full ring makes its thread wait; nothing is dropped. What
//!   comes out of a ring is checked: the program may have written it.
//! * **Order**: two ids from one counter, in shared memory too; [`merge`] puts all in their order.
//!
//! A process in which something of this can't be had (a filter of its own, a limit on its address
//! space, 32-bit code, no /proc) stays with the tracer alone.

pub mod arena;
mod attach;
pub mod clock;
mod late;
pub mod merge;
pub mod shared;
pub mod space;
pub mod table;
pub mod text;
mod watch;
pub mod x86_64;

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arena::Arena;
use late::Late;
use libc::c_int;
use merge::returned;
use shared::Shared;
use space::Space;
use table::{Stops, Table};
use text::Files;
use watch::Watch;
use x86_64::hook::{self, Labels, area, phase};
use x86_64::registers::{self, Progress};
use x86_64::supervised::{self, Effect};

use crate::plan::Plans;
use crate::ptrace::{self, Entry};

/// What the agent did, and couldn't.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Programs that were equipped.
    pub equipped: u64,
    /// Programs that couldn't be, and stayed with the tracer.
    pub not_equipped: u64,
    /// Processes that ended before their programs were.
    pub brief: u64,
    /// System-call instructions that were rewritten.
    pub rewritten: u64,
    /// Those that couldn't be.
    pub left: u64,
    /// Calls that the tracer took over from the hook.
    pub taken_over: u64,
    /// Calls that nobody took over when they had to be: their records are missing.
    pub lost: u64,
}

/// One thread of the program.
#[derive(Debug)]
struct Thread {
    /// Its process.
    process: i32,
    /// Its area; 0 if it has none.
    area: u32,
}

/// A call that was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number.
    pub number: u64,
    /// Its arguments.
    pub arguments: [u64; 6],
    /// Address behind the instruction that makes it when it is made again.
    pub instruction_pointer: u64,
    /// Order id of its entry.
    pub called_id: i64,
    /// When that was, in nanoseconds since the epoch.
    pub time_called: i64,
    /// What became of it.
    pub end: End,
}

/// What became of a call that was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The kernel restarts it, or fails it with `EINTR`.
    Interrupted,
    /// It returned.
    Returned {
        /// Return value and errno.
        value: (i64, i32),
        /// The order id of its exit, if one was taken.
        id: Option<i64>,
    },
    /// It never did.
    Never,
}

/// What is to be done with a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signalled {
    /// It is delivered.
    Deliver,
    /// It is delivered, and if that starts a handler, [`Agent::handles`] has to be told first.
    Step,
    /// It came of the hook's own doing, and the program never hears of it.
    Drop,
}

/// Equips programs with the hook, and supervises them.
#[derive(Debug)]
pub struct Agent {
    shared: Arc<Shared>,
    labels: Labels,
    files: Files,
    threads: HashMap<i32, Thread>,
    owners: HashMap<u32, i32>,
    spaces: HashMap<i32, Rc<Space>>,
    /// What children that were created and not seen yet have of their creators.
    births: HashMap<i32, Rc<Space>>,
    /// Areas whose threads are out of the hook, once their events are handed on.
    settled: Vec<u32>,
    /// Calls on the files of these descriptors stop.
    watch: Watch,
    /// Filters that every program has that is recorded.
    filters: u64,
    /// Numbers of the calls that their filter lets through.
    unseen: Rc<[u32]>,
    /// Processes that aren't equipped yet.
    late: Late,
    counts: Counts,
}

/// Why the agent can't run on this machine; none if it can.
pub fn obstacle() -> Option<&'static str> {
    if !clock::is_steady() {
        return Some("the processor's time stamp counter is no clock here");
    }
    None
}

impl Agent {
    /// An agent, with the layouts of its records. Calls that `wanted` says stop. Programs are equipped once they have
    /// made `after` calls.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn new(plans: &Plans, wanted: Stops, after: u32) -> std::io::Result<(Self, Table)> {
        let table = Table::new(plans, wanted);
        let labels = Labels::new();
        let arena = Arena::new(hook::code(), &table.bytes)?;
        arena.prepare(0, labels.bypass)?;
        let agent = Self {
            shared: Arc::new(Shared::new(arena)),
            labels,
            files: Files::default(),
            threads: HashMap::new(),
            owners: HashMap::new(),
            spaces: HashMap::new(),
            births: HashMap::new(),
            settled: Vec::new(),
            watch: Watch::default(),
            filters: in_status(&status_of("self"), "Seccomp_filters:").unwrap_or(0) + 1,
            unseen: Self::unseen(plans).collect(),
            late: Late::new(after),
            counts: Counts::default(),
        };
        Ok((agent, table))
    }

    /// What the merger has in common with it.
    pub fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// The address behind the only instruction whose calls the filter lets through.
    pub fn gate() -> u64 {
        Labels::new().called
    }

    /// Whether calls of `number` must stop, recorded or not: they may change what the hook stands on.
    fn needs(number: u32) -> bool {
        supervised::is_supervised(number) || supervised::guards(number) != (0, 0)
    }

    /// Numbers of the calls that needn't stop, since neither tracer nor hook has to know of them, in their order.
    pub fn unseen(plans: &Plans) -> impl Iterator<Item = u32> {
        let is_needed = |number| ptrace::tells_of_signals(number) || Self::needs(number);
        plans.unseen().filter(move |number| !is_needed(*number))
    }

    /// The next order id.
    pub fn take_id(&self) -> i64 {
        self.shared.arena.counter().fetch_add(1, Ordering::SeqCst) as i64
    }

    /// The tracer begins to look at a stop.
    pub fn begin(&self) {
        self.shared.begin();
    }

    /// What it did so far.
    pub fn counts(&self) -> Counts {
        Counts { lost: self.shared.arena.lost(), ..self.counts }
    }

    /// The events of this stop are handed on.
    pub fn settle(&mut self) {
        for number in self.settled.drain(..) {
            let area = self.shared.arena.area(number);
            area.word(area::PHASE).store(phase::IDLE, Ordering::SeqCst);
            area.word(area::BOUND).store(u64::MAX, Ordering::SeqCst);
        }
    }

    /// `creator` stopped because it created `child`, which may have been seen already.
    pub fn created(&mut self, creator: i32, child: i32) {
        let Some(thread) = self.threads.get(&creator) else { return };
        let space = self.spaces.get(&thread.process);
        if let (Some(space), false) = (space, self.threads.contains_key(&child)) {
            self.births.insert(child, space.clone());
        }
    }

    /// `pid`, a thread of `process` whose parent is `parent`, stopped for the first time.
    pub fn appeared(&mut self, pid: i32, process: i32, parent: Option<i32>) {
        self.threads.insert(pid, Thread { process, area: 0 });
        let born = self.births.remove(&pid);
        let Ok(mut registers) = ptrace::registers(pid) else { return };
        // It has `gs` of its creator.
        let Some(inherited) = arena::number(registers::base(&registers)) else {
            if pid == process {
                self.late.born(process, parent);
            }
            return;
        };
        let creator = || self.threads.get(self.owners.get(&inherited)?).map(|t| t.process);
        let space = born.or_else(|| self.spaces.get(&creator()?).cloned());
        let space = self.spaces.entry(process).or_insert_with(|| space.unwrap_or_default());
        let (is_off, is_tight) = (space.is_off, space.is_tight);
        let number = if is_tight { 0 } else { self.open(pid, is_off) };
        registers::set_base(&mut registers, arena::address(number));
        let _ = ptrace::set_registers(pid, &registers);
    }

    fn open(&mut self, pid: i32, is_off: bool) -> u32 {
        let entry = if is_off { self.labels.bypass } else { self.labels.hook };
        let number = self.shared.open(pid, entry);
        if number != 0 {
            self.owners.insert(number, pid);
        }
        if let Some(thread) = self.threads.get_mut(&pid) {
            thread.area = number;
            let process = thread.process;
            self.show_watch(process, Some(number));
        }
        number
    }

    /// `pid` is gone.
    pub fn forget(&mut self, pid: i32) {
        self.births.remove(&pid);
        self.counts.brief += u64::from(self.late.forget(pid));
        let Some(thread) = self.threads.remove(&pid) else { return };
        if thread.area != 0 {
            self.owners.remove(&thread.area);
            self.shared.close(thread.area);
        }
        if pid == thread.process {
            self.spaces.remove(&pid);
            self.watch.forget(pid);
        }
    }

    /// Lets calls of `pid` go through the hook, or not.
    pub fn use_hook(&self, pid: i32, used: bool) {
        let Some(thread) = self.threads.get(&pid).filter(|thread| thread.area != 0) else { return };
        let is_off = self.spaces.get(&thread.process).is_none_or(|space| space.is_off);
        let entry = if used && !is_off { self.labels.hook } else { self.labels.bypass };
        let area = self.shared.arena.area(thread.area);
        area.word(area::ENTRY).store(entry, Ordering::SeqCst);
    }

    fn taken(&mut self, number: u32, end: End, instruction_pointer: u64) -> Taken {
        self.counts.taken_over += 1;
        self.settled.push(number);
        let area = self.shared.arena.area(number);
        let counter = self.shared.arena.counter().load(Ordering::SeqCst);
        // The program may have written what it likes: an id is at least one that was taken.
        let called = area.get(area::CALLED).min(counter.saturating_sub(1));
        let argument = |number: u64| area.get(area::ARGUMENTS + 8 * number);
        Taken {
            number: area.get(area::NUMBER),
            arguments: [0, 1, 2, 3, 4, 5].map(argument),
            instruction_pointer,
            called_id: called as i64,
            time_called: self.shared.clock().time(area.get(area::TIME_CALLED)),
            end,
        }
    }

    /// The order id that the thread of `number` took at the exit of its call, if it did.
    fn returned_id(&self, number: u32) -> Option<i64> {
        let area = self.shared.arena.area(number);
        let counter = self.shared.arena.counter().load(Ordering::SeqCst);
        let id = area.get(area::RETURNED);
        (id > area.get(area::CALLED) && id < counter).then_some(id as i64)
    }

    /// The call that `pid`, which is gone or about to go, was in and will never return from.
    pub fn never_returned(&mut self, pid: i32) -> Option<Taken> {
        let number = self.threads.get(&pid).map(|thread| thread.area).filter(|area| *area != 0)?;
        let shared = self.shared.clone();
        let area = shared.arena.area(number);
        match area.get(area::PHASE) {
            phase::IDLE => None,
            _ => {
                let taken = self.taken(number, End::Never, 0);
                area.word(area::PHASE).store(phase::IDLE, Ordering::SeqCst);
                Some(taken)
            }
        }
    }

    /// `pid` is about to get `signal`: takes it out of hook and stub.
    pub fn signalled(&mut self, pid: i32, signal: c_int) -> (Signalled, Option<Taken>) {
        let nothing = (Signalled::Deliver, None);
        let Some(thread) = self.threads.get(&pid) else { return nothing };
        let (number, process) = (thread.area, thread.process);
        let Some(space) = self.spaces.get(&process).cloned() else { return nothing };
        let Ok(mut registers) = ptrace::registers(pid) else { return nothing };
        let Some(progress) = registers::progress(&self.labels, &registers) else {
            return (deliver(&space, pid, signal, registers::place(&registers)), None);
        };
        let shared = self.shared.clone();
        let area = shared.arena.area(number);
        let word = |offset| area.get(offset);
        // Signals of a fault come from the kernel, and from nowhere else with such a code.
        let is_fault = matches!(signal, libc::SIGSEGV | libc::SIGBUS)
            && ptrace::signal_code(pid).is_ok_and(|code| code > 0);
        // The filter of the program's own made a signal of the call: it wasn't made.
        let is_refused =
            signal == libc::SIGSYS && registers::place(&registers) == self.labels.called;
        let result = registers::result(&self.labels, &registers, &word);
        let after = registers::take_out(&self.labels, progress, &mut registers, &word);
        let taken = match progress {
            _ if is_refused => None,
            Progress::Before | Progress::Published => None,
            Progress::Interrupted => Some(self.taken(number, End::Interrupted, after)),
            Progress::Returned => {
                let id = self.returned_id(number);
                let value = returned(result);
                Some(self.taken(number, End::Returned { value, id }, after))
            }
        };
        self.settled.push(number);
        let _ = ptrace::set_registers(pid, &registers);
        match is_fault {
            true => (Signalled::Drop, taken),
            false => (deliver(&space, pid, signal, registers::place(&registers)), taken),
        }
    }

    /// `pid` stands at the first instruction of a signal handler, whose context says where the program
    /// was: not in a stub, as far as it knows.
    pub fn handles(&self, pid: i32) -> Option<()> {
        let process = self.threads.get(&pid)?.process;
        let space = self.spaces.get(&process)?;
        let registers = ptrace::registers(pid).ok()?;
        let address = supervised::signal_frame_address(&registers);
        let memory = space::memory(pid).ok()?;
        let mut word = [0; 8];
        memory.read_exact_at(&mut word, address).ok()?;
        let original = space.original(u64::from_ne_bytes(word))?;
        memory.write_all_at(&original.to_ne_bytes(), address).ok()
    }

    /// Whether the call `entry` isn't the program's: the hook asks for the tracer.
    pub fn is_asked(&self, entry: &Entry) -> bool {
        entry.instruction_pointer == self.labels.trapped
    }

    /// The hook of `pid` asks for the tracer: its call, which has returned, is taken over.
    pub fn asked(&mut self, pid: i32) -> Option<Taken> {
        let number = self.threads.get(&pid).map(|thread| thread.area).filter(|area| *area != 0)?;
        let shared = self.shared.clone();
        shared.wait_for_room(number);
        let area = shared.arena.area(number);
        let word = |offset| area.get(offset);
        // It may have been killed meanwhile. What it called was called.
        if let Ok(mut registers) = ptrace::registers(pid) {
            registers::take_out(&self.labels, Progress::Returned, &mut registers, &word);
            let _ = ptrace::set_registers(pid, &registers);
        }
        let id = self.returned_id(number);
        let value = returned(area.get(area::RESULT) as i64);
        Some(self.taken(number, End::Returned { value, id }, area.get(area::AFTER)))
    }

    /// `pid` is about to make a call by itself. True if its exit is to be told of.
    pub fn is_making(&mut self, pid: i32, entry: &Entry) -> bool {
        let Some(thread) = self.threads.get(&pid) else { return false };
        let process = thread.process;
        let Some(space) = self.spaces.get_mut(&process) else { return false };
        match supervised::effect(entry.number, &entry.arguments) {
            Some(Effect::MapsCode | Effect::Filters | Effect::Limits) => return true,
            Some(Effect::Unmaps) => {
                let start = entry.arguments[0];
                let addresses = start..start.saturating_add(entry.arguments[1]);
                if space.touches(&addresses) {
                    Rc::make_mut(space).unmap(&addresses);
                }
            }
            Some(Effect::Conflicts) => {
                if let Ok(memory) = space::memory(pid) {
                    Rc::make_mut(space).switch_off(&memory);
                }
                self.bypass_all(process);
            }
            Some(Effect::ReturnsFromSignal) => {
                let space = space.clone();
                let _ = return_from_signal(pid, &space);
            }
            None => {}
        }
        false
    }

    /// That call returned `value`.
    pub fn made(&mut self, pid: i32, number: u64, arguments: &[u64; 6], value: i64) {
        let Some(process) = self.threads.get(&pid).map(|thread| thread.process) else { return };
        match supervised::effect(number, arguments) {
            Some(Effect::MapsCode) => {
                let start = value as u64;
                self.mapped(pid, process, start..start.saturating_add(arguments[1]));
            }
            Some(Effect::Filters) => {
                if let Some(space) = self.spaces.get_mut(&process) {
                    Rc::make_mut(space).is_off = true;
                }
                self.bypass_all(process);
            }
            Some(Effect::Limits) if value == 0 => drop(self.limited(pid, process)),
            _ => {}
        }
    }

    /// No thread of `process` uses the hook any more.
    fn bypass_all(&self, process: i32) {
        let threads = self.threads.iter().filter(|(_, thread)| thread.process == process);
        for (pid, _) in threads {
            self.use_hook(*pid, false);
        }
    }
}

/// A handler returns to where the program was, as it knows; that may have been moved.
fn return_from_signal(pid: i32, space: &Space) -> std::io::Result<()> {
    let registers = ptrace::registers(pid)?;
    let address = supervised::signal_return_address(&registers);
    let memory = space::memory(pid)?;
    let mut word = [0; 8];
    memory.read_exact_at(&mut word, address)?;
    if let Some(moved) = space.moved(u64::from_ne_bytes(word)) {
        memory.write_all_at(&moved.to_ne_bytes(), address)?;
    }
    Ok(())
}

/// How `signal` gets to `pid`, whose next instruction is at `address`.
///
/// Only if a handler is to run does it matter that the program doesn't know of stubs; and only then may
/// the thread be made to step.
fn deliver(space: &Space, pid: i32, signal: c_int, address: u64) -> Signalled {
    let in_stub = space.original(address).is_some();
    let is_caught = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
        let caught = u64::from_str_radix(line.trim(), 16).ok()?;
        Some(caught >> (signal - 1) & 1 != 0)
    };
    if in_stub && is_caught(status_of(&pid.to_string())) == Some(true) {
        Signalled::Step
    } else {
        Signalled::Deliver
    }
}

/// What the kernel says of `process` (proc_pid_status(5)); nothing, if it is gone.
fn status_of(process: &str) -> String {
    fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default()
}

/// The number that line `name` of a status has.
fn in_status(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}
