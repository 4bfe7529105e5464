//! One application, from its setup to the comparison of the trees.

use std::fs;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::told::Told;
use super::tree::Tree;
use super::{Application, Tools};
use crate::Result;

/// Longest time that one step may take, in seconds.
const PATIENCE: &str = "900";

/// What came of an application.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// Its rung.
    pub rung: u8,
    /// Bytes of the trace.
    pub bytes: u64,
    /// How long it took by itself.
    pub native: Duration,
    /// Under the recorder.
    pub recorded: Duration,
    /// What the replay told.
    pub told: Told,
    /// Names in the tree that were compared.
    pub compared: usize,
    /// What a replay can't reproduce of it.
    pub limits: String,
    /// Why it wasn't run.
    pub passed_over: Option<String>,
    /// What isn't as it should be.
    pub problems: Vec<String>,
}

impl Outcome {
    fn of(application: &Application) -> Self {
        let Application { name, rung, limits, .. } = application;
        Self { name: name.clone(), rung: *rung, limits: limits.clone(), ..Self::default() }
    }

    /// Not run, since `missing` is.
    pub fn passed_over(application: &Application, missing: &str) -> Self {
        let passed_over = Some(format!("{missing} isn't there"));
        Self { passed_over, ..Self::of(application) }
    }

    /// Whether all is as it should be.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// In a few words.
    pub fn verdict(&self) -> String {
        match &self.passed_over {
            Some(why) => format!("PASSED OVER: {why}"),
            None if self.is_good() => format!(
                "faithful: {} calls, recorded in {:.2} s, replayed in {:.2} s, {} names equal",
                self.told.calls,
                self.recorded.as_secs_f64(),
                self.told.milliseconds as f64 / 1000.0,
                self.compared
            ),
            None => "NOT AS RECORDED".to_owned(),
        }
    }
}

/// The folders and files of one run.
struct Place<'p> {
    base: &'p Path,
    work: PathBuf,
    /// Who runs the application; empty for whoever runs this.
    user: &'p str,
}

