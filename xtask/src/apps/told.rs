//! What the replayer's log tells.

use std::collections::BTreeMap;

/// What a replay came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Calls in the trace.
    pub calls: u64,
    /// Calls that were made again.
    pub made: u64,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Divergences by call and column, with one of them in full.
    pub divergences: BTreeMap<String, (u64, String)>,
    /// Divergences that a rule covers, by rule.
    pub tolerated: BTreeMap<String, u64>,
}

impl Told {
    /// What `log` says.
    pub fn read(log: &str) -> Self {
        let mut told = Self::default();
        for line in log.lines() {
            let line = line.strip_prefix("replayer: ").unwrap_or(line);
            if let Some(divergence) = line.strip_prefix("record ") {
                for cause in causes(divergence) {
                    told.divergences.entry(cause).or_insert_with(|| (0, line.to_owned())).0 += 1;
                }
            } else if line.contains(" calls made again, by ") {
                told.read_summary(line);
            } else if let Some(rest) = line.strip_prefix("  tolerated, ") {
                let (rule, which) = rest.split_once(": ").unwrap_or((rest, ""));
                let counts =
                    which.split(", ").filter_map(|one| one.split(' ').next()?.parse::<u64>().ok());
                *told.tolerated.entry(rule.to_owned()).or_default() += counts.sum::<u64>();
            }
        }
        told
    }

    /// `faithful; 7 of 9 calls made again, by 1 task in 0.123 s`
    fn read_summary(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("; ") else { return };
        let words: Vec<_> = counts.split(' ').collect();
        if let [made, "of", calls, ..] = words.as_slice() {
            (self.made, self.calls) = (made.parse().unwrap_or(0), calls.parse().unwrap_or(0));
        }
        let seconds = words.iter().rev().nth(1).and_then(|seconds| seconds.parse::<f64>().ok());
        self.milliseconds = (seconds.unwrap_or(0.0) * 1000.0) as u64;
    }
}

/// The causes in `4711: call(arguments) = 0: column: expected this, got that; other: expected …`.
fn causes(divergence: &str) -> Vec<String> {
    let Some((_, call)) = divergence.split_once(": ") else { return Vec::new() };
    let name = call.split('(').next().unwrap_or(call);
    let before: Vec<_> = call.split(": expected ").collect();
    let columns = before[..before.len() - 1].iter();
    let columns = columns.filter_map(|text| text.rsplit([' ', ':']).find(|word| !word.is_empty()));
    columns.map(|column| format!("{name}: {column}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read() {
        let log = "replayer: first read, record 3\n\
                   replayer: record 5: fstat(descriptor=3</a: b>) = 0: stat_result_size: expected 2, got 6\n\
                   replayer: record 9: read(descriptor=3) = 2: return_value: expected 2, got 6\n\
                   replayer: diverged: 2 calls; 146 of 213 calls made again, by 1 task in 0.250 s\n\
                   replayer:   not made, no memory is mapped: 3 brk\n\
                   replayer:   tolerated, links: 4 fstat, 2 stat\n";
        let told = Told::read(log);
        assert_eq!((told.made, told.calls, told.milliseconds), (146, 213, 250));
        let causes: Vec<_> = told.divergences.keys().map(String::as_str).collect();
        assert_eq!(causes, ["fstat: stat_result_size", "read: return_value"]);
        assert_eq!(told.tolerated["links"], 6);
    }
}
