//! Two results side by side: `replayer compare a.json b.json`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Parser;

use super::repeat::{Runs, Spread};
use super::table::{self, name, time};
use super::{Key, Run};

/// Compare the results of two replays, as --json prints them.
///
/// With --repeat the difference counts only where the intervals of confidence are apart. Exit status: 0, or 2 if
/// the results can't be read.
#[derive(Debug, Parser)]
#[command(name = "replayer compare", bin_name = "replayer compare", max_term_width = 100)]
pub struct Arguments {
    /// The results that the others are measured by
    #[arg(value_name = "BEFORE.json")]
    before: PathBuf,
    /// The other results
    #[arg(value_name = "AFTER.json")]
    after: PathBuf,
    /// Print one object of JSON
    #[arg(long)]
    json: bool,
}

/// Why results can't be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A file.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// Standard output.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

/// The same group of calls, or the whole, before and after.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Difference {
    /// What the calls have in common.
    pub name: String,
    /// Mean times in nanoseconds: of a call, or of the whole replay.
    pub before: Spread,
    /// The same.
    pub after: Spread,
    /// After as a multiple of before.
    pub ratio: f64,
    /// Whether the intervals of confidence are apart; none if there was one run each.
    pub is_significant: Option<bool>,
}

impl Difference {
    fn new(name: String, before: &[f64], after: &[f64]) -> Self {
        let (before, after) = (Spread::of(before), Spread::of(after));
        let is_measured = before.count > 1 && after.count > 1;
        let apart = (after.mean - before.mean).abs() > before.confidence + after.confidence;
        Self {
            name,
            before,
            after,
            ratio: if before.mean > 0.0 { after.mean / before.mean } else { f64::NAN },
            is_significant: is_measured.then_some(apart),
        }
    }
}

impl Arguments {
    /// Prints the comparison.
    ///
    /// # Errors
    /// The results can't be read, or the comparison not be written.
    pub fn run(&self) -> Result<(), CompareError> {
        let differences = differences(&read(&self.before)?, &read(&self.after)?);
        let mut out = io::stdout().lock();
        if self.json {
            let text = serde_json::to_string(&differences).map_err(io::Error::other)?;
            return Ok(writeln!(out, "{text}")?);
        }
        let head = ["", "before", "", "after", "", "ratio", ""];
        table::lay_out(head, differences.iter().map(row), &mut out)?;
        Ok(())
    }
}

fn row(difference: &Difference) -> [String; 7] {
    let Difference { name, before, after, ratio, is_significant } = difference;
    let spread = |spread: &Spread| match spread.count {
        0 | 1 => String::new(),
        _ => format!("± {}", time(spread.confidence)),
    };
    let word = match is_significant {
        Some(true) if *ratio < 1.0 => "faster",
        Some(true) => "slower",
        Some(false) => "no difference",
        None => "",
    };
    [
        name.clone(),
        time(before.mean),
        spread(before),
        time(after.mean),
        spread(after),
        if ratio.is_finite() { format!("{ratio:.3}") } else { String::new() },
        word.to_owned(),
    ]
}

/// One run, or several.
fn read(path: &Path) -> Result<Vec<Run>, CompareError> {
    let unreadable = |error: String| CompareError::Unreadable { path: path.to_owned(), error };
    let text = fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    if let Ok(Runs { runs, .. }) = serde_json::from_str(&text)
        && !runs.is_empty()
    {
        return Ok(runs);
    }
    let run: Run = serde_json::from_str(&text).map_err(|error| {
        unreadable(format!("these aren't results that `replayer --json` printed: {error}"))
    })?;
    Ok(vec![run])
}

fn differences(before: &[Run], after: &[Run]) -> Vec<Difference> {
    let whole = |runs: &[Run]| runs.iter().map(|run| run.seconds * 1e9).collect::<Vec<_>>();
    let mut differences =
        vec![Difference::new("whole replay".to_owned(), &whole(before), &whole(after))];
    let (of_before, of_after) = (by_key(before), by_key(after));
    let mut of_groups: Vec<(u64, Difference)> = Vec::new();
    for (key, (name, sum, means)) in of_before {
        if let Some((_, other, after)) = of_after.get(&key) {
            of_groups.push((sum.max(*other), Difference::new(name, &means, after)));
        }
    }
    of_groups.sort_by_key(|(sum, _)| std::cmp::Reverse(*sum));
    differences.extend(of_groups.into_iter().map(|(_, difference)| difference));
    differences
}

/// By group: its name, the most time that it took in a run, and the mean of a call in each run.
fn by_key(runs: &[Run]) -> BTreeMap<Key, (String, u64, Vec<f64>)> {
    let mut groups = BTreeMap::new();
    for line in runs.iter().flat_map(|run| &run.groups).filter(|line| line.made > 0) {
        let group = groups.entry(line.key.clone()).or_insert_with(|| (name(line), 0, Vec::new()));
        group.1 = line.replayed.sum.max(group.1);
        group.2.push(line.replayed.mean);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_apart_is_a_difference() {
        let apart = Difference::new(String::new(), &[1.0, 1.1, 0.9], &[2.0, 2.1, 1.9]);
        assert_eq!((apart.is_significant, apart.ratio.round()), (Some(true), 2.0));
        let same = Difference::new(String::new(), &[1.0, 1.1, 0.9], &[1.05, 1.0, 1.1]);
        assert_eq!(same.is_significant, Some(false));
        assert_eq!(Difference::new(String::new(), &[1.0], &[9.0]).is_significant, None);
    }
}
