//! Keeps a busily calling program on its tracer's CPU.
//!
//! A stop is two switches between program and tracer. On one CPU that costs a few microseconds; where
//! the kernel wakes the other side on an idle CPU, ten times as much, and it prefers an idle CPU. So
//! the tracer stays on one CPU, and a tracee that stops often is held to it: its mask is narrowed. It is
//! given back before the program can look at it, before a new task would inherit it, and as soon as the
//! tracee computes for long, so that programs still use all CPUs.
//!
//! Two who wake each other on one CPU can have it all to themselves: the kernel then lets nobody else run there, not even
//! its own thread that a disk needs to finish a write, and whoever waits for that write waits as long as they go on. So
//! the tracer pauses now and then, while its tracee is stopped.

use std::fs;
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;

/// A tracee that runs for less than this between its calls is held, in nanoseconds.
const BUSY: i64 = 200_000;

/// A held tracee that has run for longer than this is let go, in nanoseconds.
const LONG: i64 = 1_000_000;

/// How often the tracer looks whether the kernel moved its tracee, in nanoseconds.
const FOLLOW_EVERY: i64 = 20_000_000;

/// How long it leaves the CPU to others then.
const PAUSE: Duration = Duration::from_micros(30);

/// The tracer's own place.
#[derive(Debug)]
pub struct Affinity {
    /// Nothing to do on a machine with one CPU, or where the kernel won't let us.
    here: Option<Here>,
    follow_at: i64,
}

#[derive(Debug)]
struct Here {
    cpu: usize,
    only: CpuSet,
    /// The CPUs that this process may use.
    allowed: CpuSet,
}

/// What the tracer knows of a tracee's place.
#[derive(Debug)]
pub struct Place {
    /// The CPUs that the tracee may use, while it is held to one of them.
    held_from: Option<CpuSet>,
    /// The CPU that it is held to.
    held_to: usize,
    /// How long it runs between calls, averaged over the last few, in nanoseconds.
    runs: i64,
    resumed_at: i64,
}

impl Default for Place {
    fn default() -> Self {
        Self { held_from: None, held_to: 0, runs: BUSY, resumed_at: i64::MAX }
    }
}

impl Place {
    /// The tracee stopped at `now`, in nanoseconds.
    pub fn stopped(&mut self, now: i64) {
        let ran = now.saturating_sub(self.resumed_at).max(0);
        self.runs += (ran.min(8 * BUSY) - self.runs) / 8;
        self.resumed_at = i64::MAX;
    }

    /// The tracee is about to go on, at `now`.
    pub fn resumed(&mut self, now: i64) {
        self.resumed_at = now;
    }

    /// Gives the tracee back what it may use.
    pub fn let_go(&mut self, tracee: Pid) {
        if let Some(mask) = self.held_from.take() {
            // It may be dead by now; then there is nothing to give back.
            let _ = sched_setaffinity(tracee, &mask);
        }
    }

    /// Lets go of a tracee that has run for long, at `now`.
    pub fn let_go_if_long(&mut self, tracee: Pid, now: i64) {
        if now.saturating_sub(self.resumed_at) > LONG {
            self.let_go(tracee);
        }
    }
}

impl Affinity {
    /// Holds this thread to the CPU it is on.
    pub fn here() -> Self {
        Self { here: Here::new(), follow_at: 0 }
    }

    /// Holds the tracee to this CPU, if that helps.
    pub fn hold(&self, tracee: Pid, place: &mut Place) {
        let Some(here) = self.here.as_ref().filter(|_| place.runs < BUSY) else {
            return place.let_go(tracee);
        };
        if place.held_from.is_some() && place.held_to == here.cpu {
            return;
        }
        place.let_go(tracee);
        let mask = sched_getaffinity(tracee).ok();
        let Some(mask) = mask.filter(|mask| mask.is_set(here.cpu) == Ok(true)) else { return };
        if sched_setaffinity(tracee, &here.only).is_ok() {
            (place.held_from, place.held_to) = (Some(mask), here.cpu);
        }
    }

    /// Goes after a tracee that the kernel moved away, and leaves the CPU to others, now and then; `now` in nanoseconds.
    pub fn follow(&mut self, tracee: Pid, now: i64) {
        if now < self.follow_at {
            return;
        }
        self.follow_at = now + FOLLOW_EVERY;
        if self.here.is_some() {
            std::thread::sleep(PAUSE);
        }
        if let Some(here) = &mut self.here
            && let Some(cpu) = cpu_of(tracee)
            && cpu != here.cpu
            && let Some(moved) = Here::on(cpu, here.allowed)
        {
            *here = moved;
        }
    }
}

impl Here {
    fn new() -> Option<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0)).ok()?;
        let several =
            (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu) == Ok(true)).count() > 1;
        several.then(sched_getcpu)?.ok().and_then(|cpu| Self::on(cpu, allowed))
    }

    /// Holds this thread to `cpu`.
    fn on(cpu: usize, allowed: CpuSet) -> Option<Self> {
        let mut only = CpuSet::new();
        only.set(cpu).ok()?;
        sched_setaffinity(Pid::from_raw(0), &only).ok()?;
        Some(Self { cpu, only, allowed })
    }
}

/// The CPU that `tracee` last ran on (proc_pid_stat(5), field 39).
fn cpu_of(tracee: Pid) -> Option<usize> {
    let stat = fs::read_to_string(format!("/proc/{tracee}/stat")).ok()?;
    // The name, field 2, may hold blanks and brackets; nothing after its closing one does.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(36)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(place: &mut Place, nanoseconds: i64) {
        place.resumed(1000);
        place.stopped(1000 + nanoseconds);
    }

    #[test]
    fn a_tracee_that_runs_long_is_not_held() {
        let mut place = Place::default();
        for _ in 0..20 {
            run(&mut place, 1_000);
        }
        assert!(place.runs < BUSY / 8);
        for _ in 0..4 {
            run(&mut place, 50_000_000);
        }
        assert!(place.runs > BUSY);
    }

    #[test]
    fn the_cpu_is_read_past_any_name() {
        let cpu = cpu_of(Pid::this()).expect("this process has a stat file");
        assert!(cpu < CpuSet::count());
    }

    #[test]
    fn what_is_held_is_given_back() {
        // A thread of its own, whose mask is nobody else's.
        std::thread::spawn(|| {
            let me = nix::unistd::gettid();
            let before = sched_getaffinity(me).expect("this thread has a mask");
            let affinity = Affinity::here();
            let all = sched_setaffinity(me, &before);
            all.expect("a thread may use what it could before");
            let mut place = Place { runs: 0, ..Place::default() };
            affinity.hold(me, &mut place);
            place.let_go_if_long(me, i64::MAX);
            place.resumed(0);
            place.let_go_if_long(me, 2 * LONG);
            assert!(place.held_from.is_none());
            assert_eq!(sched_getaffinity(me), Ok(before));
        })
        .join()
        .expect("the thread ends well");
    }
}
