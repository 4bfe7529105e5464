//! The agent: what it records is what ptrace records, and the program doesn't notice.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use replay_tests::built::program;
use replay_tests::case::{Case, LATE_AGENT, told};
use replay_tests::rows::{Row, rows};

/// The agent, in a program from its start or not.
const AGENTS: [&str; 2] = [LATE_AGENT, "agent"];

fn nothing(_: &Path) {}

fn some_files(folder: &Path) {
    fs::write(folder.join("a"), "some text\n".repeat(20_000)).unwrap();
    fs::create_dir_all(folder.join("d/e")).unwrap();
    fs::write(folder.join("d/e/small"), "small\n").unwrap();
}

/// Records `words` with `backend`, at addresses that are the same each time.
fn record(make: fn(&Path), backend: &'static str, words: &[&str]) -> (Output, Vec<Row>, Case) {
    let case = Case::new(make).with_backend(backend);
    let recorder = case.recorder(words);
    let mut command = Command::new("setarch");
    command.arg("-R").arg(recorder.get_program()).args(recorder.get_args());
    let output = command.current_dir(case.folder()).env("LC_ALL", "C").output().unwrap();
    let rows = rows(&case.trace());
    (output, rows, case)
}

/// Both backends record the same of `words`, which end in the same way and say the same.
#[track_caller]
fn equal(make: fn(&Path), words: &[&str]) -> Vec<Row> {
    let (expected, by_ptrace, other) = record(make, "ptrace", words);
    for backend in AGENTS {
        let (output, by_agent, case) = record(make, backend, words);
        assert_eq!(output.status, expected.status, "{backend}: {words:?}: {}", told(&output));
        let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text(&output), text(&expected), "{backend}: {words:?}");
        assert_eq!(told(&output), told(&expected), "{backend}: {words:?}");
        for (number, (row, other)) in by_agent.iter().zip(&by_ptrace).enumerate() {
            assert_eq!(row, other, "{backend}: row {number} of {words:?}");
        }
        assert_eq!(by_agent.len(), by_ptrace.len(), "{backend}: {words:?}");
        let differences = case.tree().differences(&other.tree());
        assert_eq!(differences, Vec::<String>::new(), "{backend}: {words:?}");
    }
    by_ptrace
}

#[test]
fn programs_are_recorded_alike() {
    for words in [
        &["true"][..],
        &["cp", "a", "b"],
        &["cp", "-a", "d", "copy"],
        &["mv", "a", "d/moved"],
        &["rm", "-r", "d"],
        &["ls", "-R"],
        &["mkdir", "-p", "-m", "750", "x/y/z"],
        &["ln", "a", "hard"],
        &["ln", "-s", "a", "soft"],
        &["touch", "-d", "2001-02-03 04:05:06 UTC", "a"],
        &["cat", "a", "d/e/small", "missing"],
        &["dd", "if=a", "of=b", "bs=4096", "count=10", "seek=3", "status=none"],
        &["tar", "--numeric-owner", "--mtime=@0", "-cf", "d.tar", "d"],
        &["sort", "-o", "sorted", "a"],
        &["sh", "-c", "exit 3"],
        &["sh", "-c", "kill -TERM $$"],
    ] {
        equal(some_files, words);
    }
}

#[test]
fn most_calls_never_stop() {
    let case = Case::new(some_files).with_backend("agent");
    let mut recorder = case.recorder(&["cat", "a", "d/e/small"]);
    recorder.env("RECORDER_BACKEND", "ptrace");
    let output = recorder.output().unwrap();
    assert_eq!(told(&output), "", "the command line counts, not the environment");
    let info = replay_tests::rows::info(&case.trace());
    assert_eq!(info["backend"], "agent");
    let number = |key: &str| info[key].parse::<u64>().unwrap();
    assert!(number("calls_in_program") * 4 > number("calls") * 3, "{info:?}");
    assert_eq!(number("records_lost"), 0);
    assert_eq!(number("programs_without_agent"), 0);
}

#[test]
fn buffers_that_lie_apart_are_gathered_in_the_program() {
    let program = program("hardships").to_string_lossy().into_owned();
    let rows = equal(nothing, &[&program, "vectors"]);
    assert!(rows.len() > 2000, "{} rows", rows.len());
    let (case, _) = endures("agent", &["vectors"]);
    let stops = info(&case, "calls") - info(&case, "calls_in_program");
    assert!(stops < 150, "{stops} of 1000 calls stopped");
}

#[test]
fn calls_that_nobody_selected_do_not_stop() {
    let program = program("hardships").to_string_lossy().into_owned();
    for backend in [LATE_AGENT, "agent", "ptrace"] {
        let case = Case::new(nothing).with_backend(backend);
        let mut recorder = case.recorder_with(&["-e", "trace=write"], &[&program, "threads"]);
        let output = recorder.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        assert_eq!(counts(&case)["write"], 4 * 8 * 400 + 1, "{backend}");
        // Of more than 12800 reads none; calls that change what the agent stands on.
        let info = replay_tests::rows::info(&case.trace());
        let stopped = info.get("not_selected").map_or(0, |count| count.parse::<u64>().unwrap());
        assert!(stopped < 1000, "{backend}: {stopped} calls stopped");
        if backend != "ptrace" {
            assert!(info["calls_in_program"].parse::<u64>().unwrap() > 12_000, "{backend}");
        }
    }
}

