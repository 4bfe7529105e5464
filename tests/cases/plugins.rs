//! Where plugins are looked for, which of them are taken, and what `replayer plugins` tells of them.

#[path = "plugins/told.rs"]
mod told;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use replay_tests::built::{built, plugins, program};
use replay_tests::case::told;
use serde_json::Value;
use tempfile::TempDir;

/// An installation with nothing in it but the program: `prefix/bin/replayer`.
struct Prefix {
    scratch: TempDir,
}

impl Prefix {
    fn new() -> Self {
        // Where the program lies too: a copy could still be open for writing in a child of another test.
        let scratch = TempDir::new_in(built()).unwrap();
        let prefix = Self { scratch };
        fs::create_dir_all(prefix.path("bin")).unwrap();
        let replayer = program("replayer");
        let link = prefix.path("bin/replayer");
        // A link of the other kind would lead to where the program was built.
        if fs::hard_link(&replayer, &link).is_err() {
            fs::copy(&replayer, &link).unwrap();
        }
        prefix
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// A plugin folder that has only the plugin `plugin`.
    fn folder(&self, name: &str, plugin: &str) -> PathBuf {
        let folder = self.path(name);
        fs::create_dir_all(&folder).unwrap();
        let stock = library(plugin);
        fs::copy(&stock, folder.join(format!("libplugin_{plugin}.so"))).unwrap();
        // The library with the code of stock plugins is beneath their folder.
        let shared = stock.parent().unwrap().join("shared");
        if shared.is_dir() && !folder.join("shared").exists() {
            symlink(shared, folder.join("shared")).unwrap();
        }
        folder
    }

    fn manifest(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("version = 1\n{text}")).unwrap();
        path
    }

    fn replayer(&self) -> Command {
        let mut replayer = Command::new(self.path("bin/replayer"));
        for variable in ["PLUGINS", "MANIFEST", "DISABLE", "ONLY", "SET"] {
            replayer.env_remove(format!("REPLAYER_{variable}"));
        }
        replayer
    }

    /// The plugins that are found, by name.
    #[track_caller]
    fn found(&self, change: impl FnOnce(&mut Command)) -> Vec<String> {
        let mut replayer = self.replayer();
        change(replayer.args(["plugins", "--json"]));
        let output = replayer.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let entries: Value = serde_json::from_slice(&output.stdout).unwrap();
        let names = entries.as_array().unwrap().iter();
        names.map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    }
}

fn library(plugin: &str) -> PathBuf {
    fs::canonicalize(plugins().join(format!("libplugin_{plugin}.so"))).unwrap()
}

/// `replayer plugins` with these words.
fn ran(words: &[&str]) -> Output {
    let mut replayer = Command::new(program("replayer"));
    replayer.arg("plugins").args(words).env_remove("REPLAYER_PLUGINS").output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &told(output)
}

/// The doctor's exit status and words for file `path`.
fn diagnosis(path: &Path) -> (Option<i32>, String) {
    let output = ran(&["doctor", &path.to_string_lossy()]);
    (output.status.code(), text(&output))
}

