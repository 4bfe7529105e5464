//! Results as CSV: a line per group, times in nanoseconds.

use std::io::Write;

use super::{Latencies, Line};

const TIMES: [&str; 8] = ["sum", "mean", "min", "p50", "p90", "p99", "p999", "max"];

/// Writes the groups.
///
/// # Errors
/// The output's.
pub fn write(lines: &[Line], out: &mut impl Write) -> csv::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    let counts = ["calls", "made", "recorded_errors", "replayed_errors", "diverged", "bytes"];
    let mut head: Vec<String> = ["call", "process", "path"].map(str::to_owned).to_vec();
    head.extend(counts.map(str::to_owned));
    for which in ["recorded", "replayed"] {
        head.extend(TIMES.map(|time| format!("{which}_{time}")));
    }
    out.write_record(&head)?;
    for line in lines {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let process = line.key.process.map_or_else(String::new, |process| process.to_string());
        let mut row = vec![text(&line.key.call), process, text(&line.key.path)];
        let counts = [
            line.calls,
            line.made,
            line.recorded_errors,
            line.replayed_errors,
            line.diverged,
            line.bytes,
        ];
        row.extend(counts.map(|count| count.to_string()));
        row.extend(times(&line.recorded));
        row.extend(times(&line.replayed));
        out.write_record(&row)?;
    }
    out.flush()?;
    Ok(())
}

fn times(times: &Latencies) -> [String; 8] {
    let Latencies { sum, mean, min, p50, p90, p99, p999, max } = *times;
    let whole = |number: u64| number.to_string();
    [
        whole(sum),
        format!("{mean:.1}"),
        whole(min),
        whole(p50),
        whole(p90),
        whole(p99),
        whole(p999),
        whole(max),
    ]
}
