//! lgetxattr(2): the value of a file's extended attribute; of a symbolic link itself, not of what it leads to.

use sdk::prelude::*;

/// With no room for the value the call tells its size, and there is no value.
#[derive(Record, Replay)]
#[record(syscall = "lgetxattr", looks)]
struct Lgetxattr<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[string(1)]
    xattr_name: Option<&'t [u8]>,
    #[output(2, length = 3)]
    #[when(arg(3).is_not(u32::MAX, 0))]
    value_read: Option<&'t [u8]>,
    #[arg(3)]
    value_size: i64,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Lgetxattr);

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
        let record = Lgetxattr {
            given_pathname: Some(Path(&path)),
            xattr_name: Some(b"user.colour\0"),
            value_read: None,
            value_size: 100,
            full_pathname: None,
        };
        stage.recorded(-1, libc::ENODATA).replay(&record).fails(libc::ENODATA);
        let path = stage.traced_path("file");
        let record = Lgetxattr { given_pathname: Some(Path(&path)), ..record };
        let played = stage.recorded(3, 0).replay(&record).returns(3);
        assert_eq!(played.filled(2), Some(&b"red"[..]));
    }
}
