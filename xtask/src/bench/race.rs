//! Contenders that run by turns, and what comes of it.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::Result;

/// Something that is timed.
pub struct Contender<'c> {
    name: String,
    command: Box<dyn Fn() -> Command + 'c>,
    before: Box<dyn Fn() + 'c>,
}

impl<'c> Contender<'c> {
    /// Runs what `command` makes.
    pub fn new(name: &str, command: impl Fn() -> Command + 'c) -> Self {
        Self { name: name.to_owned(), command: Box::new(command), before: Box::new(|| {}) }
    }

    /// Does `before` each time, outside of what is timed.
    pub fn after(self, before: impl Fn() + 'c) -> Self {
        Self { before: Box::new(before), ..self }
    }

    fn run(&self) -> Result<Times> {
        (self.before)();
        let mut command = (self.command)();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let (start, used) = (Instant::now(), processor_time()?);
        let output = command.output().map_err(|error| format!("{}: {error}", self.name))?;
        let times = Times { wall: start.elapsed(), processor: processor_time()? - used };
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: {}\n{errors}", self.name, output.status));
        }
        Ok(times)
    }
}

/// How long something took.
#[derive(Clone, Copy)]
struct Times {
    wall: Duration,
    /// Of all its processes and threads; the same whoever else uses the machine.
    processor: Duration,
}

impl Times {
    const MAX: Self = Self { wall: Duration::MAX, processor: Duration::MAX };

    fn min(self, other: Self) -> Self {
        let (wall, processor) = (self.wall.min(other.wall), self.processor.min(other.processor));
        Self { wall, processor }
    }
}

/// The processor time of all children that have ended.
fn processor_time() -> Result<Duration> {
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let duration = |time: nix::sys::time::TimeVal| {
        Duration::new(time.tv_sec().unsigned_abs(), time.tv_usec().unsigned_abs() as u32 * 1000)
    };
    Ok(duration(used.user_time()) + duration(used.system_time()))
}

/// What a race came to. The first contender is what the others are compared with.
pub struct Table {
    what: String,
    rows: Vec<(String, Times)>,
    goal: String,
    /// Bytes that each contender worked on.
    bytes: Option<u64>,
    notes: Vec<String>,
}

impl Table {
    /// With a column for the bytes a second, of so many.
    pub fn of_bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    /// Seconds that contender `number` took.
    pub fn seconds(&self, number: usize) -> f64 {
        self.rows[number].1.wall.as_secs_f64()
    }

    /// Adds a sentence below the table.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

/// Lets the contenders run by turns, `rounds` times; keeps the fastest time of each.
///
/// # Errors
/// One fails.
pub fn race(what: &str, goal: &str, rounds: usize, contenders: &[Contender<'_>]) -> Result<Table> {
    let mut fastest = vec![Times::MAX; contenders.len()];
    for _ in 0..rounds {
        for (contender, fastest) in contenders.iter().zip(&mut fastest) {
            *fastest = contender.run()?.min(*fastest);
        }
    }
    let names = contenders.iter().map(|contender| contender.name.clone());
    let rows = names.zip(fastest).collect();
    Ok(Table { what: what.to_owned(), goal: goal.to_owned(), rows, bytes: None, notes: Vec::new() })
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.what)?;
        let (head, line) = if self.bytes.is_some() { (" MB/s |", "---|") } else { ("", "") };
        writeln!(
            f,
            "| | seconds | × the first | CPU seconds | × the first |{head}\n|---|---|---|---|---|{line}"
        )?;
        let first = self.rows.first().map_or(Times::MAX, |(_, times)| *times);
        for (name, times) in &self.rows {
            write!(f, "| {name} |")?;
            for (time, first) in [(times.wall, first.wall), (times.processor, first.processor)] {
                let seconds = time.as_secs_f64();
                write!(f, " {seconds:.4} | {:.2} |", seconds / first.as_secs_f64())?;
            }
            if let Some(bytes) = self.bytes {
                write!(f, " {:.0} |", bytes as f64 / 1e6 / times.wall.as_secs_f64())?;
            }
            writeln!(f)?;
        }
        if !self.notes.is_empty() {
            writeln!(f, "\n{}.", self.notes.join("; "))?;
        }
        writeln!(f, "\nGoal: {}.", self.goal)
    }
}

/// The most memory that `command` ever has, in bytes.
///
/// # Errors
/// It can't be run, or fails.
pub fn peak_memory(command: &mut Command) -> Result<u64> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
        peak = peak.max(kibibytes.unwrap_or(0) << 10);
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(peak),
            Some(status) => return Err(format!("{command:?}: {status}")),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}
