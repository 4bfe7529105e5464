//! Contenders that run by turns, and what comes of it.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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

    fn run(&self) -> Result<Duration> {
        (self.before)();
        let mut command = (self.command)();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let start = Instant::now();
        let output = command.output().map_err(|error| format!("{}: {error}", self.name))?;
        let time = start.elapsed();
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: {}\n{errors}", self.name, output.status));
        }
        Ok(time)
    }
}

/// What a race came to. The first contender is what the others are compared with.
pub struct Table {
    what: String,
    rows: Vec<(String, Duration)>,
    goal: String,
}

/// Lets the contenders run by turns, `rounds` times; keeps the fastest time of each.
///
/// # Errors
/// One fails.
pub fn race(what: &str, goal: &str, rounds: usize, contenders: &[Contender<'_>]) -> Result<Table> {
    let mut fastest = vec![Duration::MAX; contenders.len()];
    for _ in 0..rounds {
        for (contender, fastest) in contenders.iter().zip(&mut fastest) {
            *fastest = contender.run()?.min(*fastest);
        }
    }
    let names = contenders.iter().map(|contender| contender.name.clone());
    Ok(Table { what: what.to_owned(), goal: goal.to_owned(), rows: names.zip(fastest).collect() })
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.what)?;
        writeln!(f, "| | seconds | × the first |\n|---|---|---|")?;
        let first = self.rows.first().map_or(1.0, |(_, time)| time.as_secs_f64());
        for (name, time) in &self.rows {
            let seconds = time.as_secs_f64();
            writeln!(f, "| {name} | {seconds:.4} | {:.2} |", seconds / first)?;
        }
        writeln!(f, "\nGoal: {}.", self.goal)
    }
}
