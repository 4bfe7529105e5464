//! Converting strace's output.

use std::fs;
use std::process::Command;

use crate::Result;
use crate::bench::race::{Contender, Table, peak_memory, race};
use crate::bench::{Setting, record};
use crate::cargo::run;

/// The log of five finds over 40,000 files, made as for a replay.
pub fn find(setting: &Setting) -> Result<Table> {
    let tree = record::tree(setting)?;
    let log = setting.path("find.log");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-ttt", "-T", "-v", "-s", "1000000", "-o"]).arg(&log);
    // Several times, so that the start doesn't count for much.
    strace
        .args(["sh", "-c", "for i in 1 2 3 4 5; do find \"$0\" -size +1 > /dev/null; done"])
        .arg(&tree);
    run(&mut strace)?;
    let size = fs::metadata(&log).map_err(|error| error.to_string())?.len();
    let trace = setting.path("find.ds");
    let converts = || {
        let mut command = setting.program("strace2ds");
        command.arg("-o").arg(&trace).arg(&log);
        command
    };
    // All its threads on one core: what it costs, whoever pays.
    let converts_on_one_core = || {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(setting.program("strace2ds").get_program());
        command.arg("-o").arg(&trace).arg(&log);
        command
    };
    let counts = || {
        let mut command = Command::new("wc");
        command.arg(&log);
        command
    };
    let contenders = [
        Contender::new("wc", counts),
        Contender::new("strace2ds", converts),
        Contender::new("strace2ds, on one core", converts_on_one_core),
    ];
    let what =
        format!("{} MB of log, five times `find -size +1` over 40,000 files", size / 1_000_000);
    let goal = "100 MB/s of log on one core, in bounded memory";
    let mut table = race(&what, goal, setting.rounds, &contenders)?.of_bytes(size);
    let peak = peak_memory(&mut converts())?;
    table.note(format!("strace2ds has {} MiB of memory at most", peak >> 20));
    Ok(table)
}
