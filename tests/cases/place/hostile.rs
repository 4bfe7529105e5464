//! Traces that try to leave the root, replayed by root, by an ordinary user, and where namespaces are not to
//! be had: what lies outside is neither changed nor read.

mod world;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use replay_tests::case::told;
use replay_tests::forge::{Cell, Forge};
use replay_tests::users::is_root;

use world::{Who, World, nothing, unchecked};

const CWD: i64 = libc::AT_FDCWD as i64;
const READ: i64 = libc::O_RDONLY as i64;
const MAKE: i64 = (libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC) as i64;

/// Opens `path` as 3, reads the secret from it, and closes it.
fn steal(forge: &mut Forge, path: &str) {
    open(forge, 1, path, READ, 3);
    let data: Cell<'_> = (&b"secret\n"[..]).into();
    forge.call(
        1,
        "read",
        Ok(7),
        &[("descriptor", 3.into()), ("data_read", data), ("bytes_requested", 100.into())],
    );
    forge.call(1, "close", Ok(0), &[("descriptor", 3.into())]);
}

fn open(forge: &mut Forge, task: i32, path: &str, flags: i64, descriptor: i64) {
    forge.call(
        task,
        "openat",
        Ok(descriptor),
        &[
            ("descriptor", CWD.into()),
            ("given_pathname", path.into()),
            ("open_value", flags.into()),
            ("mode_value", 0o666.into()),
        ],
    );
}

/// The column of a call's one path.
fn named(path: &str) -> [(&'static str, Cell<'_>); 1] {
    [("given_pathname", path.into())]
}

/// Steals, overwrites, makes, renames and removes what is in the folder `path`.
fn harm(forge: &mut Forge, path: &str) {
    let inside = |name: &str| format!("{path}/{name}");
    steal(forge, &inside("secret"));
    open(forge, 1, &inside("secret"), MAKE, 3);
    let data: Cell<'_> = (&b"overwritten"[..]).into();
    let cells = [("descriptor", 3.into()), ("data_written", data), ("bytes_requested", 11.into())];
    forge.call(1, "write", Ok(11), &cells);
    forge.call(1, "close", Ok(0), &[("descriptor", 3.into())]);
    let (secret, new) = (inside("secret"), inside("new"));
    forge.call(1, "mkdir", Ok(0), &named(&inside("made")));
    let names = [("given_oldname", secret.as_str().into()), ("given_newname", new.as_str().into())];
    forge.call(1, "rename", Ok(0), &names);
    forge.call(1, "chmod", Ok(0), &named(&inside("folder")));
    forge.call(1, "truncate", Ok(0), &named(&inside("folder/deep")));
    forge.call(1, "unlink", Ok(0), &named(&inside("folder/deep")));
    forge.call(1, "rmdir", Ok(0), &named(&inside("folder")));
}

#[test]
fn dots_and_links_lead_nowhere() {
    World::assert_kept_in(
        |world| {
            let (root, canary) = (world.path("root"), world.path("canary"));
            symlink(&canary, root.join("there")).unwrap();
            symlink(Path::new("../../../../../../../..").join(&canary), root.join("up")).unwrap();
            symlink("../canary", root.join("beside")).unwrap();
        },
        |world, forge| {
            let canary = world.canary("");
            harm(forge, &format!("../../../../../../../../..{canary}"));
            harm(forge, "../canary");
            let texts = [canary.as_str(), "/../../../../../../../../../../../", "../canary"];
            for (number, text) in texts.into_iter().enumerate() {
                let link = format!("/link{number}");
                let text = Cell::Bytes(format!("{text}\0").leak().as_bytes());
                let cells = [("target_pathname", text), ("given_pathname", link.as_str().into())];
                forge.call(1, "symlink", Ok(0), &cells);
                harm(forge, &link);
            }
            for link in ["there", "up", "beside"] {
                harm(forge, link);
            }
            harm(forge, &canary);
        },
        &[],
        |who, world, told| {
            // What was found is the decoy.
            assert!(told.contains("got \"decoys"), "{who:?}: {told}");
            assert!(!world.path("root").join(world.below("canary/secret")).exists());
        },
    );
}

