//! Converting strace's output.

use std::fs;
use std::process::Command;

use crate::Result;
use crate::bench::Setting;
use crate::bench::race::{Contender, Table, peak_memory, race};
use crate::cargo::run;

/// The log of a find over 40,000 files, made as for a replay.
pub fn find(setting: &Setting) -> Result<Table> {
    let tree = setting.path("converted-tree");
    for folder in 0..400 {
        let folder = tree.join(format!("folder-{folder}"));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for file in 0..100 {
            fs::write(folder.join(format!("file-{file}")), "")
                .map_err(|error| error.to_string())?;
        }
    }
    let log = setting.path("find.log");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-ttt", "-T", "-v", "-s", "1000000", "-o"]).arg(&log);
    strace.arg("find").arg(&tree).args(["-size", "+1"]);
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
    let what = format!("{} MB of log, `find -size +1` over 40,000 files", size / 1_000_000);
    let goal = "100 MB/s of log on one core, in bounded memory";
    let mut table = race(&what, goal, setting.rounds, &contenders)?.of_bytes(size);
    let peak = peak_memory(&mut converts())?;
    table.note(format!("strace2ds has {} MiB of memory at most", peak >> 20));
    Ok(table)
}
