//! Replaying, against a bare loop of the same calls.

use std::fs;
use std::process::Command;

use crate::Result;
use crate::bench::Setting;
use crate::bench::race::{Contender, Table, race};
use crate::cargo::run;

/// Calls of a loop.
const CALLS: &str = "1000000";

fn contest(setting: &Setting, call: &str, what: &str) -> Result<Table> {
    let (trace, file) = (setting.path("loop.ds"), setting.path("file"));
    fs::write(&file, vec![b'x'; 64 << 20]).map_err(|error| error.to_string())?;
    let bare_loop = || {
        let mut command = Command::new(setting.bare_loop());
        command.arg(call).arg(&file).arg(CALLS);
        command
    };
    let mut recorder = setting.program("recorder");
    recorder.arg("-X").arg(&trace).arg(setting.bare_loop()).arg(call).arg(&file).arg(CALLS);
    run(&mut recorder)?;
    let replayer = |words: &'static [&'static str]| {
        let trace = &trace;
        move || {
            let mut command = setting.program("replayer");
            command.args(words).arg(trace);
            command
        }
    };
    let contenders = [
        Contender::new("bare loop", bare_loop),
        Contender::new("replayer", replayer(&[])),
        Contender::new("replayer --verify", replayer(&["--verify"])),
    ];
    let goal = "at most 1.3 of the bare loop, aim at 1.1; with --verify 1.6";
    race(what, goal, setting.rounds, &contenders)
}

/// A million reads of 4 KiB.
pub fn pread(setting: &Setting) -> Result<Table> {
    contest(setting, "pread", "1,000,000 pread of 4 KiB, file in memory")
}

/// A million writes of 4 KiB.
pub fn write(setting: &Setting) -> Result<Table> {
    contest(setting, "write", "1,000,000 pwrite of 4 KiB, file in memory")
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
