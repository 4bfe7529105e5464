//! What root doesn't run: code that somebody else could have put there.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Why root had better not take the plugin in file `path`, if there is a reason: anybody may write to it or to
/// its folder, or another user owns one of them. A link's target counts too. For others than root, what they
/// can't change is theirs to judge.
pub fn danger(path: &Path) -> Option<String> {
    nix::unistd::geteuid().is_root().then(|| of_others(path)).flatten()
}

/// The same, whoever asks.
fn of_others(path: &Path) -> Option<String> {
    let target = fs::canonicalize(path).ok()?;
    let folders = [path.parent(), target.parent()];
    folders.into_iter().flatten().chain([target.as_path()]).find_map(|each| {
        // `plugin.so` lies in the folder with the empty name.
        let each = if each.as_os_str().is_empty() { Path::new(".") } else { each };
        let wrong = wrong_with(&fs::metadata(each).ok()?)?;
        Some(format!("root doesn't take it, since {} {wrong}", each.display()))
    })
}

fn wrong_with(metadata: &Metadata) -> Option<String> {
    match (metadata.mode() & 0o002, metadata.uid()) {
        (0, 0) => None,
        (0, user) => Some(format!("belongs to user {user}")),
        _ => Some("can be written to by anybody".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    #[test]
    fn what_anybody_can_write_to_is_dangerous() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let folder = scratch.path().join("folder");
        fs::create_dir(&folder).expect("the scratch directory is writable");
        let (file, link) = (folder.join("x.so"), scratch.path().join("link.so"));
        fs::write(&file, "").expect("the scratch directory is writable");
        symlink("folder/x.so", &link).expect("the scratch directory is writable");
        let mode = |path: &Path, mode| {
            set_permissions(path, Permissions::from_mode(mode)).expect("the file is ours");
        };
        let told = |path: &Path| of_others(path).unwrap_or_default();
        let open = |path: &Path| format!("{} can be written to by anybody", path.display());
        let (folder, file) =
            (fs::canonicalize(&folder).expect("it is there"), fs::canonicalize(&file).unwrap());

        mode(&folder, 0o777);
        assert!(told(&file).ends_with(&open(&folder)), "{}", told(&file));
        assert!(told(&link).ends_with(&open(&folder)), "{}", told(&link));
        mode(&folder, 0o755);
        mode(&file, 0o646);
        assert!(told(&file).contains(&open(&file)) || !nix::unistd::geteuid().is_root());

        // Only root can give files away, and only for root are files of others' dangerous.
        mode(&file, 0o644);
        if nix::unistd::geteuid().is_root() {
            assert_eq!(danger(&file), None);
            assert_eq!(danger(&link), None);
            chown(&file, Some(1234), None).expect("root gives files away");
            assert!(told(&link).ends_with("x.so belongs to user 1234"), "{}", told(&link));
        } else {
            assert_eq!(danger(&file), None);
            assert!(told(&file).contains("belongs to user"), "{}", told(&file));
        }
    }
}
