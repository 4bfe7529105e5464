//! Where files really are, and which of them root doesn't run: code that somebody else could have put there.
//!
//! Hundreds of plugins lie in one folder and have one library; so what is found out once is kept.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Mode bit: anybody may write.
const ANYBODY_WRITES: u32 = 0o002;

/// Mode bit of a folder: what lies in it is renamed and removed by its owners only.
const STICKY: u32 = 0o1000;

/// What was found out about files and folders.
#[derive(Debug)]
pub struct Places {
    is_root: bool,
    folders: HashMap<PathBuf, Folder>,
    dangers: HashMap<PathBuf, Option<String>>,
    files: HashMap<PathBuf, bool>,
}

#[derive(Debug)]
struct Folder {
    /// Where it really is.
    real: PathBuf,
    danger: Option<String>,
}

impl Places {
    /// Nothing so far, for the user who runs this.
    pub fn now() -> Self {
        Self::of(nix::unistd::geteuid().is_root())
    }

    fn of(is_root: bool) -> Self {
        let (folders, dangers, files) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { is_root, folders, dangers, files }
    }

    /// Where file `path` really is, whichever links lead to it; `path`, if that can't be found out.
    pub fn real(&mut self, path: &Path) -> PathBuf {
        self.look(path).0
    }

    /// The same, with what the kernel says of the file; none if there is none.
    fn look(&mut self, path: &Path) -> (PathBuf, Option<Metadata>) {
        let itself = fs::symlink_metadata(path).ok();
        let is_link = itself.as_ref().is_some_and(Metadata::is_symlink);
        match path.file_name() {
            Some(name) if !is_link => (self.folder(folder_of(path)).real.join(name), itself),
            _ => {
                let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
                let metadata = fs::metadata(&real).ok();
                (real, metadata)
            }
        }
    }

    /// Where file `path` really is, and its danger, as [`Self::real`] and [`Self::danger`] find them.
    pub fn real_and_danger(&mut self, path: &Path) -> (PathBuf, Option<String>) {
        let (real, metadata) = self.look(path);
        if !self.is_root {
            return (real, None);
        }
        let mut of_folder = |path| self.folder(folder_of(path)).danger.clone();
        let danger = of_folder(path).or_else(|| of_folder(&real));
        let danger = danger.or_else(|| told(&real, wrong_with(&metadata?)));
        (real, danger)
    }

    /// Whether there is a regular file at `path`.
    pub fn is_file(&mut self, path: &Path) -> bool {
        if let Some(known) = self.files.get(path) {
            return *known;
        }
        let is_file = path.is_file();
        self.files.insert(path.to_owned(), is_file);
        is_file
    }

    /// Why root had better not take the plugin, or the code of one, in file `path`, if there is a reason: anybody
    /// may write to it or to its folder, another user owns one of them, or anybody may put another folder in the
    /// place of one that leads there. A link's target counts too. For others than root, what they can't change is
    /// theirs to judge.
    pub fn danger(&mut self, path: &Path) -> Option<String> {
        if !self.is_root {
            return None;
        }
        if let Some(known) = self.dangers.get(path) {
            return known.clone();
        }
        let (_, danger) = self.real_and_danger(path);
        self.dangers.insert(path.to_owned(), danger.clone());
        danger
    }

    fn folder(&mut self, path: &Path) -> &Folder {
        let is_root = self.is_root;
        self.folders.entry(path.to_owned()).or_insert_with(|| {
            let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            let danger = if is_root { wrong_with_folder(path, &real) } else { None };
            Folder { real, danger }
        })
    }
}

