//! rename(2): give a file another name, in place of what has that name.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "rename")]
struct Rename<'t> {
    #[pathname(0)]
    #[removes]
    given_oldname: Option<Path<'t>>,
    #[pathname(1)]
    #[makes]
    given_newname: Option<Path<'t>>,
    #[unset]
    full_oldname: Option<Path<'t>>,
    #[unset]
    full_newname: Option<Path<'t>>,
}

export_plugin!(Rename);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn rename<'t>(old: &'t [u8], new: &'t [u8]) -> Rename<'t> {
        Rename {
            given_oldname: Some(Path(old)),
            given_newname: Some(Path(new)),
            full_oldname: None,
            full_newname: None,
        }
    }

    #[test]
    fn takes_the_place_of_what_has_the_name() {
        let mut stage = Stage::with_file(3, b"content");
        std::fs::write(stage.path("other"), b"").unwrap();
        let (old, new) = (stage.traced_path("file"), stage.traced_path("other"));
        stage.replay(&rename(&old, &new)).returns(0);
        assert!(!stage.path("file").exists());
        assert_eq!(std::fs::read(stage.path("other")).unwrap(), b"content");
    }

    #[test]
    fn a_missing_file_or_a_directory_in_its_place_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        std::fs::create_dir(stage.path("directory")).unwrap();
        let (missing, new) = (stage.traced_path("missing"), stage.traced_path("new"));
        let missing = rename(&missing, &new);
        stage.recorded(-1, libc::ENOENT).replay(&missing).fails(libc::ENOENT);
        let (file, directory) = (stage.traced_path("file"), stage.traced_path("directory"));
        let over = rename(&file, &directory);
        stage.recorded(-1, libc::EISDIR).replay(&over).fails(libc::EISDIR);
    }
}
