//! Programs that bring their own way to the kernel: C libraries linked in any way, and runtimes of other
//! languages. With the agent they say what they say without a recorder, and nothing of them is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use replay_tests::case::{Case, LATE_AGENT, told};
use replay_tests::folder::source;
use replay_tests::rows::info;
use replay_tests::strace::{kind, rows};
use replay_tests::tool;

/// Whether there is such a program; if not, says so.
fn is_there(name: &str) -> bool {
    let there = Command::new("sh").args(["-c", &format!("command -v {name}")]).output();
    let is_there = there.is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("skipped: there is no {name} on this machine");
    }
    is_there
}

/// Records `words` with each backend in a folder that `make` puts into its state: they end, and say, what they
/// do without. Returns how often each call was recorded: with the agent that comes late, with the one that is there
/// from the start, and with ptrace.
#[track_caller]
fn endures(make: impl Fn(&Path), words: &[&str]) -> [BTreeMap<String, usize>; 3] {
    [LATE_AGENT, "agent", "ptrace"].map(|backend| {
        let case = Case::new(&make).with_backend(backend);
        let mut alone = Command::new(words[0]);
        let alone = alone.args(&words[1..]).current_dir(case.folder()).output().expect("it runs");
        case.reset();
        let output = case.record(words);
        assert_eq!(output.status, alone.status, "{backend}: {words:?}: {}", told(&output));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&output.stdout), text(&alone.stdout), "{backend}: {words:?}");
        tool::prints(&["check"], &case.trace());
        let info = info(&case.trace());
        if backend != "ptrace" {
            assert_eq!(info["programs_without_agent"], "0", "{words:?}");
            assert_eq!(info["records_lost"], "0", "{words:?}");
            // Of a C library without unwind tables few sites are certain.
            assert_ne!(info["calls_in_program"], "0", "{words:?}");
        }
        let mut counts = BTreeMap::new();
        for row in rows(&case.trace()) {
            *counts.entry(kind(&row).to_owned()).or_default() += 1;
        }
        counts
    })
}

/// Compiles the torture of allocators, and lets it be recorded.
#[track_caller]
fn torture(compiler: &str, flags: &[&str]) {
    if !is_there(compiler) {
        return;
    }
    let torture = source("programs/torture.c");
    let make = |folder: &Path| {
        let mut command = Command::new(compiler);
        command.args(["-O1", "-pthread", "-o"]).arg(folder.join("torture")).args(flags);
        let output = command.arg(&torture).output().expect("it is there");
        assert!(output.status.success(), "{flags:?}: {}", told(&output));
    };
    let [by_late_agent, by_agent, by_ptrace] = endures(make, &["./torture"]);
    // Which thread gives memory back to the kernel is of the moment; these aren't.
    for call in ["write", "exit", "openat", "open", "close", "execve", "clone", "clone3", "fork"] {
        for by_agent in [&by_late_agent, &by_agent] {
            assert_eq!(by_agent.get(call), by_ptrace.get(call), "{compiler} {flags:?}: {call}");
        }
    }
    // The line that is printed takes another one, or writev.
    assert!((3 * 6 * 40..=3 * 6 * 40 + 1).contains(&by_agent["write"]), "{by_agent:?}");
}

#[test]
fn a_c_program_that_is_linked_dynamically() {
    torture("cc", &[]);
}

#[test]
fn a_c_program_that_is_linked_statically() {
    torture("cc", &["-static"]);
    torture("cc", &["-static-pie"]);
}

#[test]
fn a_c_program_with_musl() {
    torture("musl-gcc", &[]);
    torture("musl-gcc", &["-static"]);
}

#[test]
fn a_go_program() {
    if is_there("gron") {
        let numbers: Vec<String> = (0..2000).map(|n| format!("{{\"n\": [{n}, true]}}")).collect();
        let text = format!("[{}]", numbers.join(","));
        endures(|folder| fs::write(folder.join("list"), &text).unwrap(), &["gron", "list"]);
    }
}

#[test]
fn a_node_program() {
    let script = "const fs = require('fs').promises; \
                  Promise.all(Array.from({length: 50}, () => fs.readFile('a'))).then(all => { \
                  console.log(all.reduce((sum, one) => sum + one.length, 0)); \
                  require('child_process').exec('echo child', (error, out) => console.log(out)); });";
    if is_there("node") {
        let make = |folder: &Path| fs::write(folder.join("a"), "text".repeat(10_000)).unwrap();
        endures(make, &["node", "-e", script]);
    }
}

#[test]
fn a_java_program() {
    let source = r#"
        import java.nio.file.*;
        public class Reads {
            static long all(Path path) {
                try {
                    long sum = 0;
                    for (int round = 0; round < 100; round++)
                        sum += Files.readAllBytes(path).length + new byte[100000].length;
                    return sum;
                } catch (java.io.IOException error) { throw new RuntimeException(error); }
            }
            public static void main(String[] words) throws Exception {
                long[] sums = new long[8];
                Thread[] threads = new Thread[8];
                for (int n = 0; n < 8; n++) {
                    int number = n;
                    threads[n] = new Thread(() -> sums[number] = all(Path.of("Reads.java")));
                    threads[n].start();
                }
                long sum = 0;
                for (int n = 0; n < 8; n++) { threads[n].join(); sum += sums[n]; }
                System.gc();
                Process child = new ProcessBuilder("echo", "child").start();
                System.out.print(sum + new String(child.getInputStream().readAllBytes()));
            }
        }"#;
    if is_there("java") {
        let make = |folder: &Path| fs::write(folder.join("Reads.java"), source).unwrap();
        endures(make, &["java", "Reads.java"]);
    }
}
