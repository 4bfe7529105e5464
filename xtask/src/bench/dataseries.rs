//! The file format: decoding and writing a large trace, against the codec alone and against gzip.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::bench::Setting;
use crate::bench::race::{Contender, Table, peak_memory, race};
use crate::cargo::{cargo, output, run, target};

/// Bytes of rows and values in the trace.
const BYTES: u64 = 2 << 30;

/// A trace in the scratch folder, and the program that works on it.
struct Trace {
    program: PathBuf,
    dstool: PathBuf,
    path: PathBuf,
    bytes: u64,
}

impl Trace {
    /// Writes one with this codec, unless it is there already.
    fn of(setting: &Setting, codec: &str) -> Result<Self> {
        let program = target().join("release/examples/bench");
        if !setting.path("bench-is-built").exists() {
            run(&mut cargo(&["build", "--release", "-p", "dataseries", "--example", "bench"]))?;
            run(&mut cargo(&["build", "--release", "-p", "replay-core", "--bin", "dstool"]))?;
            fs::write(setting.path("bench-is-built"), "").map_err(|error| error.to_string())?;
        }
        let path = setting.path(&format!("large-{codec}.ds"));
        let dstool = target().join("release/dstool");
        let trace = Self { program, dstool, path, bytes: 0 };
        if !trace.path.exists() {
            run(Command::new(&trace.program).arg("write").arg(&trace.path).args([
                &BYTES.to_string(),
                codec,
                "2",
            ]))?;
        }
        let bytes = output(&mut trace.command(&["bytes"]))?;
        let bytes = bytes.trim().parse().map_err(|_| format!("{bytes:?} is no number"))?;
        Ok(Self { bytes, ..trace })
    }

    /// The program in this mode, with further words behind the file.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(words[0]).arg(&self.path).args(&words[1..]);
        command
    }

    fn contender<'c>(&'c self, name: &str, words: &'c [&'c str]) -> Contender<'c> {
        Contender::new(name, move || self.command(words))
    }
}

/// Decoding what isn't compressed, against gzip on the same bytes.
pub fn decode(setting: &Setting) -> Result<Table> {
    let trace = Trace::of(setting, "none")?;
    let packed = setting.path("large-none.ds.gz");
    if !packed.exists() {
        run(Command::new("gzip").args(["-1", "-k"]).arg(&trace.path))?;
    }
    let gunzip = || {
        let mut command = Command::new("sh");
        command.args(["-c", "gzip -dc \"$0\" | wc -c"]).arg(&packed);
        command
    };
    let dstool = || {
        let mut command = Command::new(&trace.dstool);
        command.args(["check", "-q"]).arg(&trace.path);
        command
    };
    let contenders = [
        Contender::new("gzip -dc into wc -c", gunzip),
        trace.contender("decode, all checks", &["decode"]),
        trace.contender("decode, --no-checks", &["decode", "unchecked"]),
        trace.contender("the same, and look at every value of every row", &["rows"]),
        Contender::new("dstool check", dstool),
    ];
    let what = "A trace of reads with 2 GiB of rows and values, uncompressed, in memory; one core";
    let goal = "decode at or above 1 GB/s with all checks; under 128 MiB";
    let mut table = race(what, goal, setting.rounds, &contenders)?.of_bytes(trace.bytes);
    let commands = [("decode", trace.command(&["decode"])), ("dstool check", dstool())];
    for (name, mut command) in commands {
        table.note(format!("{name}: peak memory {} MiB", peak_memory(&mut command)? >> 20));
    }
    let mut cat = Command::new(&trace.dstool);
    cat.args(["cat", "--json", "-w", "unique_id < 0"]).arg(&trace.path);
    table.note(format!("dstool cat --json -w …: peak memory {} MiB", peak_memory(&mut cat)? >> 20));
    Ok(table)
}

/// Decoding lz4, against the codec's crate on the same blocks.
pub fn decode_lz4(setting: &Setting) -> Result<Table> {
    let trace = Trace::of(setting, "lz4")?;
    let contenders = [
        trace.contender("the lz4 crate alone", &["lz4"]),
        trace.contender("decode, --no-checks", &["decode", "unchecked"]),
        trace.contender("decode, all checks", &["decode"]),
    ];
    let what = "The same trace with lz4; one core";
    let goal = "without checks within 10 % of the lz4 crate alone; the hash of the unpacked bytes is what all \
                checks cost, eight extents side by side";
    Ok(race(what, goal, setting.rounds, &contenders)?.of_bytes(trace.bytes))
}

/// Writing with lz4.
pub fn write_lz4(setting: &Setting) -> Result<Table> {
    let trace = Trace::of(setting, "lz4")?;
    let path = setting.path("written.ds");
    let write = |threads: &'static str| {
        let (program, path) = (&trace.program, &path);
        move || {
            let mut command = Command::new(program);
            command.arg("write").arg(path).args([&BYTES.to_string(), "lz4", threads]);
            command
        }
    };
    let contenders = [
        Contender::new("1 thread", write("1")),
        Contender::new("2 threads that compress, and one that sets rows", write("2")),
    ];
    let what =
        "Writing the same trace with lz4: setting rows, packing, compressing, writing to memory";
    let goal = "at or above 500 MB/s with two cores";
    let mut table = race(what, goal, setting.rounds, &contenders)?.of_bytes(trace.bytes);
    table.note(format!("2 threads: peak memory {} MiB", peak_memory(&mut write("2")())? >> 20));
    let _ = fs::remove_file(&path);
    Ok(table)
}
