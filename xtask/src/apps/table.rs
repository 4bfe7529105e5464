//! What came of the applications, as a page.

use std::fmt::Write;

use super::run::Outcome;

/// The page, for outcomes on `machine`.
pub fn text(outcomes: &[Outcome], machine: &str) -> String {
    let mut text = format!(
        "# Applications\n\n\
         Written by `cargo xtask apps --write`. Each application is recorded with `--snapshot full`, its files are \
         prepared in a fresh root from the trace alone, and the trace is replayed there with `--verify`, which is what \
         the table tells of; then again without, and those that CI has in the orders `causal` and `resource`, as \
         faithfully. *Recorded* and *replayed* are times against the application by itself, in one run each; only \
         ratios mean something elsewhere, and those of short runs little.\n\n\
         Machine: {machine}.\n\n\
         | rung | application | calls | made again | trace | alone | recorded | replayed | divergences | tolerated | tree |\n\
         |---|---|--:|--:|--:|--:|--:|--:|---|---|---|\n"
    );
    for outcome in outcomes {
        row(outcome, &mut text);
    }
    let limited: Vec<_> = outcomes.iter().filter(|one| !one.limits.is_empty()).collect();
    text.push_str(
        "\nWhat a replay reproduces of none: what a program has in memory and does there, its use of the processor, its \
         signals, what it says to a terminal, and what isn't a file's (`/proc`, devices, the network). Calls that aren't \
         made again are those on such things; `replayer` tells which and why. Local sockets are real; those of the network \
         are with `--net loopback`, and where an application says so it was replayed in that way too, with as few \
         divergences and to the same tree. Tolerated are divergences that a rule explains ([replay.md](replay.md)).\n",
    );
    if !limited.is_empty() {
        text.push_str("\nWhat else a replay doesn't reproduce:\n\n");
    }
    for outcome in limited {
        let _ = writeln!(text, "* {}: {}", outcome.name, outcome.limits.trim());
    }
    text
}

fn row(outcome: &Outcome, text: &mut String) {
    let Outcome { rung, name, told, .. } = outcome;
    if let Some(why) = &outcome.passed_over {
        let _ = writeln!(text, "| {rung} | {name} | not run: {why} |");
        return;
    }
    let alone = outcome.native.as_secs_f64();
    let recorded = outcome.recorded.as_secs_f64() / alone;
    let replayed = told.milliseconds as f64 / 1000.0 / alone;
    let made = percent(told.made, told.calls);
    let list = |causes: Vec<String>| match causes.as_slice() {
        [] => "none".to_owned(),
        causes => causes.join(", "),
    };
    let divergences = list(
        told.divergences.iter().map(|(cause, (count, _))| format!("{count} {cause}")).collect(),
    );
    let tolerated =
        list(told.tolerated.iter().map(|(rule, count)| format!("{count} {rule}")).collect());
    let differences = outcome.problems.iter().filter(|problem| problem.starts_with("tree: "));
    let tree = match differences.count() {
        0 if outcome.compared > 0 => format!("equal ({} names)", outcome.compared),
        0 => "not compared".to_owned(),
        count => format!("{count} names differ"),
    };
    let _ = writeln!(
        text,
        "| {rung} | {name} | {} | {made} | {} | {alone:.2} s | {recorded:.1}× | {replayed:.2}× | \
         {divergences} | {tolerated} | {tree} |",
        told.calls,
        size(outcome.bytes)
    );
}

fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "–".to_owned(),
        _ => format!("{:.0} %", 100.0 * part as f64 / whole as f64),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