#[test]
fn a_race_for_a_link_is_lost() {
    const ROUNDS: usize = 300;
    World::assert_kept_in(
        |world| {
            let root = world.path("root");
            fs::create_dir(root.join("a")).unwrap();
            symlink("../canary", root.join("b")).unwrap();
            fs::write(root.join("a/secret"), "inside").unwrap();
        },
        |world, forge| {
            // One task changes what `d` is, the other goes through it.
            let flags =
                i64::from(libc::CLONE_THREAD | libc::CLONE_FS | libc::CLONE_FILES | libc::CLONE_VM);
            forge.call(1, "clone", Ok(2), &[("flag_value", flags.into())]);
            let (canary, there) = (world.canary(""), "b");
            for name in [there, canary.as_str()] {
                for _ in 0..ROUNDS {
                    for (old, new) in [("a", "d"), ("d", "a"), (name, "d"), ("d", name)] {
                        let names = [("given_oldname", old.into()), ("given_newname", new.into())];
                        forge.call(1, "rename", Ok(0), &names);
                    }
                    open(forge, 2, "d/secret", MAKE, 3);
                    forge.call(2, "close", Ok(0), &[("descriptor", 3.into())]);
                    let path = [("given_pathname", "d/../d/folder/deep".into())];
                    forge.call(2, "unlink", Ok(0), &path);
                    open(forge, 2, "d/new", MAKE, 3);
                }
            }
        },
        &["--order", "free", "--quiet"],
        unchecked,
    );
}

#[test]
fn the_kernels_own_paths_lead_nowhere() {
    World::assert_kept_in(
        |world| symlink("/proc", world.path("root").join("p")).unwrap(),
        |world, forge| {
            for process in ["self", "thread-self", "1", "self/task/1"] {
                for proc in ["/proc", "proc", "p", "/./proc/../proc"] {
                    harm(forge, &format!("{proc}/{process}/root{}", world.canary("")));
                    harm(forge, &format!("{proc}/{process}/cwd/../canary"));
                    harm(forge, &format!("{proc}/{process}/fd/9"));
                }
            }
            harm(forge, "/dev/fd/9");
        },
        &[],
        unchecked,
    );
}

#[test]
fn the_kernels_files_that_are_mounted_beneath_the_root_are_covered() {
    if !is_root() {
        return;
    }
    World::assert_kept_in(
        |world| fs::create_dir(world.path("root/proc")).unwrap(),
        |world, forge| {
            open(forge, 1, "proc/version", READ, 3);
            for process in ["self", "thread-self", "1", "self/task/1"] {
                harm(forge, &format!("proc/{process}/root{}", world.canary("")));
                harm(forge, &format!("proc/{process}/fd/9"));
            }
        },
        &[],
        |who, _, told| {
            let words = match who {
                Who::NoNamespaces => ["proc shows the kernel's own files", "unmount it"],
                _ => ["proc/version\"", "got ENOENT"],
            };
            assert!(words.iter().all(|word| told.contains(word)), "{who:?}: {told}");
        },
    );
}

#[test]
fn other_ways_out_are_closed() {
    World::assert_kept_in(
        nothing,
        |world, forge| {
            let canary = world.canary("");
            // The classic: a new root below the working directory.
            forge.call(1, "mkdir", Ok(0), &named("x"));
            forge.call(1, "chroot", Ok(0), &named("x"));
            forge.call(1, "chdir", Ok(0), &named("../../../../../../.."));
            forge.call(1, "chroot", Ok(0), &named("."));
            harm(forge, &canary);
            // Other namespaces, and other mounts.
            forge.call(1, "unshare", Ok(0), &[("flag_value", i64::from(libc::CLONE_NEWNS).into())]);
            let names = [("given_source", canary.as_str().into()), ("given_pathname", "x".into())];
            forge.call(1, "mount", Ok(0), &names);
            harm(forge, "x");
            let names = [("given_new_root", "x".into()), ("given_put_old", "x".into())];
            forge.call(1, "pivot_root", Ok(0), &names);
            forge.call(1, "setns", Ok(0), &[("descriptor", 9.into())]);
            // A file by its number.
            let handle = [
                ("descriptor", CWD.into()),
                ("handle_size", 8.into()),
                ("handle_type", 1.into()),
                ("open_value", READ.into()),
            ];
            forge.call(1, "open_by_handle_at", Ok(7), &handle);
            let cells = [("descriptor", 7.into()), ("truncate_length", 0.into())];
            forge.call(1, "ftruncate", Ok(0), &cells);
        },
        &[],
        |who, _, told| assert!(told.contains("1 open_by_handle_at"), "{who:?}: {told}"),
    );
}

