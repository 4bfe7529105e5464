//! A program recorded in a scratch folder, the folder reset, and the trace replayed there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::built::{plugins, program};
use crate::tree::Tree;

/// A scratch folder in a known state, and a trace beside it.
pub struct Case {
    scratch: TempDir,
    plugins: PathBuf,
    backend: &'static str,
}

impl Case {
    /// A folder that `make` puts into its state.
    ///
    /// # Panics
    /// If there is no scratch folder to be had.
    pub fn new(make: impl FnOnce(&Path)) -> Self {
        let scratch = TempDir::new().expect("a scratch folder");
        let case = Self { scratch, plugins: plugins(), backend: "ptrace" };
        fs::create_dir(case.pristine()).expect("the scratch folder is new");
        make(&case.pristine());
        case.reset();
        case
    }

    /// The same with the plugins in `folder`.
    pub fn with_plugins(self, folder: &Path) -> Self {
        Self { plugins: folder.to_owned(), ..self }
    }

    /// The same, recorded by this backend; the agent is in a program from its start, [`LATE_AGENT`] isn't.
    pub fn with_backend(self, backend: &'static str) -> Self {
        Self { backend, ..self }
    }

    fn pristine(&self) -> PathBuf {
        self.scratch.path().join("pristine")
    }

    /// The folder in which the program runs.
    pub fn folder(&self) -> PathBuf {
        self.scratch.path().join("folder")
    }

    /// The trace's file.
    pub fn trace(&self) -> PathBuf {
        self.scratch.path().join("trace.ds")
    }

    /// Puts the folder back into its first state.
    ///
    /// # Panics
    /// If it can't be.
    pub fn reset(&self) {
        let _ = fs::remove_dir_all(self.folder());
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(self.pristine()).arg(self.folder());
        assert!(copy.status().expect("there is a cp").success(), "the folder can be copied");
    }

    /// What is in the folder.
    pub fn tree(&self) -> Tree {
        Tree::of(&self.folder())
    }

    /// The recorder, to run `words` in the folder.
    pub fn recorder(&self, words: &[&str]) -> Command {
        self.recorder_with(&[], words)
    }

    /// The same, with options for the recorder.
    pub fn recorder_with(&self, options: &[&str], words: &[&str]) -> Command {
        let mut command = Command::new(program("recorder"));
        command.arg("--plugins").arg(&self.plugins);
        // What a test of the agent makes is brief: it is to have the agent all the same.
        match self.backend {
            "agent" => command.args(["--backend", "agent", "--agent-after", "0"]),
            LATE_AGENT => command.args(["--backend", "agent", "--agent-after", "5"]),
            other => command.args(["--backend", other]),
        };
        command.arg("-X").arg(self.trace()).args(options).arg("--").args(words);
        command.current_dir(self.folder()).env("LC_ALL", "C");
        command
    }

    /// Records `words`.
    ///
    /// # Panics
    /// If the recorder can't be run.
    pub fn record(&self, words: &[&str]) -> Output {
        self.recorder(words).output().expect("the recorder runs")
    }

    /// Records `words`, which succeed, and of which every call is recorded.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn record_all(&self, words: &[&str]) -> Output {
        let output = self.record(words);
        assert!(output.status.success(), "{words:?}: {}", told(&output));
        assert_eq!(told(&output), "", "of {words:?} something was not recorded");
        output
    }

    /// The replayer, for the trace, with further `words`.
    pub fn replayer(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program("replayer"));
        command.arg("--plugins").arg(&self.plugins).args(words).arg(self.trace());
        command
    }

    /// Replays the trace.
    ///
    /// # Panics
    /// If the replayer can't be run.
    pub fn replay(&self, words: &[&str]) -> Output {
        self.replayer(words).output().expect("the replayer runs")
    }
}

/// What `output` has on standard error.
pub fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The agent, which comes when a program has made a few calls, so in the middle of most.
pub const LATE_AGENT: &str = "late agent";

/// Ways to capture calls.
pub const BACKENDS: [&str; 2] = ["agent", "ptrace"];

/// With each backend: records `words` in a folder that `make` puts into its state, resets the folder,
/// replays with every check there is, and compares what is there afterwards. Returns the tree.
///
/// # Panics
/// If anything of it isn't as it should be.
#[track_caller]
pub fn faithful(make: impl Fn(&Path), words: &[&str]) -> Tree {
    let trees = BACKENDS.map(|backend| faithful_with(backend, &make, words));
    let [tree, _] = trees;
    tree
}

/// As [`faithful`], with one backend.
///
/// # Panics
/// If anything of it isn't as it should be.
#[track_caller]
pub fn faithful_with(backend: &'static str, make: impl Fn(&Path), words: &[&str]) -> Tree {
    let case = Case::new(make).with_backend(backend);
    case.record_all(words);
    let recorded = case.tree();
    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{words:?}: {}", told(&replay));
    let replayed = case.tree();
    assert_eq!(recorded.differences(&replayed), Vec::<String>::new(), "{words:?}");
    replayed
}
