//! Replays by others than the user who runs the tests.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// An ordinary user, and their group.
pub const NOBODY: u32 = 65534;

/// The user who runs the tests.
pub fn own_user() -> u32 {
    // SAFETY: the call takes nothing.
    unsafe { libc::geteuid() }
}

/// Whether the tests are run by root, who may be anybody; says so if not.
pub fn is_root() -> bool {
    let is_root = own_user() == 0;
    if !is_root {
        eprintln!("not tested: it needs root");
    }
    is_root
}

/// The same command, run by an ordinary user.
pub fn as_nobody(command: &Command) -> Command {
    let mut nobody = Command::new("setpriv");
    nobody.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}")]);
    nobody.args(["--clear-groups", "--"]).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        nobody.current_dir(folder);
    }
    nobody
}

/// Gives `folder` and all that is in it to `user`, and lets everybody come that far.
///
/// # Panics
/// If that isn't possible.
pub fn give(folder: &Path, user: u32) {
    let mut chown = Command::new("chown");
    chown.args(["-R", &format!("{user}:{user}")]).arg(folder);
    assert!(chown.status().expect("there is a chown").success());
    if let Some(above) = folder.parent() {
        std::fs::set_permissions(above, Permissions::from_mode(0o755)).expect("it is ours");
    }
}
