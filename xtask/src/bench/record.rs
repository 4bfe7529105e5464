//! Recording, against strace with the same calls and full payloads.

use std::fs;
use std::process::Command;

use crate::Result;
use crate::bench::Setting;
use crate::bench::race::{Contender, Table, race};
use crate::dist;

/// strace as fast as it gets with the calls that we have plugins for, and payloads up to 64 KiB.
fn strace(setting: &Setting, words: &[String]) -> Command {
    let calls = dist::plugins().unwrap_or_default();
    let calls: Vec<_> = calls.iter().map(|call| format!("?{call}")).collect();
    let mut strace = Command::new("strace");
    strace.args(["-f", "--seccomp-bpf", "-s", "65536", "-e"]);
    strace.arg(format!("trace={}", calls.join(","))).arg("-o").arg(setting.path("strace.log"));
    strace.args(words);
    strace
}

fn contest(setting: &Setting, what: &str, words: &[String]) -> Result<Table> {
    let trace = setting.path("trace.ds");
    let native = || {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command
    };
    let recorder = || {
        let mut command = setting.program("recorder");
        command.arg("-X").arg(&trace).args(words);
        command
    };
    let clear = || {
        let _ = fs::remove_file(&trace);
        let _ = fs::remove_file(setting.path("strace.log"));
    };
    let contenders = [
        Contender::new("native", native),
        Contender::new("strace -f --seccomp-bpf -s 65536", || strace(setting, words)).after(clear),
        Contender::new("recorder", recorder).after(clear),
    ];
    race(what, "the recorder not slower than strace, aim at 0.6 of it", setting.rounds, &contenders)
}

/// dd, 50,000 blocks of 4 KiB.
pub fn dd(setting: &Setting) -> Result<Table> {
    let input = setting.path("input");
    fs::write(&input, text(200 << 20)).map_err(|error| error.to_string())?;
    let words = ["dd".to_owned(), format!("if={}", input.display())];
    let more = ["of=/dev/null", "bs=4096", "count=50000", "status=none"].map(str::to_owned);
    contest(
        setting,
        "`dd bs=4096 count=50000`, text read from memory",
        &[&words[..], &more].concat(),
    )
}

/// find over 40,000 files.
pub fn find(setting: &Setting) -> Result<Table> {
    let tree = setting.path("tree");
    for folder in 0..400 {
        let folder = tree.join(format!("folder-{folder}"));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for file in 0..100 {
            fs::write(folder.join(format!("file-{file}")), "")
                .map_err(|error| error.to_string())?;
        }
    }
    let words = ["find", &tree.to_string_lossy(), "-size", "+1"].map(str::to_owned);
    contest(setting, "`find -size +1` over 400 folders with 100 files each", &words)
}

/// `length` bytes of something that compresses as text does.
pub fn text(length: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(length + 64);
    let mut number: u64 = 1;
    while text.len() < length {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.extend(format!("line {} of the input, {:x}\n", text.len(), number >> 40).bytes());
    }
    text.truncate(length);
    text
}
