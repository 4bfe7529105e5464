//! The commands of the reference traces, recorded once more.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::tasks;
use crate::built::{plugins, program};
use crate::tool::trace;
use crate::trace::Trace;

const WHOLE: &str = "the reference traces are whole, and there is a scratch folder";

/// The words of a command as the shell would take them: a backslash goes before what isn't to end one.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = line.trim_end_matches(['\n', ' ']).chars();
    while let Some(character) = characters.next() {
        let word = words.last_mut().expect("there is one");
        match character {
            '\\' => word.extend(characters.next()),
            ' ' => words.push(String::new()),
            _ => word.push(character),
        }
    }
    words
}

/// The folder that the original recorded `name` in.
pub fn folder_there(name: &str) -> String {
    format!("/srv/w/{name}")
}

/// The descriptors that the original's programs began with, and that say nothing of a file: its own recorder left
/// them 6, and whoever started that one left it 10, as the shell of `ln` shows by taking 11.
const LEFT_OPEN: [i32; 2] = [6, 10];

/// Leaves this process, which is to run another program, the descriptors that the original's programs had; whatever
/// it was started with.
fn leave_open() -> std::io::Result<()> {
    // SAFETY: numbers in; the process is the child that is about to run its program, and has no use for another
    // descriptor. They close when it does, so that a failure of that can still be told.
    let mut done =
        unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    for number in LEFT_OPEN {
        // SAFETY: as above.
        done = done.min(unsafe { libc::dup2(0, number) }.into());
    }
    if done < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

/// Records the command of trace `name` as the original did: in its folder, which is as deep; with its environment;
/// with its descriptors; with files to write to.
///
/// # Panics
/// If that can't be done.
pub fn recorded(name: &str, scratch: &Path, backend: &str) -> Trace {
    let folder = scratch.join(name);
    fs::create_dir(&folder).expect(WHOLE);
    let before = trace(&format!("{name}.pre.tar.xz"));
    let unpacked = Command::new("tar").arg("xJf").arg(before).current_dir(&folder).status();
    assert!(unpacked.expect(WHOLE).success(), "{name}: the folder's first state");
    let command = words(&fs::read_to_string(trace(&format!("{name}.cmd"))).expect(WHOLE));
    let file = scratch.join("trace.ds");
    // The environment's order is recorded too.
    let mut recorder = Command::new("env");
    recorder.args([
        "-i",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        &format!("HOME={}", folder_there(name)),
    ]);
    recorder.args(["LC_ALL=C", "GLIBCPP_FORCE_NEW=1", "GLIBCXX_FORCE_NEW=1"]);
    recorder.arg(program("recorder")).arg("--plugins").arg(plugins());
    recorder.args(["--backend", backend, "-X"]).arg(&file).arg("--").args(command);
    let [out, err] = ["out", "err"].map(|name| fs::File::create(scratch.join(name)).expect(WHOLE));
    recorder.current_dir(&folder).stdin(Stdio::null()).stdout(out).stderr(err);
    // SAFETY: between fork and exec it makes two system calls and touches no memory of anybody else.
    unsafe { recorder.pre_exec(leave_open) };
    let status = recorder.status().expect(WHOLE);
    // rmdir is asked for a folder that isn't there.
    let expected = if name == "rmdir" { Some(1) } else { Some(0) };
    let told = fs::read_to_string(scratch.join("err")).expect(WHOLE);
    assert_eq!(status.code(), expected, "{name}: {told}");
    Trace::open(&file)
}

/// Why the command of `theirs` makes other calls here; nothing if its libraries are the same, and so the system.
///
/// # Panics
/// If the reference traces aren't there.
pub fn other_system(name: &str, theirs: &Trace) -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        return Some("the original was run by root".to_owned());
    }
    let command = words(&fs::read_to_string(trace(&format!("{name}.cmd"))).expect(WHOLE));
    let there = ["/usr/local/bin", "/usr/bin", "/bin"].iter();
    if !there.map(|folder| Path::new(folder).join(&command[0])).any(|path| path.exists()) {
        return Some(format!("there is no {} here", command[0]));
    }
    for lines in tasks(theirs) {
        let mut open = BTreeMap::new();
        for line in lines {
            let path = line.bytes("given_pathname").unwrap_or_default();
            let path = String::from_utf8_lossy(path).trim_end_matches('\0').to_owned();
            match line.name {
                "openat" => drop(open.insert(line.number("return_value"), path)),
                "fstatat" if path.is_empty() => {
                    let library = open.get(&line.number("descriptor"));
                    let Some(library) = library.filter(|path| path.contains(".so.")) else {
                        continue;
                    };
                    let size = fs::metadata(library).ok().map(|file| file.len() as i64);
                    if !library.contains("cache") && size != line.number("stat_result_size") {
                        return Some(format!("{library} is another one here"));
                    }
                }
                _ => {}
            }
        }
    }
    None
}

#[test]
fn a_backslash_keeps_a_word_together() {
    assert_eq!(words("sh -c ln\\ -s\\ a\\;\\ b \n"), ["sh", "-c", "ln -s a; b"]);
}
