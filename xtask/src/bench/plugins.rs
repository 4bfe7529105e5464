//! Plugins: what one costs for each record, what all of them weigh and take to load, and what looking
//! after a foreign one costs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::bench::Setting;
use crate::bench::race::{Contender, Table, race};
use crate::cargo::{cargo, run, target};

/// Records that a plugin gets.
const RECORDS: u32 = 50_000_000;

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(target().join("release/dispatch"));
    command.args(words);
    command
}

/// One call through the ABI.
pub fn dispatch(setting: &Setting) -> Result<Table> {
    run(&mut cargo(&["build", "--release", "-p", "idle"]))?;
    let plugin = target().join("release/libplugin_idle.so").display().to_string();
    let records = RECORDS.to_string();
    let contenders = [
        Contender::new("linked in", || program(&["direct", &records])),
        Contender::new("through the ABI", || program(&["plugin", &plugin, &records])),
    ];
    let what = "50,000,000 records of a plugin that reads three columns, asks for a descriptor, and \
                makes no call";
    let mut table = race(what, "at most 15 ns more for a record", setting.rounds, &contenders)?;
    let more = (table.seconds(1) - table.seconds(0)) / f64::from(RECORDS) * 1e9;
    table.note(format!("a record costs {more:.1} ns more through the ABI"));
    Ok(table)
}

/// All plugins of an installation.
pub fn load(setting: &Setting) -> Result<Table> {
    let folder = setting.dist.join("plugins");
    let (files, bytes) = weigh(&folder)?;
    let folder = folder.display().to_string();
    let contenders = [
        Contender::new("true", || Command::new("true")),
        Contender::new("their headers read", || program(&["headers", &folder])),
        Contender::new("all loaded", || program(&["load", &folder])),
    ];
    let goal = "loaded in under 0.040 s, under 15 MiB";
    let what = "All stock plugins, listed and loaded";
    let mut table = race(what, goal, 5 * setting.rounds, &contenders)?;
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    table.note(format!("{files} files, {mebibytes:.1} MiB together, as the disk has them"));
    Ok(table)
}

/// Files in `folder` and those beneath it, and the disk space that they take.
fn weigh(folder: &Path) -> Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (mut files, mut bytes) = (0, 0);
    for entry in entries {
        let entry = entry.map_err(|error| error.to_string())?;
        let metadata = entry.metadata().map_err(|error| error.to_string())?;
        if metadata.is_dir() {
            let (more, heavier) = weigh(&entry.path())?;
            (files, bytes) = (files + more, bytes + heavier);
        } else {
            (files, bytes) = (files + 1, bytes + 512 * metadata.blocks());
        }
    }
    Ok((files, bytes))
}

/// The same plugin as a stock one and as a foreign one, which is looked after.
pub fn guard(setting: &Setting) -> Result<Table> {
    run(&mut cargo(&["build", "--release", "-p", "plugin-pread64"]))?;
    let (trace, file) = (setting.path("guard.ds"), setting.path("file"));
    fs::write(&file, vec![b'x'; 64 << 20]).map_err(|error| error.to_string())?;
    let mut recorder = setting.program("recorder");
    recorder.arg("-X").arg(&trace).arg(setting.bare_loop()).args(["pread"]).arg(&file);
    run(recorder.arg("1000000"))?;
    let foreign = setting.path("foreign");
    run(Command::new("cp").arg("-r").arg(setting.dist.join("plugins")).arg(&foreign))?;
    let library = "libplugin_pread64.so";
    fs::copy(target().join("release").join(library), foreign.join(library))
        .map_err(|error| error.to_string())?;
    let replayer = |plugins: &Path| {
        let mut command = setting.program("replayer");
        command.arg("--plugins").arg(plugins).arg(&trace);
        command
    };
    let contenders = [
        Contender::new("a stock plugin", || replayer(&setting.dist.join("plugins"))),
        Contender::new("a foreign plugin", || replayer(&foreign)),
    ];
    let what = "1,000,000 pread of 4 KiB, replayed by the same plugin";
    let mut table =
        race(what, "less than a microsecond more for a record", setting.rounds, &contenders)?;
    let more = (table.seconds(1) - table.seconds(0)) * 1e3;
    table.note(format!("looking after a record costs {more:.0} ns"));
    Ok(table)
}
