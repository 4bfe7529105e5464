//! Keeps a busily calling program on its tracer's CPU.
//!
//! A stop is two switches between program and tracer. On one CPU that costs a few microseconds; where
//! the kernel wakes the other side on an idle CPU, ten times as much, and it prefers an idle CPU. So
//! the tracer stays on one CPU, and a tracee that stops often is held to it at the moment it is woken:
//! its mask is narrowed for the wake-up and given back at once, before the program can look at it. A
//! tracee that computes for long between calls is left alone, so that programs still use all CPUs.

use std::fs;

use nix::sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;

/// A tracee that runs for less than this between its calls is held, in nanoseconds.
const BUSY: i64 = 200_000;

/// How often the tracer looks whether the kernel moved its tracee, in nanoseconds.
const FOLLOW_EVERY: i64 = 20_000_000;

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
    /// The CPUs that the tracee may use, if that is known.
    mask: Option<CpuSet>,
    /// How long it runs between calls, averaged over the last few, in nanoseconds.
    runs: i64,
}

impl Default for Place {
    fn default() -> Self {
        Self { mask: None, runs: BUSY }
    }
}

impl Place {
    /// The tracee ran for `nanoseconds` since it was last stopped.
    pub fn ran(&mut self, nanoseconds: i64) {
        self.runs += (nanoseconds.min(8 * BUSY) - self.runs) / 8;
    }

    /// The tracee makes a call that may change its mask.
    pub fn unknown(&mut self) {
        self.mask = None;
    }
}

impl Affinity {
    /// Holds this thread to the CPU it is on.
    pub fn here() -> Self {
        Self { here: Here::new(), follow_at: 0 }
    }

    /// Runs `resume`, which wakes the tracee, with the tracee held to this CPU if that helps.
    pub fn wake<T>(&self, tracee: Pid, place: &mut Place, resume: impl FnOnce() -> T) -> T {
        let Some(here) = self.here.as_ref().filter(|_| place.runs < BUSY) else {
            return resume();
        };
        if place.mask.is_none() {
            place.mask = sched_getaffinity(tracee).ok();
        }
        let Some(mask) = place.mask.filter(|mask| mask.is_set(here.cpu) == Ok(true)) else {
            return resume();
        };
        let held = sched_setaffinity(tracee, &here.only).is_ok();
        let resumed = resume();
        if held {
            // It may be dead by now; then there is nothing to give back.
            let _ = sched_setaffinity(tracee, &mask);
        }
        resumed
    }

    /// Goes after a tracee that the kernel moved away, now and then; `now` in nanoseconds.
    pub fn follow(&mut self, tracee: Pid, now: i64) {
        if now < self.follow_at {
            return;
        }
        self.follow_at = now + FOLLOW_EVERY;
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

    #[test]
    fn a_tracee_that_runs_long_is_not_held() {
        let mut place = Place::default();
        for _ in 0..20 {
            place.ran(1_000);
        }
        assert!(place.runs < BUSY / 8);
        for _ in 0..4 {
            place.ran(50_000_000);
        }
        assert!(place.runs > BUSY);
    }

    #[test]
    fn the_cpu_is_read_past_any_name() {
        let cpu = cpu_of(Pid::this()).expect("this process has a stat file");
        assert!(cpu < CpuSet::count());
    }
}
