//! Replaying, against a bare loop of the same calls.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::bench::race::{Contender, Table, peak_memory, race};
use crate::bench::{Setting, record};
use crate::cargo::run;

/// Calls of a loop.
const CALLS: &str = "1000000";

/// Records `bare-loop WHAT PATH COUNT`.
fn record(setting: &Setting, what: &str, path: &Path, count: &str) -> Result<PathBuf> {
    let trace = setting.path(&format!("{what}.ds"));
    let mut recorder = setting.program("recorder");
    // Of a burst some extents would be stored as they are, some not.
    recorder
        .args(["--codec", "lz4", "-X"])
        .arg(&trace)
        .arg(setting.bare_loop())
        .arg(what)
        .arg(path)
        .arg(count);
    run(&mut recorder)?;
    Ok(trace)
}

/// 64 MiB to read from, or to write over.
fn file(setting: &Setting) -> Result<PathBuf> {
    let file = setting.path("file");
    fs::write(&file, vec![b'x'; 64 << 20]).map_err(|error| error.to_string())?;
    Ok(file)
}

fn replayer<'s>(
    setting: &'s Setting,
    trace: &'s Path,
    words: &'static [&'static str],
) -> impl Fn() -> Command + 's {
    move || {
        let mut command = setting.program("replayer");
        command.args(words).arg(trace);
        command
    }
}

