//! getxattr(2): the value of a file's extended attribute.

use sdk::prelude::*;

/// With no room for the value the call tells its size, and there is no value.
#[derive(Record, Replay)]
#[record(syscall = "getxattr", looks)]
struct Getxattr<'t> {
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

export_plugin!(Getxattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn getxattr(path: &[u8], size: i64) -> Getxattr<'_> {
        Getxattr {
            given_pathname: Some(Path(path)),
            xattr_name: Some(b"user.colour\0"),
            value_read: None,
            value_size: size,
            full_pathname: None,
        }
    }

    fn stage() -> Stage {
        let stage = Stage::with_file(3, b"");
        stage.set_attribute("file", "user.colour", b"red");
        stage
    }

    #[test]
    fn tells_the_value() {
        let mut stage = stage();
        let path = stage.traced_path("file");
        let played = stage.recorded(3, 0).replay(&getxattr(&path, 100)).returns(3);
        assert_eq!(played.filled(2), Some(&b"red"[..]));
    }

    #[test]
    fn tells_the_size_if_there_is_no_room() {
        let mut stage = stage();
        let path = stage.traced_path("file");
        stage.recorded(3, 0).replay(&getxattr(&path, 0)).returns(3);
    }

    #[test]
    fn too_little_room_or_a_missing_attribute_fails_again() {
        let mut stage = stage();
        let path = stage.traced_path("file");
        let little = getxattr(&path, 2);
        stage.recorded(-1, libc::ERANGE).replay(&little).fails(libc::ERANGE);
        let missing = Getxattr { xattr_name: Some(b"user.other\0"), ..getxattr(&path, 100) };
        stage.recorded(-1, libc::ENODATA).replay(&missing).fails(libc::ENODATA);
    }
}
