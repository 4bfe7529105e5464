//! lremovexattr(2): remove an extended attribute of a file; of a symbolic link itself, not of what it leads to.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "lremovexattr", privileged)]
struct Lremovexattr<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[string(1)]
    xattr_name: Option<&'t [u8]>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Lremovexattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::symlink;

    #[test]
    fn does_not_follow_a_link_so_it_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        stage.set_attribute("file", "user.colour", b"red");
        symlink("file", stage.path("link")).unwrap();
        let path = stage.traced_path("link");
        let record = Lremovexattr {
            given_pathname: Some(Path(&path)),
            xattr_name: Some(b"user.colour\0"),
            full_pathname: None,
        };
        stage.recorded(-1, libc::EPERM).replay(&record).fails(libc::EPERM);
        assert_eq!(stage.attribute("file", "user.colour").unwrap(), b"red");
        let path = stage.traced_path("file");
        let record = Lremovexattr { given_pathname: Some(Path(&path)), ..record };
        stage.recorded(0, 0).replay(&record).returns(0);
        assert_eq!(stage.attribute("file", "user.colour"), None);
    }
}