/// A replay of `bare-loop CALL PATH COUNT` against the bare loops that are named, of which the first is what the others
/// are compared with.
fn contest(
    setting: &Setting,
    call: &str,
    path: &Path,
    count: &str,
    what: &str,
    bare_loops: &[(&str, &'static str)],
) -> Result<Table> {
    let trace = record(setting, call, path, count)?;
    let bare_loop = |call: &'static str| {
        move || {
            let mut command = Command::new(setting.bare_loop());
            command.arg(call).arg(path).arg(count);
            command
        }
    };
    let mut contenders: Vec<_> =
        bare_loops.iter().map(|(name, call)| Contender::new(name, bare_loop(call))).collect();
    contenders.push(Contender::new("replayer", replayer(setting, &trace, &[])));
    contenders.push(Contender::new("replayer --verify", replayer(setting, &trace, &["--verify"])));
    let goal = "at most 1.15 of the bare loop; with --verify 1.6";
    let mut table = race(what, goal, setting.rounds, &contenders)?;
    let results = results(setting, &trace, &[])?;
    table.note(format!(
        "the trace was waited for {} times, {:.3} s in all at the most",
        results["stalls"],
        results["stalled_seconds"].as_f64().unwrap_or_default()
    ));
    Ok(table)
}

/// What a replay tells programs of itself.
fn results(setting: &Setting, trace: &Path, words: &[&str]) -> Result<serde_json::Value> {
    let mut command = setting.program("replayer");
    let output = command.args(words).arg("--json").arg(trace).output();
    let output = output.map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// A million reads of 4 KiB.
pub fn pread(setting: &Setting) -> Result<Table> {
    let what = "1,000,000 pread of 4 KiB, file in memory";
    contest(setting, "pread", &file(setting)?, CALLS, what, &[("bare loop", "pread")])
}

/// A million writes of 4 KiB. A trace has a million blocks, which no processor's cache keeps: neither do the blocks of the
/// bare loop that counts.
pub fn write(setting: &Setting) -> Result<Table> {
    let what = "1,000,000 pwrite of 4 KiB, file in memory";
    let bare_loops =
        [("bare loop, its data in memory", "write-memory"), ("bare loop, of one block", "write")];
    contest(setting, "write", &file(setting)?, CALLS, what, &bare_loops)
}

/// What find(1) does, without what it does beside calls.
pub fn find(setting: &Setting) -> Result<Table> {
    let what =
        "25 times through 400 folders with 100 files each, and a look at each: 1,030,000 calls";
    contest(setting, "find", &record::tree(setting)?, "25", what, &[("bare loop", "find")])
}

/// As many reads by one thread, and by two that have nothing to do with each other.
pub fn threads(setting: &Setting) -> Result<Table> {
    let file = file(setting)?;
    let one = record(setting, "pread", &file, "1000000")?;
    let two = record(setting, "preads", &file, "500000")?;
    let bare_loop = |call: &'static str, count: &'static str| {
        let file = &file;
        move || {
            let mut command = Command::new(setting.bare_loop());
            command.arg(call).arg(file).arg(count);
            command
        }
    };
    let contenders = [
        Contender::new("one thread", replayer(setting, &one, &["--order", "resource"])),
        Contender::new("two, strict", replayer(setting, &two, &["--order", "strict"])),
        Contender::new("two, causal", replayer(setting, &two, &["--order", "causal"])),
        Contender::new("two, resource", replayer(setting, &two, &["--order", "resource"])),
        Contender::new("two, free", replayer(setting, &two, &["--order", "free"])),
        Contender::new("bare loop, one thread", bare_loop("pread", "1000000")),
        Contender::new("bare loop, two", bare_loop("preads", "500000")),
    ];
    let what = "1,000,000 pread of 4 KiB by one thread, and 500,000 each by two, on two CPUs";
    race(
        what,
        "resource and free at most 0.56 of one thread, which is 1.8 times as fast",
        setting.rounds,
        &contenders,
    )
}

/// How well the recorded times are kept.
pub fn pace(setting: &Setting) -> Result<Table> {
    let file = file(setting)?;
    let paced = record(setting, "paced", &file, "5900")?;
    let relay = record(setting, "relay", &file, "10000")?;
    let contenders = [
        Contender::new("true", || Command::new("true")),
        Contender::new(
            "two threads in turn, --speed 1",
            replayer(setting, &relay, &["--speed", "1"]),
        ),
        Contender::new(
            "a thread that sleeps, --speed 1",
            replayer(setting, &paced, &["--speed", "1"]),
        ),
    ];
    let goal = "the elapsed time within 1 % of the recorded one for a thread, within 5 % for two";
    let mut table = race(
        "A minute of reads and sleeps; two threads that write by turns",
        goal,
        1,
        &contenders,
    )?;
    for (name, trace) in [("a thread that sleeps", &paced), ("two threads in turn", &relay)] {
        for pace in ["think", "schedule"] {
            let timing = &results(setting, trace, &["--speed", "1", "--pace", pace])?["timing"];
            let number = |key: &str| timing[key].as_f64().unwrap_or(f64::NAN);
            table.note(format!(
                "{name}, --pace {pace}: {:.3} s were recorded, the replay differs by {:+.2} %; calls late by {:.1} µs on \
                 average, {:.1} at the median, {:.1} at p99",
                number("recorded_seconds"),
                100.0 * number("elapsed_error"),
                number("late_mean") / 1e3,
                number("late_p50") / 1e3,
                number("late_p99") / 1e3,
            ));
        }
    }
    Ok(table)
}

/// A trace with far more data than there is memory.
pub fn large(setting: &Setting) -> Result<Table> {
    let trace = setting.path("large.ds");
    let mut recorder = setting.program("recorder");
    recorder.arg("-X").arg(&trace).arg("dd");
    run(recorder.args(["if=/dev/zero", "of=/dev/null", "bs=1M", "count=10240", "status=none"]))?;
    let contenders = [
        Contender::new("replayer", replayer(setting, &trace, &[])),
        Contender::new("replayer --verify", replayer(setting, &trace, &["--verify"])),
    ];
    let what = "10 GiB of zeroes, read and written by dd in blocks of 1 MiB";
    let mut table = race(what, "under 256 MiB of memory", 1, &contenders)?;
    for words in [&[][..], &["--verify"]] {
        let mut command = setting.program("replayer");
        command.args(words).arg("--quiet").arg(&trace);
        let peak = peak_memory(&mut command)? >> 20;
        table.note(format!("replayer {}: peak memory {peak} MiB", words.join(" ")));
    }
    Ok(table)
}

/// A trace of next to nothing, with all plugins in the folder.
pub fn start_up(setting: &Setting) -> Result<Table> {
    let trace = setting.path("true.ds");
    run(setting.program("recorder").arg("-X").arg(&trace).arg("true"))?;
    let replayer = || {
        let mut command = setting.program("replayer");
        command.arg(&trace);
        command
    };
    let contenders = [
        Contender::new("true", || Command::new("true")),
        Contender::new("replayer true.ds", replayer),
    ];
    race(
        "A trace of `true`, all plugins in the folder",
        "under 0.060 s",
        5 * setting.rounds,
        &contenders,
    )
}
