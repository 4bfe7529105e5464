//! Benchmarks: ratios against native and against a peer, all in one run, written to `docs/benchmarks.md`.

mod dataseries;
mod plugins;
mod race;
mod record;
mod replay;
mod servers;
mod strace;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{output, root, target};
use crate::{Result, dist};
use race::Table;

/// Which benchmarks to run.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only those whose name contains this
    filter: Option<String>,
    /// Rounds: each contender runs once in each
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Write docs/benchmarks.md
    #[arg(long)]
    write: bool,
}

/// What the benchmarks run, and where.
pub struct Setting {
    /// The installed programs and plugins.
    pub dist: PathBuf,
    /// A scratch folder in memory, if there is one; else on disk.
    pub scratch: PathBuf,
    /// How often each contender runs.
    pub rounds: usize,
}

impl Setting {
    /// Our program `name`.
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.dist.join("bin").join(name))
    }

    /// The program that makes the same call again and again.
    pub fn bare_loop(&self) -> PathBuf {
        target().join("release/bare-loop")
    }

    /// A file in the scratch folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }
}

/// A benchmark.
struct Benchmark {
    name: &'static str,
    /// Whether it runs what people install; the others build the little that they need themselves.
    is_of_dist: bool,
    run: fn(&Setting) -> Result<Table>,
}

const fn of_dist(name: &'static str, run: fn(&Setting) -> Result<Table>) -> Benchmark {
    Benchmark { name, is_of_dist: true, run }
}

const fn of_format(name: &'static str, run: fn(&Setting) -> Result<Table>) -> Benchmark {
    Benchmark { name, is_of_dist: false, run }
}

const ALL: [Benchmark; 27] = [
    of_dist("record pread", record::pread),
    of_dist("record write", record::write),
    of_dist("record fstat", record::fstat),
    of_dist("record getppid", record::getppid),
    of_dist("record preads", record::preads),
    of_dist("record dd", record::dd),
    of_dist("record find", record::find),
    of_dist("record sqlite", record::sqlite),
    of_dist("record start-up", record::start_up),
    of_dist("record build", servers::build),
    of_dist("record redis", servers::redis),
    of_dist("record nginx", servers::nginx),
    of_dist("record pgbench", servers::pgbench),
    of_dist("replay pread", replay::pread),
    of_dist("replay write", replay::write),
    of_dist("replay find", replay::find),
    of_dist("replay threads", replay::threads),
    of_dist("replay pace", replay::pace),
    of_dist("replay large", replay::large),
    of_dist("replay start-up", replay::start_up),
    of_dist("plugins dispatch", plugins::dispatch),
    of_dist("plugins load", plugins::load),
    of_dist("plugins guard", plugins::guard),
    of_dist("strace2ds", strace::find),
    of_format("dataseries decode", dataseries::decode),
    of_format("dataseries decode lz4", dataseries::decode_lz4),
    of_format("dataseries write lz4", dataseries::write_lz4),
];

/// Runs the benchmarks.
///
/// # Errors
/// One can't be run.
pub fn run(arguments: &Arguments) -> Result<()> {
    let filter = arguments.filter.as_deref();
    let chosen: Vec<&Benchmark> =
        ALL.iter().filter(|one| filter.is_none_or(|part| one.name.contains(part))).collect();
    let dist = match chosen.iter().any(|one| one.is_of_dist) {
        true => dist::lay_out()?,
        false => root().join("dist"),
    };
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let scratch = base.join(format!("replay-bench-{}", std::process::id()));
    fs::create_dir_all(&scratch).map_err(|error| error.to_string())?;
    let setting = Setting { dist, scratch, rounds: arguments.rounds };
    let text = tables(&setting, &chosen);
    let _ = fs::remove_dir_all(&setting.scratch);
    let text = text?;
    if arguments.write {
        let path = root().join("docs/benchmarks.md");
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn tables(setting: &Setting, chosen: &[&Benchmark]) -> Result<String> {
    let mut text = format!(
        "# Benchmarks\n\nWritten by `cargo xtask bench --write`. Times are the fastest of {} interleaved \
         rounds in one run; only the ratios mean something elsewhere. CPU seconds are those of all processes and \
         threads of a contender, and say the same on a machine that others use too.\n\nMachine: {}.\n",
        setting.rounds,
        machine()
    );
    for Benchmark { name, run, .. } in chosen {
        eprintln!("{name} …");
        let table = run(setting)?.to_string();
        println!("{table}");
        let _ = write!(text, "\n## {name}\n\n{table}");
    }
    Ok(text)
}

/// The machine's shape.
pub fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line =
            text.lines().find(|line| line.starts_with(name))?.split_once(':')?.1.trim().to_owned();
        Some(line)
    };
    let processor =
        field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    let kibibytes: u64 =
        memory.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = output(Command::new("uname").arg("-sr")).unwrap_or_default();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("unknown");
    let (memory, kernel) = (kibibytes >> 20, kernel.trim());
    format!(
        "{processor}, {cores} CPUs, {memory} GiB, {kernel}; load average {load} at the beginning"
    )
}
