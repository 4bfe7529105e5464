//! The main job, shown: record a real program, replay it, look at what came of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::cargo::run;
use crate::dist;

/// Records and replays `cp -r` in a scratch folder.
///
/// # Errors
/// Something of it fails.
pub fn show() -> Result<()> {
    let dist = dist::lay_out()?;
    let scratch = dist.join("demo");
    let _ = fs::remove_dir_all(&scratch);
    let folder = scratch.join("work");
    make(&folder)?;
    let trace = scratch.join("cp.ds");

    say("record: recorder -X cp.ds cp -a letters copy");
    let mut recorder = Command::new(dist.join("bin/recorder"));
    recorder.arg("-v").arg("-X").arg(&trace).args(["cp", "-a", "letters", "copy"]);
    run(recorder.current_dir(&folder))?;
    let recorded = listing(&folder)?;

    say("start over: rm -r copy");
    fs::remove_dir_all(folder.join("copy")).map_err(|error| error.to_string())?;

    say("replay: replayer --plugins ./plugins --verify --abort cp.ds");
    let mut replayer = Command::new(dist.join("bin/replayer"));
    replayer.args(["--plugins", "./plugins", "--verify", "--abort"]).arg(&trace);
    run(replayer.current_dir(&dist))?;
    let replayed = listing(&folder)?;

    say("the tree after the replay");
    print!("{replayed}");
    if recorded != replayed {
        return Err(format!("the replayed tree isn't the recorded one, which was\n{recorded}"));
    }
    say("the same as after the recording");
    Ok(())
}

fn say(text: &str) {
    println!("\n── {text}");
}

/// A folder with something in it.
fn make(folder: &Path) -> Result<()> {
    let letters = folder.join("letters");
    let made = fs::create_dir_all(letters.join("greek"))
        .and_then(|()| fs::write(letters.join("a"), "a\n".repeat(40_000)))
        .and_then(|()| fs::write(letters.join("greek/alpha"), "α\n"))
        .and_then(|()| std::os::unix::fs::symlink("greek/alpha", letters.join("first")));
    made.map_err(|error| format!("{}: {error}", folder.display()))
}

/// What is in `folder`: type, mode, size, link target, checksum.
fn listing(folder: &Path) -> Result<String> {
    let script =
        "find . -printf '%y %m %s %p %l\\n' | sort -k4; find . -type f | sort | xargs cksum";
    crate::cargo::output(Command::new("sh").args(["-c", script]).current_dir(folder))
}