#[test]
fn each_step_of_the_search_order_outranks_those_behind_it() {
    let prefix = Prefix::new();
    let output = prefix.replayer().args(["plugins", "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("lib/replayer/plugins"), "{}", told(&output));

    // From the last step to the first: each new one hides what was found before.
    prefix.folder("plugins", "read");
    assert_eq!(prefix.found(|_| {}), ["read"], "a folder beside that of the programs");
    prefix.folder("bin/plugins", "write");
    assert_eq!(prefix.found(|_| {}), ["write"], "a folder beside the programs");
    prefix.folder("lib/replayer/plugins", "lseek");
    assert_eq!(prefix.found(|_| {}), ["lseek"], "$prefix/lib/replayer/plugins");

    prefix.folder("m1", "dup");
    prefix.folder("m2", "dup2");
    prefix.manifest("plugin-manifest.toml", "search = ['m1', 'm2']");
    assert_eq!(prefix.found(|_| {}), ["dup", "dup2"], "the manifest of the installation");
    prefix.folder("lib/replayer/m3", "dup3");
    prefix.manifest("lib/replayer/plugin-manifest.toml", "search = ['m3']");
    assert_eq!(prefix.found(|_| {}), ["dup3"], "the one beside the plugins comes first");
    let other = prefix.manifest("other.toml", "search = ['m2']");
    let by_variable = |command: &mut Command| {
        command.env("REPLAYER_MANIFEST", &other);
    };
    assert_eq!(prefix.found(by_variable), ["dup2"], "REPLAYER_MANIFEST");
    let named = prefix.manifest("named.toml", "search = ['m1']");
    let by_word = |command: &mut Command| {
        by_variable(command);
        command.arg("--manifest").arg(&named);
    };
    assert_eq!(prefix.found(by_word), ["dup"], "--manifest outranks its variable");

    let (open, close) = (prefix.folder("e1", "open"), prefix.folder("e2", "close"));
    let both = format!("{}:{}", open.display(), close.display());
    let by_variable = |command: &mut Command| {
        command.env("REPLAYER_PLUGINS", &both);
    };
    assert_eq!(prefix.found(by_variable), ["close", "open"], "REPLAYER_PLUGINS");
    let stat = prefix.folder("w", "stat");
    let by_word = |command: &mut Command| {
        by_variable(command);
        command.arg("--plugins").arg(&stat);
    };
    assert_eq!(prefix.found(by_word), ["stat"], "--plugins outranks its variable");

    // An empty name stands for what would be there otherwise; a file that the manifest names is there anyway.
    let added = |command: &mut Command| {
        command.arg("--plugins").arg("w:");
    };
    let in_prefix = |command: &mut Command| added(command.current_dir(prefix.path("")));
    assert_eq!(prefix.found(in_prefix), ["dup3", "stat"]);
    let before_variable = |command: &mut Command| {
        by_variable(command);
        in_prefix(command);
    };
    assert_eq!(prefix.found(before_variable), ["close", "open", "stat"], "the variable's folders");
    let emptied = |command: &mut Command| {
        command.env("REPLAYER_PLUGINS", "e1:");
        in_prefix(command);
    };
    assert_eq!(prefix.found(emptied), ["dup3", "open", "stat"], "and what stands behind them");
    let file = format!("[plugin.chmod]\npath = '{}'", library("chmod").display());
    let named = prefix.manifest("named.toml", &file);
    let by_word = |command: &mut Command| {
        command.arg("--manifest").arg(&named);
    };
    assert_eq!(prefix.found(by_word), ["chmod", "lseek"]);
}

#[test]
fn of_two_files_with_one_plugin_the_first_folders_is_taken() {
    let prefix = Prefix::new();
    let (first, second) = (prefix.folder("a", "read"), prefix.folder("b", "read"));
    let folders = format!("{}:{}", first.display(), second.display());
    let output = ran(&["list", "--plugins", &folders]);
    let text = text(&output);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("read ")).collect();
    let [taken, other] = lines[..] else { panic!("two lines: {text}") };
    assert!(taken.contains(" enabled ") && taken.contains("a/libplugin_read.so"), "{taken}");
    assert!(other.contains("shadowed") && other.contains("a/libplugin_read.so comes first"));
}

#[test]
fn pins_are_required_checked_and_written() {
    let prefix = Prefix::new();
    let folder = prefix.folder("plugins", "read");
    let list = |manifest: &Path, words: &[&str]| {
        let mut replayer = prefix.replayer();
        replayer.arg("plugins").args(words).arg("--manifest").arg(manifest);
        text(&replayer.output().unwrap())
    };
    let replays = |manifest: &Path| {
        let mut replayer = prefix.replayer();
        replayer.arg("--manifest").arg(manifest).arg("none.ds");
        told(&replayer.output().unwrap())
    };
    let required = prefix.manifest("required.toml", "require-pins = true\nsearch = ['plugins']");
    let pins = list(&prefix.manifest("none.toml", "search = ['plugins']"), &["list", "--pins"]);
    assert!(pins.starts_with("[plugin.\"read\"]\nsha256 = \""), "{pins}");
    let refused = replays(&required);
    assert!(refused.contains("requires pins and has none for it"), "{refused}");
    let pin = pins.split('"').nth(3).unwrap();
    assert!(refused.contains(pin), "the sentence has what to add: {refused}");
    assert!(list(&required, &["list"]).contains("refused (the manifest requires pins"));

    let text = format!("require-pins = true\nsearch = ['plugins']\n{pins}");
    let pinned = prefix.manifest("pinned.toml", &text);
    assert!(replays(&pinned).contains("none.ds"), "the plugins are taken");
    let file = folder.join("libplugin_read.so");
    let mut changed = fs::read(&file).unwrap();
    changed.push(0);
    fs::write(&file, changed).unwrap();
    let refused = replays(&pinned);
    assert!(refused.contains(&format!("not the pinned {pin}")), "{refused}");
}

#[test]
fn root_takes_no_plugin_that_others_could_change() {
    let prefix = Prefix::new();
    let folder = prefix.folder("plugins", "read");
    let file = folder.join("libplugin_read.so");
    let told_of = |words: &[&str], manifest: &str| {
        let manifest = prefix.manifest("m.toml", &format!("search = ['plugins']\n{manifest}"));
        let mut replayer = prefix.replayer();
        replayer.arg("--manifest").arg(manifest).args(words).arg("none.ds");
        told(&replayer.output().unwrap())
    };
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let is_root = fs::metadata(&folder).unwrap().permissions().mode() != 0
        && chown(&file, Some(0), None).is_ok();
    let refused = |why: &str| {
        let told = told_of(&[], "");
        // For others than root, what they can't change is theirs to judge.
        assert_eq!(told.contains(why), is_root, "{told}");
        assert_eq!(told.contains("--allow-unsafe-plugins"), is_root, "{told}");
        assert!(told_of(&["--allow-unsafe-plugins"], "").contains("none.ds"));
        assert!(told_of(&[], "allow-unsafe-plugins = true").contains("none.ds"));
    };
    assert!(told_of(&[], "").contains("none.ds"), "as it is, it is taken");
    mode(&file, 0o666);
    refused("libplugin_read.so can be written to by anybody");
    mode(&file, 0o644);
    mode(&folder, 0o777);
    refused("plugins can be written to by anybody");
    mode(&folder, 0o755);
    if is_root {
        chown(&file, Some(1234), None).unwrap();
        refused("libplugin_read.so belongs to user 1234");
        chown(&file, Some(0), None).unwrap();
        // A manifest that anybody could have written decides nothing either.
        let manifest =
            prefix.manifest("open.toml", "search = ['plugins']\nallow-unsafe-plugins = true");
        mode(&manifest, 0o666);
        let output = prefix.replayer().arg("--manifest").arg(&manifest).arg("none.ds").output();
        let told = told(&output.unwrap());
        assert!(told.contains("open.toml can be written to by anybody"), "{told}");
    }
}

#[test]
fn root_takes_no_plugin_whose_code_others_could_change() {
    let prefix = Prefix::new();
    let folder = prefix.folder("plugins", "read");
    let (shared, code) = (folder.join("shared"), folder.join("shared/libstock.so"));
    let stock = library("read").parent().unwrap().join("shared/libstock.so");
    fs::remove_file(&shared).unwrap();
    fs::create_dir(&shared).unwrap();
    fs::copy(stock, &code).unwrap();
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let is_root = chown(&code, Some(0), None).is_ok();
    let refused = |why: &str| {
        let command = |words: &[&str]| {
            let mut replayer = prefix.replayer();
            replayer.arg("--plugins").arg(&folder).args(words).output().unwrap()
        };
        let told = told(&command(&["none.ds"]));
        // For others than root, what they can't change is theirs to judge.
        assert_eq!(told.contains(why), is_root, "{told}");
        assert_eq!(told.contains("libplugin_read.so: root doesn't take it"), is_root, "{told}");
        let listed = text(&command(&["plugins", "list"]));
        assert_eq!(listed.contains(why), is_root, "{listed}");
        let (status, text) = diagnosis(&folder.join("libplugin_read.so"));
        assert_eq!((status, text.contains(why)), (Some(i32::from(is_root)), is_root), "{text}");
        assert!(self::told(&command(&["--allow-unsafe-plugins", "none.ds"])).contains("none.ds"));
    };
    mode(&code, 0o666);
    refused("shared/libstock.so can be written to by anybody");
    mode(&code, 0o644);
    mode(&shared, 0o777);
    refused("plugins/shared can be written to by anybody");
    mode(&shared, 0o755);
    if is_root {
        chown(&code, Some(1234), None).unwrap();
        refused("shared/libstock.so belongs to user 1234");
        chown(&code, Some(0), None).unwrap();
    }
    let (status, text) = diagnosis(&folder.join("libplugin_read.so"));
    assert_eq!(status, Some(0), "as it was, it is taken: {text}");
}

#[test]
fn variables_stand_for_options_that_are_not_given() {
    let prefix = Prefix::new();
    prefix.folder("plugins", "read");
    prefix.folder("plugins", "write");
    let status = |variable: &str, value: &str, words: &[&str]| {
        let mut replayer = prefix.replayer();
        replayer.args(["plugins", "list"]).args(words).env(variable, value);
        let output = text(&replayer.output().unwrap());
        let lines = output.lines().filter(|line| line.contains(" enabled "));
        lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(status("REPLAYER_DISABLE", "", &[]), ["read", "write"]);
    assert_eq!(status("REPLAYER_DISABLE", "read", &[]), ["write"]);
    assert_eq!(status("REPLAYER_DISABLE", "read", &["--disable", "write"]), ["read"]);
    assert_eq!(status("REPLAYER_ONLY", "read", &[]), ["read"]);
    let mut replayer = prefix.replayer();
    replayer.arg("none.ds").env("REPLAYER_SET", "read.a=1");
    let told = told(&replayer.output().unwrap());
    assert!(told.contains("plugin read has no options"), "{told}");
}

#[test]
fn what_the_manifest_says_of_what_is_not_there_is_told() {
    let prefix = Prefix::new();
    prefix.folder("plugins", "read");
    let text = "search = ['plugins']\n[syscall.raed]\nenabled = false\n[plugin.acme]\npriority = 1";
    let manifest = prefix.manifest("m.toml", text);
    let mut replayer = prefix.replayer();
    let listed = replayer.args(["plugins", "--manifest"]).arg(&manifest).output().unwrap();
    let listed = self::text(&listed);
    assert!(listed.contains("m.toml:3:10: no plugin provides a call `raed` here"), "{listed}");
    assert!(listed.contains("m.toml:5:9: no plugin is named `acme` here"), "{listed}");
    for (text, error) in [
        ("[syscall.read]\nplugin = 'acme'", "m.toml:4:10: no plugin is named `acme`"),
        ("[syscall.write]\nplugin = 'read'", "m.toml:4:10: plugin read doesn't provide `write`"),
    ] {
        let manifest = prefix.manifest("m.toml", &format!("search = ['plugins']\n{text}"));
        let output = prefix.replayer().arg("--manifest").arg(manifest).arg("none.ds").output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(told(&output).contains(error), "{}", told(&output));
    }
}

#[test]
fn a_file_that_the_manifest_names_is_the_plugin_that_it_is_named_for() {
    let prefix = Prefix::new();
    let folder = prefix.folder("plugins", "read");
    let pin = "0".repeat(64);
    for (name, file, error) in [
        ("read", "none.so", "plugins/none.so: it isn't there, and "),
        ("acme", "libplugin_read.so", "it is the plugin `read`, and "),
    ] {
        let text = format!("[plugin.{name}]\npath = 'plugins/{file}'\nsha256 = '{pin}'");
        let manifest = prefix.manifest("m.toml", &text);
        let mut replayer = prefix.replayer();
        replayer.arg("--manifest").arg(&manifest).arg("--plugins").arg(&folder).arg("none.ds");
        let output = replayer.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let told = told(&output);
        assert!(told.contains(error) && told.contains("m.toml:3:8 "), "{told}");
    }
}
