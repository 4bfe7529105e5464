//! Programs that were built before meet plugins that were built elsewhere: third parties add a call, replace
//! one, add a family of requests, and nothing of ours is built again.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::folder::PluginFolder;
use replay_tests::outside::{Crate, target};
use replay_tests::tool::prints;

/// The stock plugin's place taken, with options.
static DURABLE: LazyLock<Crate> = LazyLock::new(|| {
    Crate::new("durable", "fsync").with_source(include_str!("../outside/durable.rs"))
});

/// A folder with plugins and a manifest, and a case in which a program calls fsync.
struct Scene {
    case: Case,
    plugins: PluginFolder,
}

impl Scene {
    fn new(without: &[&str], library: &Path, manifest: &str) -> Self {
        let plugins = PluginFolder::without(without);
        let name = library.file_name().expect("a library has a name");
        fs::copy(library, plugins.path().join(name)).unwrap();
        let case = Case::new(|folder| fs::write(folder.join("a"), "some text\n").unwrap());
        let case = case.with_plugins(plugins.path());
        fs::write(plugins.path().join("m.toml"), format!("version = 1\n{manifest}")).unwrap();
        Self { case, plugins }
    }

    fn with_manifest<'a>(&'a self, command: &'a mut Command) -> &'a mut Command {
        command.env("REPLAYER_MANIFEST", self.plugins.path().join("m.toml"))
    }

    /// Records a copy that is made durable.
    fn record(&self) {
        let mut recorder = self.case.recorder(&["dd", "if=a", "of=b", "conv=fsync", "status=none"]);
        let output = self.with_manifest(&mut recorder).output().unwrap();
        assert_eq!((told(&output).as_str(), output.status.success()), ("", true));
        self.case.reset();
    }

    fn replay(&self, words: &[&str]) -> Output {
        self.with_manifest(&mut self.case.replayer(words)).output().unwrap()
    }

    /// Replays, and says how often the replayer itself called what `calls` names.
    fn traced(&self, calls: &str, words: &[&str]) -> usize {
        let log = self.plugins.path().join("strace.log");
        let replayer = self.case.replayer(words);
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-e", &format!("trace={calls}"), "-e", "signal=none", "-o"]);
        strace.arg(&log).arg(replayer.get_program()).args(replayer.get_args());
        let output = self.with_manifest(&mut strace).output().expect("strace is installed");
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        self.case.reset();
        let text = fs::read_to_string(log).unwrap();
        text.lines().filter(|line| line.ends_with("= 0")).count()
    }

    /// What `replayer plugins` prints for `words`.
    fn plugins(&self, words: &[&str]) -> (Option<i32>, String) {
        let mut replayer = Command::new(program("replayer"));
        replayer.arg("plugins").args(words).arg("--plugins").arg(self.plugins.path());
        let output = self.with_manifest(&mut replayer).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &told(&output);
        (output.status.code(), text)
    }
}

