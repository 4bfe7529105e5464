//! `docs/plugin-guide.md`, followed word by word: every command is run, and prints what the page says.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use replay_tests::built::{built, program};
use replay_tests::folder::PluginFolder;
use replay_tests::outside::target;
use tempfile::TempDir;

/// What the page has in fences, in order.
enum Block {
    /// Text that goes into a file.
    File { path: String, text: String },
    /// Commands with what they print.
    Console(Vec<Step>),
}

struct Step {
    line: usize,
    command: String,
    printed: Vec<String>,
}

/// The fenced blocks of `page` that are to be followed.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<_> =
            lines.by_ref().take_while(|(_, line)| !line.starts_with("```")).collect();
        match info.split_once(' ') {
            Some((_, path)) => {
                let text = body.iter().map(|(_, line)| format!("{line}\n")).collect();
                blocks.push(Block::File { path: path.to_owned(), text });
            }
            None if info == "console" => {
                let mut steps: Vec<Step> = Vec::new();
                for (number, line) in body {
                    match line.strip_prefix("$ ") {
                        Some(command) => steps.push(Step {
                            line: number + 1,
                            command: command.to_owned(),
                            printed: Vec::new(),
                        }),
                        None => {
                            let step = steps.last_mut().expect("a console begins with a command");
                            step.printed.push(line.to_owned());
                        }
                    }
                }
                blocks.push(Block::Console(steps));
            }
            None => {}
        }
    }
    blocks
}

/// Whether `line` is `pattern`, in which `[..]` stands for anything.
fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether `lines` are `patterns`, in which `...` stands for any lines.
fn all_match(patterns: &[String], lines: &[&str]) -> bool {
    match patterns.split_first() {
        None => lines.is_empty(),
        Some((first, patterns)) if first == "..." => {
            (0..=lines.len()).any(|skipped| all_match(patterns, &lines[skipped..]))
        }
        Some((first, patterns)) => match lines.split_first() {
            Some((line, lines)) => matches(first, line) && all_match(patterns, lines),
            None => false,
        },
    }
}

#[test]
fn patterns_match_what_they_stand_for() {
    assert!(matches("a[..]b", "a12b") && matches("a", "a") && matches("[..]", ""));
    assert!(!matches("a", "ab") && !matches("a[..]b", "a12c") && !matches("a", "b"));
    let patterns = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(all_match(&patterns("a\n...\nb"), &["a", "x", "y", "b"]));
    assert!(all_match(&patterns("...\nb\n..."), &["b"]));
    assert!(!all_match(&patterns("a\nb"), &["a", "x", "b"]));
    assert!(!all_match(&patterns("a"), &["a", "b"]) && !all_match(&patterns("a"), &[]));
}

/// What the commands mean in a test: the programs that were built with it, and cargo without a network.
const PRELUDE: &str = r#"
cargo() {
    if [ "$1" = xtask ]; then
        shift
        "$BUILT/xtask" "$@"
        return
    fi
    # The SDK is built where other tests have it too, in the versions that this workspace has.
    [ -e target ] || { cp "$LOCK" Cargo.lock; ln -s "$TARGET" target; }
    env -u CARGO_TARGET_DIR cargo "$@" --offline
}
"#;

#[test]
fn the_guide_can_be_followed_word_by_word() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/plugin-guide.md");
    let page = fs::read_to_string(page).unwrap();
    // An installation: what isn't named is found beside the programs.
    let prefix = TempDir::new_in(built()).unwrap();
    fs::create_dir_all(prefix.path().join("bin")).unwrap();
    fs::create_dir_all(prefix.path().join("lib/replayer")).unwrap();
    for name in ["recorder", "replayer"] {
        let (from, to) = (program(name), prefix.path().join("bin").join(name));
        if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to).unwrap();
        }
    }
    let stock = PluginFolder::without(&[]);
    let plugins = prefix.path().join("lib/replayer/plugins");
    std::os::unix::fs::symlink(stock.path(), plugins).unwrap();
    let scratch = TempDir::new().unwrap();

    // One shell does it all, and marks where each command's output ends.
    const MARK: &str = "--- end of command";
    let mut script = PRELUDE.to_owned();
    let mut steps = Vec::new();
    for block in blocks(&page) {
        match block {
            Block::File { path, text } => {
                let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                script += &format!("mkdir -p {}\n", folder.display());
                script += &format!("cat >{path} <<'END OF FILE'\n{text}END OF FILE\n");
            }
            Block::Console(console) => {
                for step in console {
                    script += &step.command;
                    script += &format!("\necho \"{MARK} $?\"\n");
                    steps.push(step);
                }
            }
        }
    }
    assert!(steps.len() > 15, "the page has commands");
    let path = std::env::var("PATH").unwrap();
    let mut shell = Command::new("bash");
    shell.current_dir(&scratch).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell.env("PATH", format!("{}:{path}", prefix.path().join("bin").display()));
    shell.env("BUILT", built()).env("TARGET", target()).env("LC_ALL", "C");
    shell.env("LOCK", Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"));
    for variable in ["PLUGINS", "MANIFEST", "DISABLE", "ONLY", "SET"] {
        shell.env_remove(format!("REPLAYER_{variable}"));
    }
    // What goes to standard error is printed too.
    shell.args(["-c", "exec bash /dev/stdin 2>&1"]);
    fs::create_dir_all(target()).unwrap();
    let mut child = shell.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();

    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    for Step { line, command, printed } in steps {
        let mut got = Vec::new();
        let ended = loop {
            match lines.next() {
                Some(end) if end.starts_with(MARK) => break end.rsplit(' ').next(),
                Some(line) => got.push(line),
                None => break None,
            }
        };
        let got_text = got.join("\n");
        assert_eq!(ended, Some("0"), "plugin-guide.md:{line}: {command}\n{got_text}");
        assert!(
            all_match(&printed, &got),
            "plugin-guide.md:{line}: {command}\nexpected:\n{}\ngot:\n{got_text}",
            printed.join("\n"),
        );
    }
}
