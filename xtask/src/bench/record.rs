//! Recording, against strace with the same calls and full payloads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;
use crate::bench::Setting;
use crate::bench::race::{Contender, Table, race};
use crate::cargo::run;
use crate::dist;

/// strace as fast as it gets with the calls that we have plugins for, and payloads up to 64 KiB.
pub fn strace_options() -> Vec<String> {
    let calls = dist::plugins().unwrap_or_default();
    let calls: Vec<_> = calls.iter().map(|call| format!("?{call}")).collect();
    let calls = format!("trace={}", calls.join(","));
    ["-f", "--seccomp-bpf", "-s", "65536", "-e", &calls].map(str::to_owned).to_vec()
}

fn strace(setting: &Setting, words: &[String]) -> Command {
    let mut strace = Command::new("strace");
    strace.args(strace_options()).arg("-o").arg(setting.path("strace.log"));
    strace.args(words);
    strace
}

fn contest(setting: &Setting, what: &str, goal: &str, words: &[String]) -> Result<Table> {
    let trace = setting.path("trace.ds");
    let native = || {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command
    };
    let recorder = |backend: &'static str| {
        let trace = &trace;
        move || {
            let mut command = setting.program("recorder");
            command.args(["--backend", backend, "-X"]).arg(trace).args(words);
            command
        }
    };
    let clear = || {
        let _ = fs::remove_file(&trace);
        let _ = fs::remove_file(setting.path("strace.log"));
    };
    let contenders = [
        Contender::new("native", native),
        Contender::new("recorder --backend agent", recorder("agent")).after(clear),
        Contender::new("recorder --backend ptrace", recorder("ptrace")).after(clear),
        Contender::new("strace -f --seccomp-bpf -s 65536", || strace(setting, words)).after(clear),
    ];
    let mut table = race(what, goal, setting.rounds, &contenders)?;
    let spans = (0..setting.rounds).map(|_| {
        clear();
        let mut command = recorder("agent")();
        run(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?;
        span(setting, &trace)
    });
    let span = spans.collect::<Result<Vec<_>>>()?.into_iter().fold(f64::MAX, f64::min);
    table.note(format!(
        "with the agent the program itself, from its first call to its last, took {span:.4} s, {:.2} of native",
        span / table.seconds(0)
    ));
    Ok(table)
}

/// Seconds between the first and the last call of a trace.
fn span(setting: &Setting, trace: &Path) -> Result<f64> {
    let mut command = setting.program("dstool");
    let output = command.args(["info", "--json"]).arg(trace).output();
    let output = output.map_err(|error| error.to_string())?;
    let info: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let time = |name: &str| info[name].as_i64().ok_or(format!("{} has no {name}", trace.display()));
    Ok((time("last_time")? - time("first_time")?) as f64 / 1e9)
}

/// What is asked of programs that do little else but call; from the start to the finished file.
const BUSY: &str = "the agent 2.0 of native, start-up and the writing of the trace included; ptrace not \
                    slower than strace";

/// `bare-loop WHAT`, `count` times.
fn bare(setting: &Setting, what: &str, count: u64) -> Result<Table> {
    let input = setting.path("input");
    fs::write(&input, text(1 << 20)).map_err(|error| error.to_string())?;
    let program = setting.bare_loop();
    let count = count.to_string();
    let words = [&program.to_string_lossy(), what, &input.to_string_lossy(), &count];
    let words = words.map(ToString::to_string);
    contest(setting, &format!("`bare-loop {what}`, {count} calls"), BUSY, &words)
}

/// Reads of 4 KiB that the page cache has (W1).
pub fn pread(setting: &Setting) -> Result<Table> {
    bare(setting, "pread", 100_000)
}

/// Writes of 4 KiB to memory (W2).
pub fn write(setting: &Setting) -> Result<Table> {
    bare(setting, "write", 100_000)
}

/// A call that returns a structure (W3).
pub fn fstat(setting: &Setting) -> Result<Table> {
    bare(setting, "fstat", 200_000)
}

/// A call that does nothing (W3).
pub fn getppid(setting: &Setting) -> Result<Table> {
    bare(setting, "getppid", 200_000)
}

/// The first of these, in two threads (W6).
pub fn preads(setting: &Setting) -> Result<Table> {
    bare(setting, "preads", 50_000)
}

/// sqlite inserts, without waiting for the disk (W5).
pub fn sqlite(setting: &Setting) -> Result<Table> {
    let script = setting.path("script.sql");
    let mut sql =
        "pragma synchronous = off; drop table if exists t; create table t (a, b);\n".to_owned();
    for number in 0..10_000 {
        sql += &format!("insert into t values ({number}, 'row number {number}');\n");
    }
    fs::write(&script, sql).map_err(|error| error.to_string())?;
    let read = format!(".read {}", script.display());
    let words = ["sqlite3", &setting.path("t.db").to_string_lossy(), &read].map(str::to_owned);
    let goal = "the agent 1.4 of native";
    contest(setting, "`sqlite3`, 10,000 inserts, synchronous off", goal, &words)
}

/// A program that does nothing.
pub fn start_up(setting: &Setting) -> Result<Table> {
    let goal = "the agent 3 of native";
    contest(setting, "`/bin/true`", goal, &["/bin/true".to_owned()])
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
        BUSY,
        &[&words[..], &more].concat(),
    )
}

/// find over 40,000 files (W4).
pub fn find(setting: &Setting) -> Result<Table> {
    let tree = tree(setting)?;
    let words = ["find", &tree.to_string_lossy(), "-size", "+1"].map(str::to_owned);
    let goal = "the agent 1.3 of native";
    contest(setting, "`find -size +1` over 400 folders with 100 files each", goal, &words)
}

/// 400 folders with 100 files each.
pub fn tree(setting: &Setting) -> Result<PathBuf> {
    let tree = setting.path("tree");
    for folder in 0..400 {
        let folder = tree.join(format!("folder-{folder}"));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for file in 0..100 {
            fs::write(folder.join(format!("file-{file}")), "")
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(tree)
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