impl Place<'_> {
    fn at(&self, name: &str) -> PathBuf {
        self.base.join(name)
    }

    /// The work folder beneath the prepared root.
    fn in_root(&self) -> Result<PathBuf> {
        let work = self.work.strip_prefix("/").map_err(|error| error.to_string())?;
        Ok(self.at("root").join(work))
    }

    /// `words` as a command with a time limit and nothing of our environment; what it says goes to file `log`.
    fn command(&self, user: &str, words: &[&str], log: &str) -> Result<Command> {
        let file = File::create(self.at(log)).map_err(|error| error.to_string())?;
        let twin = file.try_clone().map_err(|error| error.to_string())?;
        let mut command = Command::new("timeout");
        command.args(["-k", "10", PATIENCE]);
        if !user.is_empty() {
            command.args(["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]);
        }
        command.args(words).current_dir(&self.work);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        command.env("HOME", &self.work).env("LC_ALL", "C").env("TZ", "UTC");
        command.stdin(Stdio::null()).stdout(file).stderr(twin);
        Ok(command)
    }

    /// What stands in file `log`, its last lines.
    fn said(&self, log: &str) -> String {
        let bytes = fs::read(self.at(log)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n    ")
    }

    /// Puts the work folder back as it was.
    fn reset(&self) -> Result<()> {
        let _ = fs::remove_dir_all(&self.work);
        let mut copy = Command::new("cp");
        crate::cargo::run(copy.arg("-a").arg(self.at("pristine")).arg(&self.work))
    }
}

fn timed(command: &mut Command) -> Result<(Option<i32>, Duration)> {
    let start = Instant::now();
    let status = command.status().map_err(|error| format!("timeout: {error}"))?;
    Ok((status.code(), start.elapsed()))
}

/// Runs `application` in the new folder `base`.
pub fn run(application: &Application, tools: &Tools, base: &Path) -> Outcome {
    let mut outcome = Outcome::of(application);
    if let Err(problem) = steps(application, tools, base, &mut outcome) {
        outcome.problems.push(problem);
    }
    outcome
}

fn steps(
    application: &Application,
    tools: &Tools,
    base: &Path,
    outcome: &mut Outcome,
) -> Result<()> {
    fs::create_dir_all(base).map_err(|error| format!("{}: {error}", base.display()))?;
    let base = base.canonicalize().map_err(|error| error.to_string())?;
    let place = Place { work: base.join("work"), base: &base, user: &application.user };
    fs::create_dir(&place.work).map_err(|error| error.to_string())?;
    set_up(application, &place)?;
    if !place.user.is_empty() {
        // The trace and the logs are theirs too.
        let mut give = Command::new("chown");
        crate::cargo::run(give.args(["-R", place.user]).arg(&base))?;
    }
    let before = Tree::of(&place.work);

    let script = ["sh", "-e", "-c", &application.run];
    let (status, time) = timed(&mut place.command(place.user, &script, "native.log")?)?;
    if status != Some(0) {
        return Err(format!("it fails by itself:\n    {}", place.said("native.log")));
    }
    outcome.native = time;
    place.reset()?;

    record(application, tools, &place, outcome)?;
    let recorded = Tree::of(&place.work);
    fs::remove_dir_all(&place.work).map_err(|error| error.to_string())?;
    fs::create_dir(&place.work).map_err(|error| error.to_string())?;

    prepare(tools, &place)?;
    let prepared = Tree::of(&place.in_root()?);
    outcome.problems.extend(
        missing_or_other(&before, &prepared).into_iter().map(|what| format!("prepared: {what}")),
    );
    for (number, mode) in MODES.iter().enumerate() {
        let is_long = mode.is_long && (tools.is_brief || !application.ci);
        if is_long || mode.needs_network && !application.network {
            continue;
        }
        if number > 0 {
            fs::remove_dir_all(place.at("root")).map_err(|error| error.to_string())?;
            prepare(tools, &place)?;
        }
        let told = replay(application, tools, &place, mode, outcome)?;
        if number == 0 {
            outcome.told = told;
        }
        let replayed = Tree::of(&place.in_root()?);
        compare(application, [&before, &prepared, &recorded, &replayed], outcome);
    }
    Ok(())
}

/// A way to replay.
struct Mode {
    name: &'static str,
    words: &'static [&'static str],
    /// Only if something of the application goes through the network.
    needs_network: bool,
    /// Only of applications that CI has, and not there.
    is_long: bool,
}

/// Those that applications are replayed in: the first one is what is told of. Each has to be faithful.
const MODES: [Mode; 5] = [
    Mode { name: "verify", words: &["--verify"], needs_network: false, is_long: false },
    Mode { name: "plain", words: &[], needs_network: false, is_long: false },
    Mode {
        name: "causal",
        words: &["--verify", "--order", "causal"],
        needs_network: false,
        is_long: true,
    },
    Mode {
        name: "resource",
        words: &["--verify", "--order", "resource"],
        needs_network: false,
        is_long: true,
    },
    Mode {
        name: "loopback",
        words: &["--verify", "--net", "loopback"],
        needs_network: true,
        is_long: false,
    },
];

fn set_up(application: &Application, place: &Place<'_>) -> Result<()> {
    let log = File::create(place.at("setup.log")).map_err(|error| error.to_string())?;
    let twin = log.try_clone().map_err(|error| error.to_string())?;
    let mut setup = Command::new("sh");
    setup.args(["-e", "-c", &application.setup]).current_dir(&place.work);
    setup.stdin(Stdio::null()).stdout(log).stderr(twin);
    let (status, _) = timed(&mut setup)?;
    if status != Some(0) {
        return Err(format!("its setup fails:\n    {}", place.said("setup.log")));
    }
    // Kept as it is, names of one file included.
    let mut copy = Command::new("cp");
    crate::cargo::run(copy.arg("-a").arg(&place.work).arg(place.at("pristine")))
}

/// The trace, which brings the files that its replay needs.
const TRACE: &str = "trace.ds";

fn record(
    application: &Application,
    tools: &Tools,
    place: &Place<'_>,
    outcome: &mut Outcome,
) -> Result<()> {
    let recorder = tools.bin.join("recorder").display().to_string();
    let plugins = tools.plugins.display().to_string();
    let trace = place.at(TRACE).display().to_string();
    let mut words = vec![&recorder[..], "--plugins", &plugins, "-X", &trace, "--snapshot", "full"];
    if let Some(backend) = &tools.backend {
        words.extend(["--backend", backend]);
    }
    words.extend(["--", "sh", "-e", "-c", &application.run]);
    let (status, time) = timed(&mut place.command(place.user, &words, "record.log")?)?;
    if status != Some(0) {
        return Err(format!("it fails under the recorder:\n    {}", place.said("record.log")));
    }
    outcome.recorded = time;
    outcome.bytes = fs::metadata(&trace).map_or(0, |metadata| metadata.len());
    Ok(())
}

fn prepare(tools: &Tools, place: &Place<'_>) -> Result<()> {
    let replayer = tools.bin.join("replayer").display().to_string();
    let (root, trace) = (place.at("root"), place.at(TRACE));
    let (root, trace) = (root.display().to_string(), trace.display().to_string());
    let words = [&replayer[..], "prepare", "--root", &root, &trace];
    match timed(&mut place.command("", &words, "prepare.log")?)? {
        (Some(0), _) => Ok(()),
        _ => Err(format!("its files can't be prepared:\n    {}", place.said("prepare.log"))),
    }
}

fn replay(
    application: &Application,
    tools: &Tools,
    place: &Place<'_>,
    mode: &Mode,
    outcome: &mut Outcome,
) -> Result<Told> {
    let path = |path: PathBuf| path.display().to_string();
    let (replayer, plugins) = (path(tools.bin.join("replayer")), path(tools.plugins.clone()));
    let (root, trace, log) = (
        path(place.at("root")),
        path(place.at(TRACE)),
        path(place.at(&format!("{}.log", mode.name))),
    );
    let mut words = vec![
        &replayer[..],
        "--plugins",
        &plugins,
        "--root",
        &root,
        "--warn",
        "--quiet",
        "--log",
        &log,
    ];
    words.extend(mode.words);
    for rule in &application.tolerate {
        words.extend(["--tolerate", rule]);
    }
    words.push(&trace);
    let (status, _) = timed(&mut place.command(place.user, &words, "replay.log")?)?;
    let told = Told::read(&String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()));
    match status {
        Some(0) => Ok(told),
        Some(1) => {
            for (cause, (count, one)) in &told.divergences {
                outcome.problems.push(format!("{}: {count} × {cause}, as {one}", mode.name));
            }
            Ok(told)
        }
        _ => Err(format!("it can't be replayed:\n    {}", place.said("replay.log"))),
    }
}