#[test]
fn inherited_descriptors_are_not_the_traces() {
    World::assert_kept_in(
        nothing,
        |world, forge| {
            // One that the trace says was open before, and others that it never introduced.
            forge.open_before(8, &world.canary("secret"));
            for descriptor in [3, 4, 5, 6, 7, 8, 9, 10] {
                let fd = ("descriptor", descriptor.into());
                forge.call(1, "fchdir", Ok(0), &[fd]);
                let data: Cell<'_> = (&b"overwritten"[..]).into();
                let write = [fd, ("data_written", data), ("bytes_requested", 11.into())];
                forge.call(1, "write", Ok(11), &write);
                forge.call(1, "getdents64", Ok(100), &[fd, ("count", 1000.into())]);
                forge.call(1, "ftruncate", Ok(0), &[fd]);
                let path = ("given_pathname", "secret".into());
                let flags = ("open_value", READ.into());
                forge.call(1, "openat", Ok(descriptor + 20), &[fd, path, flags]);
                forge.call(1, "mkdirat", Ok(0), &[fd, ("given_pathname", "made".into())]);
                forge.call(1, "unlinkat", Ok(0), &[fd, path]);
                let both = [("old_descriptor", descriptor.into()), ("new_descriptor", 50.into())];
                forge.call(1, "dup2", Ok(50), &both);
                forge.call(1, "fchmod", Ok(0), &[("descriptor", 50.into())]);
            }
            harm(forge, "");
        },
        &[],
        |who, _, told| assert!(told.contains("never introduced"), "{who:?}: {told}"),
    );
}

#[test]
fn devices_are_neither_made_nor_opened() {
    World::assert_kept_in(
        |world| {
            if is_root() {
                let device = world.path("root/zero");
                let mut mknod = Command::new("mknod");
                mknod.args(["-m", "666"]).arg(&device).args(["c", "1", "5"]);
                assert!(mknod.status().unwrap().success());
            }
        },
        |_, forge| {
            for (name, kind) in [("c", libc::S_IFCHR), ("b", libc::S_IFBLK)] {
                let cells = [
                    ("given_pathname", Cell::Path(name)),
                    ("mode_value", i64::from(kind | 0o666).into()),
                    ("dev", 0x105.into()),
                ];
                forge.call(1, "mknod", Ok(0), &cells);
                open(forge, 1, name, READ, 3);
            }
            open(forge, 1, "zero", READ, 4);
        },
        &[],
        |who, world, told| {
            for name in ["c", "b"] {
                assert!(!world.path("root").join(name).exists(), "{who:?}: {told}");
            }
            if is_root() && who != Who::NoNamespaces {
                assert!(told.contains("\"zero\"") && told.contains("EACCES"), "{who:?}: {told}");
            }
        },
    );
}

#[test]
fn wild_values_are_outcomes() {
    World::assert_kept_in(
        nothing,
        |_, forge| {
            open(forge, 1, "file", i64::from(libc::O_RDWR | libc::O_CREAT), 3);
            for number in [-1, i64::MIN, i64::MAX, i64::from(i32::MIN), 1 << 40] {
                for descriptor in [3, -1, i32::MIN, i32::MAX] {
                    let fd = ("descriptor", descriptor.into());
                    let (count, at) =
                        (("bytes_requested", number.into()), ("offset", number.into()));
                    for call in ["read", "write"] {
                        forge.call(1, call, Ok(number), &[fd, count]);
                    }
                    for call in ["pread", "pwrite"] {
                        forge.call(1, call, Ok(number), &[fd, count, at]);
                    }
                    forge.call(1, "lseek", Ok(number), &[fd, at]);
                    forge.call(1, "getdents64", Ok(number), &[fd, ("count", number.into())]);
                    let both =
                        [("old_descriptor", descriptor.into()), ("new_descriptor", number.into())];
                    forge.call(1, "dup2", Ok(number), &both);
                    if descriptor != 3 {
                        forge.call(1, "close", Ok(0), &[fd]);
                    }
                }
            }
            for path in [&b""[..], b"\0", b"no end", &[b'/'; 100_000], &[0xff; 5000]] {
                let path = ("given_pathname", Cell::Bytes(path));
                forge.call(1, "openat", Ok(5), &[("descriptor", CWD.into()), path]);
                forge.call(1, "mkdir", Ok(0), &[path]);
                forge.call(1, "unlink", Ok(0), &[path]);
            }
            let text = ("target_pathname", Cell::Bytes(b"no end"));
            forge.call(1, "symlink", Ok(0), &[text, ("given_pathname", "s".into())]);
            forge.call(1, "clone", Ok(i64::MAX), &[("flag_value", (-1).into())]);
            forge.call(1, "clone", Ok(1), &[("flag_value", 0.into())]);
            forge.call(i32::MIN, "close", Ok(0), &[("descriptor", 3.into())]);
        },
        &[],
        unchecked,
    );
}

#[test]
fn where_only_chroot_is_left_people_are_told() {
    if !is_root() {
        return;
    }
    let world = World::new();
    Forge::new("/").call(1, "sync", Ok(0), &[]).write(&world.path("trace.ds"));
    let output = world.replay(Who::NoNamespaces, &[]);
    assert!(told(&output).contains("no mount namespace is to be had here"), "{}", told(&output));
    let output = world.replay(Who::Me, &[]);
    assert!(!told(&output).contains("namespace"), "{}", told(&output));
}
