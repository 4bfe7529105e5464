//! A root with something beside it that nobody may touch, and those who replay beneath it.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use replay_tests::built::{plugins, program};
use replay_tests::case::told;
use replay_tests::forge::Forge;
use replay_tests::tree::Tree;
use replay_tests::users::{NOBODY, is_root, own_user};
use tempfile::TempDir;

/// A folder for a root, and one beside it that nobody may touch.
pub struct World {
    scratch: TempDir,
}

impl World {
    pub fn new() -> Self {
        let world = Self { scratch: TempDir::new().expect("a scratch folder") };
        // Everybody may come this far: what keeps a replay in is not the folder's mode.
        let open = fs::Permissions::from_mode(0o777);
        fs::set_permissions(world.scratch.path(), open.clone()).unwrap();
        for folder in ["root", "canary", "canary/folder"] {
            fs::create_dir(world.path(folder)).unwrap();
            fs::set_permissions(world.path(folder), open.clone()).unwrap();
        }
        for file in ["canary/secret", "canary/folder/deep"] {
            fs::write(world.path(file), "secret\n").unwrap();
            fs::set_permissions(world.path(file), fs::Permissions::from_mode(0o666)).unwrap();
        }
        // Decoys: what is found beneath the root at the same paths.
        let decoy = world.path("root").join(world.below("canary"));
        fs::create_dir_all(&decoy).unwrap();
        fs::write(decoy.join("secret"), "decoys\n").unwrap();
        world.rest();
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The same without its first slash.
    pub fn below(&self, name: &str) -> PathBuf {
        self.path(name).strip_prefix("/").unwrap().to_owned()
    }

    pub fn canary(&self, name: &str) -> String {
        self.path("canary").join(name).to_string_lossy().into_owned()
    }

    /// Nobody has read the canary for a long time: so a read shows, even where the file system notes only
    /// some (relatime).
    fn rest(&self) {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for name in ["canary/folder/deep", "canary/secret", "canary/folder", "canary"] {
            let times = fs::FileTimes::new().set_accessed(long_ago);
            File::open(self.path(name)).unwrap().set_times(times).unwrap();
        }
    }

    fn last_read(&self) -> Vec<(PathBuf, i64)> {
        let names = ["canary", "canary/folder", "canary/folder/deep", "canary/secret"];
        let read = |name| (self.path(name), self.path(name).metadata().unwrap().atime());
        names.into_iter().map(read).collect()
    }

    pub fn replay(&self, who: Who, words: &[&str]) -> Output {
        // Some roots have the kernel's files mounted beneath them, as people do it for chroot(8).
        let proc = self.path("root/proc");
        let mounted = "mount --bind /proc \"$0\" && exec \"$@\"";
        let mut outer = Command::new("unshare");
        outer.args(["--mount", "--propagation", "private", "sh", "-c", mounted]).arg(&proc);
        let owner = if who == Who::Nobody { NOBODY } else { own_user() };
        let mut owned = Command::new("chown");
        owned.args(["-R", &owner.to_string()]).arg(self.path("root"));
        assert!(!is_root() || owned.status().unwrap().success());
        let (replayer, plugins) = (program("replayer"), plugins());
        let (root, trace) = (self.path("root"), self.path("trace.ds"));
        let mut all = vec![
            replayer.to_str().unwrap(),
            "--root",
            root.to_str().unwrap(),
            "--plugins",
            plugins.to_str().unwrap(),
            "--call-timeout",
            "1",
            "--verify",
            "--warn",
            trace.to_str().unwrap(),
        ];
        all.extend(words);
        let mut command = who.command(&all);
        if proc.is_dir() {
            outer.arg(command.get_program()).args(command.get_args());
            command = outer;
        }
        // A descriptor that leads outside is inherited.
        let outside = File::open(self.path("canary")).unwrap();
        // SAFETY: what runs between fork and exec is one call that takes numbers only.
        unsafe {
            command.pre_exec(move || match libc::dup2(outside.as_raw_fd(), 9) {
                9 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        command.output().unwrap()
    }

    /// Replays `trace` as everybody, each in a new world made by `prepare`; the replay comes to its end, and
    /// the canary is as it was.
    pub fn assert_kept_in(
        prepare: impl Fn(&World),
        trace: impl Fn(&World, &mut Forge),
        words: &[&str],
        check: impl Fn(Who, &World, &str),
    ) {
        for who in all() {
            let world = Self::new();
            prepare(&world);
            let mut forge = Forge::new("/");
            trace(&world, &mut forge);
            forge.write(&world.path("trace.ds"));
            let before = Tree::of(&world.path("canary"));
            world.rest();
            let times = world.last_read();
            let output = world.replay(who, words);
            let told = told(&output);
            // Where a way out can't be closed there is no replay.
            let refused = who == Who::NoNamespaces && world.path("root/proc").is_dir();
            let codes = if refused { 2..=2 } else { 0..=1 };
            assert!(
                output.status.code().is_some_and(|code| codes.contains(&code)),
                "{who:?}: {:?} {told}",
                output.status
            );
            assert_eq!(world.last_read(), times, "{who:?}: something was read: {told}");
            let after = Tree::of(&world.path("canary"));
            assert_eq!(before.differences(&after), Vec::<String>::new(), "{who:?}: {told}");
            check(who, &world, &told);
        }
    }
}

/// Who replays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever runs the tests.
    Me,
    /// An ordinary user.
    Nobody,
    /// Root without `CAP_SYS_ADMIN`.
    NoAdministrator,
    /// Root without it where there are no user namespaces either: only chroot(2) is left.
    NoNamespaces,
}

impl Who {
    /// `words` run as this user.
    fn command(self, words: &[&str]) -> Command {
        let words = words.join(" ");
        let shell = match self {
            Self::Me => format!("exec {words}"),
            Self::Nobody => {
                format!("exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups -- {words}")
            }
            Self::NoAdministrator => {
                format!("exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin -- {words}")
            }
            Self::NoNamespaces => format!(
                "exec unshare --user --map-root-user sh -c 'echo 0 > /proc/sys/user/max_user_namespaces && \
                 exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin -- {words}'"
            ),
        };
        let mut command = Command::new("sh");
        command.arg("-c").arg(shell);
        command
    }
}

/// Those whom this machine lets the tests be.
fn all() -> Vec<Who> {
    if !is_root() {
        return vec![Who::Me];
    }
    vec![Who::Me, Who::Nobody, Who::NoAdministrator, Who::NoNamespaces]
}

pub fn nothing(_: &World) {}

pub fn unchecked(_: Who, _: &World, _: &str) {}
