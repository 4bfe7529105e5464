//! A replay several times over: `--repeat`, each run a process of its own.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::Run;
use super::table::time;

/// How often, and what comes before each run.
#[derive(Clone, Debug, Default)]
pub struct Repeat {
    /// Runs that count.
    pub runs: u32,
    /// Runs before them that don't.
    pub warmup: u32,
    /// A shell command that puts things back before each run.
    pub setup: Option<OsString>,
    /// Whether the kernel is to forget what it has of files before each run.
    pub drop_caches: bool,
}

/// Why the runs can't go on.
#[derive(Debug, thiserror::Error)]
pub enum RepeatError {
    /// The command before a run.
    #[error("--setup: the command failed: {0}")]
    Setup(String),
    /// The caches.
    #[error("--drop-caches: /proc/sys/vm/drop_caches: {0}; that takes root")]
    Caches(io::Error),
    /// A run.
    #[error("run {number} failed: {error}")]
    Run {
        /// Which.
        number: u32,
        /// Why.
        error: String,
    },
}

/// What came of several runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Runs {
    /// How long they took, in seconds.
    pub seconds: Spread,
    /// Each.
    pub runs: Vec<Run>,
}

impl Runs {
    /// Whether one of them diverged.
    pub fn diverged(&self) -> bool {
        self.runs.iter().any(|run| run.diverged > 0)
    }

    /// The one that took the middle time.
    pub fn middle(&self) -> &Run {
        let mut runs: Vec<_> = self.runs.iter().collect();
        runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        runs[runs.len() / 2]
    }
}

/// Several measurements of one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "statistics have names")]
pub struct Spread {
    pub count: usize,
    pub mean: f64,
    /// Of a sample.
    pub standard_deviation: f64,
    /// Half the width of the interval that has the true mean in it with a probability of 95 %.
    pub confidence: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// That of `values`; there is at least one.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { 0.0 };
        Self {
            count,
            mean,
            standard_deviation: deviation,
            confidence: if count > 1 {
                t95(count - 1) * deviation / (count as f64).sqrt()
            } else {
                0.0
            },
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// Two-sided 95 % quantile of Student's t distribution.
fn t95(degrees: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045, 2.042,
    ];
    // Beyond the table the quantile falls to 1.96, about as 1/n.
    TABLE.get(degrees - 1).copied().unwrap_or(1.96 + 2.5 / degrees as f64)
}

impl Repeat {
    /// Runs the replayer with `words`, which print one run as JSON, as often as asked; `say` is told of each.
    ///
    /// # Errors
    /// Why the runs can't go on.
    pub fn run(&self, words: &[OsString], say: impl Fn(&str)) -> Result<Runs, RepeatError> {
        let mut runs = Vec::new();
        for number in 0..self.warmup + self.runs {
            self.before()?;
            let run = self.once(number + 1, words)?;
            let is_warmup = number < self.warmup;
            let which = if is_warmup { "warm-up" } else { "run" };
            let index = if is_warmup { number } else { number - self.warmup } + 1;
            let verdict = if run.diverged == 0 { "faithful" } else { "diverged" };
            say(&format!("{which} {index}: {verdict}, {}", time(run.seconds * 1e9)));
            if !is_warmup {
                runs.push(run);
            }
        }
        let seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
        Ok(Runs { seconds: Spread::of(&seconds), runs })
    }

    fn before(&self) -> Result<(), RepeatError> {
        if let Some(setup) = &self.setup {
            let status = Command::new("sh").arg("-c").arg(setup).stdin(Stdio::null()).status();
            match status {
                Ok(status) if status.success() => {}
                Ok(status) => return Err(RepeatError::Setup(status.to_string())),
                Err(error) => return Err(RepeatError::Setup(error.to_string())),
            }
        }
        if self.drop_caches {
            // Only what is on disk can be forgotten.
            nix::unistd::sync();
            let file = File::options().write(true).open("/proc/sys/vm/drop_caches");
            file.and_then(|mut file| file.write_all(b"3\n")).map_err(RepeatError::Caches)?;
        }
        Ok(())
    }

    fn once(&self, number: u32, words: &[OsString]) -> Result<Run, RepeatError> {
        let failed = |error: String| RepeatError::Run { number, error };
        let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
        let output = Command::new(program).args(words).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| failed(error.to_string()))?;
        match output.status.code() {
            Some(0 | 1) => {}
            _ => return Err(failed(output.status.to_string())),
        }
        serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_narrows_with_more_runs() {
        let spread = Spread::of(&[1.0, 2.0, 3.0]);
        assert_eq!((spread.mean, spread.standard_deviation), (2.0, 1.0));
        assert!((spread.confidence - 4.303 / 3f64.sqrt()).abs() < 1e-9);
        let many: Vec<f64> = (0..30).map(|n| f64::from(n % 3) + 1.0).collect();
        assert!(Spread::of(&many).confidence < 0.4);
        assert_eq!(
            Spread::of(&[5.0]),
            Spread { count: 1, mean: 5.0, min: 5.0, max: 5.0, ..Spread::default() }
        );
    }
}
