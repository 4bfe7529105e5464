//! lsetxattr(2): set an extended attribute of a file; of a symbolic link itself, not of what it leads to.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "lsetxattr", privileged)]
struct Lsetxattr<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[string(1)]
    xattr_name: Option<&'t [u8]>,
    #[input(2, length = 3, whole)]
    value_written: Option<&'t [u8]>,
    #[arg(3)]
    value_size: i64,
    #[arg(4)]
    #[bits(bits::XATTR)]
    flag_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Lsetxattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::symlink;

    #[test]
    fn does_not_follow_a_link_so_it_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        symlink("file", stage.path("link")).unwrap();
        let path = stage.traced_path("link");
        let record = Lsetxattr {
            given_pathname: Some(Path(&path)),
            xattr_name: Some(b"user.colour\0"),
            value_written: Some(b"red"),
            value_size: 3,
            flag_value: Some(0),
            full_pathname: None,
        };
        stage.recorded(-1, libc::EPERM).replay(&record).fails(libc::EPERM);
        assert_eq!(stage.attribute("file", "user.colour"), None);
        let path = stage.traced_path("file");
        let record = Lsetxattr { given_pathname: Some(Path(&path)), ..record };
        stage.recorded(0, 0).replay(&record).returns(0);
        assert_eq!(stage.attribute("file", "user.colour").unwrap(), b"red");
    }
}