/// The folder of file `path`: `plugin.so` lies in the working directory.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What is wrong with folder `path`, which is really at `real`, or with those that lead to it.
fn wrong_with_folder(path: &Path, real: &Path) -> Option<String> {
    let itself = fs::metadata(real).ok().and_then(|metadata| told(real, wrong_with(&metadata)));
    let absolute = std::path::absolute(path).unwrap_or_default();
    let mut above = absolute.ancestors().chain(real.ancestors()).skip(1);
    itself.or_else(|| {
        above.find_map(|folder| {
            let mode = fs::metadata(folder).ok()?.mode();
            told(folder, (mode & (ANYBODY_WRITES | STICKY) == ANYBODY_WRITES).then(by_anybody))
        })
    })
}

fn told(path: &Path, wrong: Option<String>) -> Option<String> {
    wrong.map(|wrong| format!("root doesn't take it, since {} {wrong}", path.display()))
}

fn by_anybody() -> String {
    "can be written to by anybody".to_owned()
}

fn wrong_with(metadata: &Metadata) -> Option<String> {
    match (metadata.mode() & ANYBODY_WRITES, metadata.uid()) {
        (0, 0) => None,
        (0, user) => Some(format!("belongs to user {user}")),
        _ => Some(by_anybody()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use tempfile::TempDir;

    /// `above/folder/x.so`, and `link.so` that leads there.
    struct Scene {
        _scratch: TempDir,
        above: PathBuf,
        folder: PathBuf,
        file: PathBuf,
        link: PathBuf,
    }

    impl Scene {
        fn new() -> Self {
            let scratch = tempfile::tempdir().expect("a scratch directory");
            let above = fs::canonicalize(scratch.path()).expect("it is there").join("above");
            let folder = above.join("folder");
            fs::create_dir_all(&folder).expect("the scratch directory is writable");
            let (file, link) = (folder.join("x.so"), scratch.path().join("link.so"));
            fs::write(&file, "").expect("the scratch directory is writable");
            symlink("above/folder/x.so", &link).expect("the scratch directory is writable");
            Self { _scratch: scratch, above, folder, file, link }
        }

        /// What root is told of the file, and of the link to it: the same.
        #[track_caller]
        fn told(&self) -> Option<String> {
            let told = Places::of(true).danger(&self.file);
            assert_eq!(Places::of(true).danger(&self.link), told);
            told
        }
    }

    fn set_mode(path: &Path, mode: u32) {
        set_permissions(path, Permissions::from_mode(mode)).expect("the file is ours");
    }

    #[test]
    fn what_anybody_can_write_to_is_dangerous() {
        if !nix::unistd::geteuid().is_root() {
            let told = Scene::new().told().expect("none of it is root's");
            assert!(told.contains("belongs to user"), "{told}");
            return;
        }
        let scene = Scene::new();
        assert_eq!(scene.told(), None);
        let Scene { above, folder, file, .. } = &scene;
        for (path, open, shut) in
            [(above, 0o777, 0o755), (folder, 0o777, 0o755), (file, 0o646, 0o644)]
        {
            set_mode(path, open);
            let expected = format!(
                "root doesn't take it, since {} can be written to by anybody",
                path.display()
            );
            assert_eq!(scene.told(), Some(expected));
            set_mode(path, shut);
        }
        // As /tmp is: nobody else can take away what is root's in it.
        set_mode(above, 0o1777);
        assert_eq!(scene.told(), None);
        chown(file, Some(1234), None).expect("root gives files away");
        assert!(scene.told().is_some_and(|told| told.ends_with("x.so belongs to user 1234")));
    }

    #[test]
    fn others_than_root_judge_for_themselves() {
        let scene = Scene::new();
        set_mode(&scene.file, 0o666);
        assert_eq!(Places::of(false).danger(&scene.file), None);
    }

    #[test]
    fn links_are_followed_to_where_a_file_really_is() {
        let Scene { above, folder, file, link, .. } = &Scene::new();
        let other = above.join("other");
        symlink("folder", &other).expect("the scratch directory is writable");
        let mut places = Places::now();
        for path in [file, link, &other.join("x.so")] {
            assert_eq!(places.real(path), *file);
        }
        let none = folder.join("none.so");
        assert_eq!(places.real(&none), none);
    }
}