/// What is in `part` and not the same in `whole`.
fn missing_or_other(whole: &Tree, part: &Tree) -> Vec<String> {
    let known = whole.0.iter().filter(|(path, _)| part.0.contains_key(*path));
    let known = Tree(known.map(|(path, entry)| (path.clone(), entry.clone())).collect());
    known.differences(part)
}

/// The tree that the program left, without what it never came upon, against the one of the replay.
fn compare(application: &Application, trees: [&Tree; 4], outcome: &mut Outcome) {
    let [before, prepared, recorded, replayed] = trees;
    let is_untouched = |path: &PathBuf| {
        !prepared.0.contains_key(path) && before.0.get(path) == recorded.0.get(path)
    };
    let differs = |path: &PathBuf| {
        let path = path.to_string_lossy();
        application.differs.iter().any(|pattern| matches(pattern, &path))
    };
    let part = |tree: &Tree| {
        let kept = tree.0.iter().filter(|(path, _)| !is_untouched(path) && !differs(path));
        Tree(kept.map(|(path, entry)| (path.clone(), entry.clone())).collect())
    };
    let (recorded, replayed) = (part(recorded), part(replayed));
    outcome.compared = recorded.0.len();
    let differences = recorded.differences(&replayed);
    outcome.problems.extend(differences.into_iter().map(|what| format!("tree: {what}")));
}

/// Whether `text` is as `pattern` says, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => {
            let Some(text) = text.strip_prefix(start) else { return false };
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| matches(rest, &text[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, is) in [
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*", "", true),
            ("log", "log", true),
            ("*.pid", "run/x.pid", true),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }
}
