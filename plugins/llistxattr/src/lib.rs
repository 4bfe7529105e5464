//! llistxattr(2): the names of a file's extended attributes; of a symbolic link itself, not of what it leads to.

use sdk::prelude::*;

/// With no room for the names the call tells their size, and there are no names.
#[derive(Record, Replay)]
#[record(syscall = "llistxattr", looks)]
struct Llistxattr<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[output(1, length = 2)]
    #[when(arg(2).is_not(u32::MAX, 0))]
    xattr_list: Option<&'t [u8]>,
    #[arg(2)]
    list_size: i64,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Llistxattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::symlink;

    #[test]
    fn does_not_follow_a_link() {
        let mut stage = Stage::with_file(3, b"");
        stage.set_attribute("file", "user.colour", b"red");
        symlink("file", stage.path("link")).unwrap();
        let names = |stage: &mut Stage, path: &[u8]| {
            let record = Llistxattr {
                given_pathname: Some(Path(path)),
                xattr_list: None,
                list_size: 100,
                full_pathname: None,
            };
            let played = stage.replay(&record);
            let filled = played.filled(1).expect("there is something to compare");
            filled.split(|byte| *byte == 0).any(|name| name == b"user.colour")
        };
        let (link, file) = (stage.traced_path("link"), stage.traced_path("file"));
        assert!(!names(&mut stage, &link));
        assert!(names(&mut stage, &file));
    }

    #[test]
    fn a_missing_file_fails_again() {
        let mut stage = Stage::new();
        let path = stage.traced_path("missing");
        let record = Llistxattr {
            given_pathname: Some(Path(&path)),
            xattr_list: None,
            list_size: 100,
            full_pathname: None,
        };
        stage.recorded(-1, libc::ENOENT).replay(&record).fails(libc::ENOENT);
    }
}