#[test]
fn a_program_gets_the_agent_when_it_has_made_some_calls() {
    let case = Case::new(some_files).with_backend("auto");
    let program = |words: &[&str]| {
        // With it, the loader makes more calls than the program.
        let output = case.recorder(words).env_remove("LD_LIBRARY_PATH").output().unwrap();
        assert_eq!(told(&output), "", "{words:?}");
        (info(&case, "calls_in_program"), info(&case, "programs_without_agent"))
    };
    assert_eq!(program(&["true"]), (0, 0), "it would cost more than the stops");
    assert!(program(&["dd", "if=a", "of=b", "bs=100", "status=none"]).0 > 3900);
}

#[test]
fn a_program_gets_the_agent_before_it_shares_its_memory() {
    let program = program("hardships").to_string_lossy().into_owned();
    let case = Case::new(nothing).with_backend("auto");
    let never = ["--agent-after", "4000000000"];
    let output = case.recorder_with(&never, &[&program, "threads"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(counts(&case)["write"], 4 * 8 * 400 + 1);
    assert!(info(&case, "calls_in_program") > 2 * 4 * 8 * 400);
    // Its making of that task was put off, and is recorded once.
    let made = counts(&case).into_iter().filter(|(name, _)| name.starts_with("clone"));
    assert_eq!(made.map(|(_, count)| count).sum::<usize>(), 4 * 8);
}

#[test]
fn signals_are_as_without_it() {
    let program = program("signals").to_string_lossy().into_owned();
    equal(nothing, &[&program]);
}

#[test]
fn handlers_see_the_programs_own_code() {
    let program = program("signals").to_string_lossy().into_owned();
    for backend in AGENTS {
        let case = Case::new(nothing).with_backend(backend);
        let output = case.record(&[&program, "where"]);
        assert!(output.stdout.ends_with(b"in a file's code: true\n"), "{backend}: {output:?}");
    }
}

/// Runs a hardship with `agent`: it ends and says what it does without a recorder.
#[track_caller]
fn endures(agent: &'static str, words: &[&str]) -> (Case, String) {
    let program = program("hardships").to_string_lossy().into_owned();
    let words = [&[program.as_str()], words].concat();
    let case = Case::new(some_files).with_backend(agent);
    let alone =
        Command::new(words[0]).args(&words[1..]).current_dir(case.folder()).output().unwrap();
    case.reset();
    let output = case.record(&words);
    assert_eq!(output.status, alone.status, "{words:?}: {}", told(&output));
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text(&output), text(&alone), "{words:?}: {}", told(&output));
    replay_tests::tool::prints(&["check"], &case.trace());
    (case, told(&output))
}

/// How often each call was recorded.
fn counts(case: &Case) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows(&case.trace()) {
        let name = row["extent_type"].as_str().unwrap_or_default();
        *counts.entry(name.rsplit("::").next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    counts
}

fn info(case: &Case, key: &str) -> u64 {
    replay_tests::rows::info(&case.trace())[key].parse().unwrap()
}

#[test]
fn no_call_of_any_thread_is_lost() {
    for agent in AGENTS {
        let (case, _) = endures(agent, &["threads"]);
        let counts = counts(&case);
        // 4 times 8 threads with 400 reads and writes each, and the program's one line.
        assert_eq!(counts["write"], 4 * 8 * 400 + 1);
        assert!((4 * 8 * 400..4 * 8 * 400 + 20).contains(&counts["read"]), "{counts:?}");
        assert_eq!(info(&case, "records_lost"), 0);
    }
}

#[test]
fn children_that_share_memory_and_those_that_copy_it_are_recorded() {
    for agent in AGENTS {
        let (case, _) = endures(agent, &["children"]);
        let counts = counts(&case);
        assert_eq!(counts["exit"], 41);
        assert_eq!(counts["write"], 20 * 50 + 1);
        assert_eq!(info(&case, "records_lost"), 0);
    }
}

#[test]
fn programs_that_follow_one_another_are_equipped_again() {
    for agent in AGENTS {
        let (case, _) = endures(agent, &["execs"]);
        let info = |key| info(&case, key);
        assert_eq!(info("programs_without_agent"), 0);
        assert!(counts(&case)["write"] >= 21 * 20);
    }
}

#[test]
fn a_filter_of_the_programs_own_is_obeyed() {
    for agent in AGENTS {
        let (case, _) = endures(agent, &["filter"]);
        let (counts, without) = (counts(&case), info(&case, "programs_without_agent"));
        assert_eq!(without, 2, "what it runs inherits the filter");
        assert!(counts["write"] >= 20);
    }
}

#[test]
fn a_program_may_use_gs() {
    for agent in AGENTS {
        let (case, _) = endures(agent, &["segment"]);
        assert_eq!(counts(&case)["write"], 3 * 20 + 3);
    }
}

#[test]
fn the_program_has_no_descriptor_more_than_without() {
    for agent in AGENTS {
        endures(agent, &["descriptors"]);
    }
}

#[test]
fn what_a_program_writes_over_its_records_is_told_and_harms_nobody() {
    let (_, told) = endures_scribbles();
    assert!(told.is_empty() || told.contains("wrote over records"), "{told}");
}

/// Without a recorder there is nothing to write over, and it says so.
fn endures_scribbles() -> (Case, String) {
    let program = program("hardships").to_string_lossy().into_owned();
    let case = Case::new(nothing).with_backend("agent");
    let output = case.record(&[&program, "scribbles"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(output.stdout, b"done\n");
    replay_tests::tool::prints(&["check"], &case.trace());
    (case, told(&output))
}

/// What the agent maps counts, too. Once there is a limit it has what it uses; who comes then stops at each call.
#[test]
fn a_program_may_limit_what_it_maps() {
    for agent in AGENTS {
        let (case, _) = endures(agent, &["limit"]);
        assert_eq!(info(&case, "records_lost"), 0);
        assert!(counts(&case)["read"] >= 4 * 50, "{agent}: {:?}", counts(&case));
        if agent == "agent" {
            assert!(info(&case, "calls_in_program") > 150, "its own calls go on there");
        }
    }
}

#[test]
fn a_storm_of_threads_children_signals_and_programs_is_weathered() {
    for agent in AGENTS {
        for _ in 0..5 {
            let (case, _) = endures(agent, &["storm"]);
            let counts = counts(&case);
            assert_eq!(counts["write"], 6 * 10 * 50 + 50 * 5 + 1, "{counts:?}");
            assert_eq!(info(&case, "records_lost"), 0);
        }
    }
}

/// `AGENT_RUNS=500` is what docs/recording.md tells of.
#[test]
fn the_worst_is_endured_again_and_again() {
    for agent in AGENTS {
        let runs = std::env::var("AGENT_RUNS").ok().and_then(|runs| runs.parse().ok());
        for _ in 0..runs.unwrap_or(2) {
            for what in ["storm", "threads", "children", "execs", "vectors"] {
                let (case, told) = endures(agent, &[what]);
                assert_eq!(info(&case, "records_lost"), 0, "{what}");
                let is_expected = |line: &str| line.contains("buffers could not be read");
                assert!(told.lines().all(is_expected), "{what}: {told}");
            }
        }
    }
}

#[test]
fn a_limit_on_addresses_keeps_the_agent_out() {
    let case = Case::new(some_files).with_backend("agent");
    let output = case.record(&["sh", "-c", "ulimit -v 4000000; cat a > b; cat b | wc -c"]);
    assert_eq!(output.stdout, b"200000\n", "{}", told(&output));
    assert_eq!(info(&case, "programs_without_agent"), 3, "both cats, and wc");
}

#[test]
fn without_the_right_to_share_memory_there_is_no_agent() {
    // SAFETY: the call can't fail.
    if unsafe { libc::geteuid() } != 0 {
        return eprintln!("skipped: only root can become somebody else");
    }
    let case = Case::new(nothing).with_backend("agent");
    let nobody = ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all", "id", "-u"];
    let output = case.record(&nobody);
    assert_eq!(output.stdout, b"65534\n", "{}", told(&output));
    assert_eq!(info(&case, "programs_without_agent"), 1, "id, but not setpriv");
}

#[test]
fn many_short_programs_are_all_recorded() {
    let script = "i=0; while [ $i -lt 100 ]; do true | cat; /bin/true; i=$((i+1)); done";
    let case = Case::new(nothing).with_backend("agent");
    let output = case.record(&["sh", "-c", script]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let counts = counts(&case);
    // The shell; per round a child that is `true`, one that becomes cat, and one that becomes true.
    assert_eq!(counts["exit"], 301, "{counts:?}");
    assert_eq!(info(&case, "programs_without_agent"), 0);
    assert_eq!(info(&case, "records_lost"), 0);
}

#[test]
fn calls_that_never_return_are_recorded() {
    let script = "sleep 100 & sleep 0.2; kill -9 $!; wait $!; echo $?";
    let case = Case::new(nothing).with_backend("agent");
    let output = case.record(&["sh", "-c", script]);
    assert_eq!(output.stdout, b"137\n", "{}", told(&output));
    let unfinished = rows(&case.trace()).into_iter().filter(|row| {
        row["extent_type"].as_str().is_some_and(|name| name.ends_with("::clock_nanosleep"))
            && row["return_value"].is_null()
    });
    assert_eq!(unfinished.count(), 1);
}

#[test]
fn auto_says_which_backend_it_took_and_why() {
    let case = Case::new(nothing).with_backend("auto");
    let mut recorder = case.recorder(&["true"]);
    let words: Vec<_> = recorder.get_args().map(ToOwned::to_owned).collect();
    recorder = Command::new(recorder.get_program());
    let output = recorder.arg("-v").args(words).output().unwrap();
    assert!(told(&output).contains("by the agent: it can run here"), "{}", told(&output));
    assert_eq!(replay_tests::rows::info(&case.trace())["backend"], "agent");
}