#[test]
fn a_call_that_the_programs_were_built_without_is_recorded_and_replayed() {
    let programs = [program("recorder"), program("replayer")];
    let built = || programs.clone().map(|path| fs::metadata(path).unwrap().modified().unwrap());
    let before = built();
    let plugin = Crate::new("acme-fsync", "fsync");
    plugin.cargo(&["test"]);
    let scene = Scene::new(&["fsync"], &plugin.build(), "");
    scene.record();
    let replay = scene.replay(&["--verify", "--abort", "--verbose"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert!(told(&replay).contains("fsync(descriptor=1"), "{}", told(&replay));
    assert_eq!(fs::read(scene.case.folder().join("b")).unwrap(), b"some text\n");
    scene.case.reset();
    assert_eq!(scene.traced("fsync", &[]), 1, "it is made by the third party's plugin");
    assert_eq!(built(), before, "nothing was built again");
}

#[test]
fn the_published_sdk_is_all_that_a_plugin_is_built_with() {
    let plugin = Crate::of_published_sdk("acme-published", "fsync");
    // Packages of other systems were never downloaded.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let words = ["metadata", "--format-version", "1", "--filter-platform", &platform];
    let metadata = plugin.cargo(&words);
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let (mut ours, packages) = (Vec::new(), metadata["packages"].as_array().unwrap());
    for package in packages.iter().filter(|package| package["source"].is_null()) {
        let (name, manifest) = (package["name"].as_str(), package["manifest_path"].as_str());
        let (name, manifest) = (name.unwrap(), Path::new(manifest.unwrap()));
        let folder = match name {
            "acme-published" => plugin.folder(),
            _ => target().join("packages").join(name),
        };
        assert_eq!(
            fs::canonicalize(manifest).unwrap(),
            fs::canonicalize(folder).unwrap().join("Cargo.toml")
        );
        ours.push(name);
    }
    ours.sort_unstable();
    assert_eq!(ours, ["acme-published", "replay-abi", "replay-sdk", "replay-sdk-derive"]);
    for name in &ours[1..] {
        // What is packed leads nowhere else: no path in a manifest, no file from a folder above.
        let package = target().join("packages").join(name);
        let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
        let paths = manifest.lines().filter(|line| line.starts_with("path = "));
        assert!(paths.clone().all(|path| !path.contains("..")), "{manifest}");
        assert!(package.join("LICENSE-MIT").is_file() && package.join("LICENSE-APACHE").is_file());
    }

    plugin.cargo(&["test"]);
    let scene = Scene::new(&["fsync"], &plugin.build(), "");
    scene.record();
    let replay = scene.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    scene.case.reset();
    assert_eq!(scene.traced("fsync", &[]), 1, "it is made by that plugin");
}

#[test]
fn the_manifest_gives_a_call_to_a_third_party_with_an_option_set() {
    let manifest = "[plugin.durable]\npriority = 1\noptions = { how = 'fdatasync', times = 3 }\n";
    let scene = Scene::new(&[], &DURABLE.build(), manifest);
    scene.record();
    assert_eq!(scene.traced("fdatasync", &[]), 3, "as the manifest says");
    assert_eq!(scene.traced("fsync", &[]), 0);
    assert_eq!(scene.traced("fdatasync", &["--set", "durable.times=5"]), 5);
    let words = ["--set", "durable.how=fsync", "--set", "durable.times=2"];
    assert_eq!(scene.traced("fsync", &words), 2, "the command line outranks the manifest");
    assert_eq!(scene.traced("fsync", &["--disable", "durable"]), 1, "the stock plugin is back");
    let replay = scene.replay(&["--set", "durable.how=nothing"]);
    assert!(told(&replay).contains("1 fsync"), "what isn't made is counted: {}", told(&replay));

    let (status, text) = scene.plugins(&["show", "durable"]);
    assert_eq!(status, Some(0), "{text}");
    for line in ["how = \"fdatasync\"", "m.toml:4:19", "an integer from 1 to 100", "enabled"] {
        assert!(text.contains(line), "{line} isn't in: {text}");
    }
    let (_, text) = scene.plugins(&["list"]);
    let stock = text.lines().find(|line| line.starts_with("fsync ")).unwrap();
    assert!(stock.contains("yields (to durable: priority 1 over 0)"), "{stock}");
}

#[test]
fn two_that_nothing_decides_between_are_refused_by_name() {
    let scene = Scene::new(&[], &DURABLE.build(), "");
    let replay = scene.replay(&[]);
    assert_eq!(replay.status.code(), Some(2));
    for word in ["libplugin_fsync.so", "`fsync` is already provided by durable", "priority"] {
        assert!(told(&replay).contains(word), "{word} isn't in: {}", told(&replay));
    }
}

#[test]
fn options_that_are_wrong_are_refused_with_their_place() {
    let library = DURABLE.build();
    for (options, words) in [
        ("times = 0", ["m.toml:4:11: ", "`times` of plugin durable is an integer from 1 to 100"]),
        ("how = 'slowly'", ["m.toml:4:9: ", "one of \"fsync\", \"fdatasync\", \"nothing\""]),
        ("hwo = 'fsync'", ["m.toml:4:3: ", "it has how, times"]),
    ] {
        let manifest = format!("[plugin.durable.options]\n\n  {options}\n");
        let scene = Scene::new(&["fsync"], &library, &manifest);
        // Neither a trace nor a record is needed to find out.
        for output in [scene.replay(&[]), {
            let mut recorder = scene.case.recorder(&["true"]);
            scene.with_manifest(&mut recorder).output().unwrap()
        }] {
            let told = told(&output);
            assert_eq!(output.status.code(), Some(2), "{told}");
            words.iter().for_each(|word| assert!(told.contains(word), "{word} isn't in: {told}"));
        }
    }
    let scene = Scene::new(&["fsync"], &library, "");
    let replay = scene.replay(&["--set", "durable.times=many"]);
    let text = told(&replay);
    assert!(text.contains("--set durable.times=many: it is an integer from 1 to 100"), "{text}");
    let replay = scene.replay(&["--set", "read.times=1"]);
    assert!(told(&replay).contains("plugin read has no options"), "{}", told(&replay));
}

#[test]
fn a_family_of_requests_is_added_beside_the_stock_plugin() {
    let terminals = Crate::new("terminals", "ioctl");
    let terminals = terminals.with_source(include_str!("../outside/terminals.rs"));
    let scene = Scene::new(&[], &terminals.build(), "");
    // One request of the family (TCGETS, which fails on a file), and one that isn't (FS_IOC_GETFLAGS).
    let words = ["sh", "-c", "[ -t 3 ] 3<a; lsattr a >b 2>/dev/null; :"];
    let output = scene.with_manifest(&mut scene.case.recorder(&words)).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    scene.case.reset();
    let calls = prints(&["cat", "--calls"], &scene.case.trace());
    let of = |call: &str, request: &str| {
        let mut lines = calls.lines();
        lines.any(|line| line.contains(&format!(" {call}(")) && line.contains(request))
    };
    // Without plugins, requests are numbers.
    let (family, other) = ("request=21505", "request=-2146933247");
    assert!(of("terminal_request", family) && !of("ioctl", family), "{calls}");
    assert!(of("ioctl", other) && !of("terminal_request", other), "{calls}");

    let replay = scene.replay(&["--verify", "--verbose"]);
    let text = told(&replay);
    assert_eq!(replay.status.code(), Some(0), "{text}");
    assert!(text.contains("terminal_request(descriptor=3, request=0x5401"), "{text}");
    // The stock plugin leaves terminals alone, so this one made it.
    assert_eq!(failed_requests(&scene), 1);

    // Switched off, its requests are the stock plugin's again.
    let mut recorder = scene.case.recorder(&words);
    recorder.env("REPLAYER_DISABLE", "terminals");
    assert!(scene.with_manifest(&mut recorder).output().unwrap().status.success());
    let calls = prints(&["cat", "--calls"], &scene.case.trace());
    assert!(!calls.contains("terminal_request("), "{calls}");
}

/// How many terminal requests a replay makes that fail as they did.
fn failed_requests(scene: &Scene) -> usize {
    let log = scene.plugins.path().join("strace.log");
    scene.case.reset();
    let replayer = scene.case.replayer(&["--quiet"]);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=ioctl", "-o"]).arg(&log);
    strace.arg(replayer.get_program()).args(replayer.get_args());
    let output = scene.with_manifest(&mut strace).output().expect("strace is installed");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let text = fs::read_to_string(log).unwrap();
    // Standard error is a pipe, on which the replayer may ask the same; that is a smaller number.
    let made = text.lines().filter(|line| line.contains("TCGETS") && line.contains("ENOTTY"));
    made.filter(|line| !line.contains("ioctl(0,") && !line.contains("ioctl(1,"))
        .filter(|line| !line.contains("ioctl(2,"))
        .count()
}
