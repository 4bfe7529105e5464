//! Results for programs: one object a run. The fields' names and meanings stay as they are within a version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Group, Key, Stats, Times};
use crate::replay::Timing;
use crate::report::Summary;
use crate::tolerate::Rule;

/// Version of the object: raised when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// One run of a replay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// [`VERSION`].
    pub version: u32,
    /// The trace's files, as they were given.
    pub trace: Vec<String>,
    /// How it was replayed, in the words of the command line.
    pub order: String,
    /// See `--speed`.
    pub speed: String,
    /// Whether data was compared.
    pub verified: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How often the replay waited for the trace to be read, not counting the beginning.
    #[serde(default)]
    pub stalls: u64,
    /// For how long in all, in seconds at the most.
    #[serde(default)]
    pub stalled_seconds: f64,
    /// How well the recorded times were kept, if they were to be.
    #[serde(default)]
    pub timing: Option<Kept>,
    /// Tasks.
    pub tasks: u64,
    /// Calls.
    pub calls: u64,
    /// Those that were made.
    pub made: u64,
    /// Those that diverged.
    pub diverged: u64,
    /// Those whose divergence a rule explains, by rule; see `--tolerate`.
    #[serde(default)]
    pub tolerated: BTreeMap<String, u64>,
    /// Whether it ended before the trace did.
    pub is_stopped: bool,
    /// The groups of calls, those first that took the most time.
    pub groups: Vec<Line>,
}

/// How well a replay kept the recorded times.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// How long the trace took at the replay's speed, in seconds.
    pub recorded_seconds: f64,
    /// How much longer the replay took, as a part of that.
    pub elapsed_error: f64,
    /// How late calls were made, in nanoseconds: on average.
    pub late_mean: f64,
    /// At the median.
    pub late_p50: u64,
    /// At the 99th percentile.
    pub late_p99: u64,
    /// At most.
    pub late_max: u64,
}

impl From<&Timing> for Kept {
    fn from(timing: &Timing) -> Self {
        Self {
            recorded_seconds: timing.recorded.as_secs_f64(),
            elapsed_error: timing.elapsed_error(),
            late_mean: timing.lateness.mean(),
            late_p50: timing.lateness.value_at_quantile(0.5),
            late_p99: timing.lateness.value_at_quantile(0.99),
            late_max: timing.lateness.max(),
        }
    }
}

/// A group of calls.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// What they have in common.
    #[serde(flatten)]
    pub key: Key,
    /// Calls.
    pub calls: u64,
    /// Those that were made.
    pub made: u64,
    /// Those that failed when they were recorded.
    pub recorded_errors: u64,
    /// Those that were made and failed.
    pub replayed_errors: u64,
    /// Those that diverged.
    pub diverged: u64,
    /// Bytes that those moved which were made.
    pub bytes: u64,
    /// How long those that were made took when they were recorded.
    pub recorded: Latencies,
    /// How long they took this time.
    pub replayed: Latencies,
}

/// How long calls took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "quantiles are called by their names")]
pub struct Latencies {
    /// All together.
    pub sum: u64,
    /// On average.
    pub mean: f64,
    pub min: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

impl From<&Times> for Latencies {
    fn from(times: &Times) -> Self {
        let each = &times.each;
        if each.is_empty() {
            return Self::default();
        }
        let quantile = |quantile| each.value_at_quantile(quantile);
        Self {
            sum: times.sum,
            mean: times.sum as f64 / each.len() as f64,
            min: each.min(),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: each.max(),
        }
    }
}

impl Line {
    fn new(key: Key, group: &Group) -> Self {
        Self {
            key,
            calls: group.calls,
            made: group.made,
            recorded_errors: group.recorded_errors,
            replayed_errors: group.replayed_errors,
            diverged: group.diverged,
            bytes: group.bytes,
            recorded: (&group.recorded).into(),
            replayed: (&group.replayed).into(),
        }
    }
}

impl Stats {
    /// The groups, for people and programs.
    pub fn lines(&self) -> Vec<Line> {
        self.groups().into_iter().map(|(key, group)| Line::new(key, group)).collect()
    }
}

impl Run {
    /// The run that `summary` sums up.
    pub fn new(
        trace: Vec<String>,
        order: String,
        speed: String,
        verified: bool,
        summary: &Summary,
    ) -> Self {
        let count = |of: fn(&crate::report::Tally) -> u64| summary.calls.values().map(of).sum();
        Self {
            version: VERSION,
            trace,
            order,
            speed,
            verified,
            seconds: summary.duration.as_secs_f64(),
            stalls: summary.stalls.count,
            stalled_seconds: summary.stalls.time.as_secs_f64(),
            timing: summary.timing.as_ref().map(Kept::from),
            tasks: summary.tasks,
            calls: count(crate::report::Tally::calls),
            made: count(|tally| tally.made),
            diverged: summary.diverged(),
            tolerated: Rule::ALL
                .into_iter()
                .map(|rule| (rule.to_string(), summary.tolerated(rule)))
                .filter(|(_, count)| *count > 0)
                .collect(),
            is_stopped: summary.is_stopped,
            groups: summary.stats.as_ref().map_or_else(Vec::new, Stats::lines),
        }
    }
}
