//! listxattr(2): the names of a file's extended attributes.

use sdk::prelude::*;

/// With no room for the names the call tells their size, and there are no names.
#[derive(Record, Replay)]
#[record(syscall = "listxattr", looks)]
struct Listxattr<'t> {
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

export_plugin!(Listxattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn listxattr(path: &[u8], size: i64) -> Listxattr<'_> {
        Listxattr {
            given_pathname: Some(Path(path)),
            xattr_list: None,
            list_size: size,
            full_pathname: None,
        }
    }

    fn stage() -> Stage {
        let stage = Stage::with_file(3, b"");
        stage.set_attribute("file", "user.colour", b"red");
        stage
    }

    #[test]
    fn tells_the_names_each_with_its_nul() {
        let mut stage = stage();
        let path = stage.traced_path("file");
        let played = stage.recorded(12, 0).replay(&listxattr(&path, 100));
        let names = played.filled(1).expect("there is something to compare");
        assert!(names.split(|byte| *byte == 0).any(|name| name == b"user.colour"));
        assert_eq!(played.value(), names.len() as i64);
    }

    #[test]
    fn tells_the_size_if_there_is_no_room() {
        let mut stage = stage();
        let path = stage.traced_path("file");
        assert!(stage.recorded(12, 0).replay(&listxattr(&path, 0)).value() >= 12);
    }

    #[test]
    fn too_little_room_fails_again() {
        let mut stage = stage();
        let path = stage.traced_path("file");
        let little = listxattr(&path, 1);
        stage.recorded(-1, libc::ERANGE).replay(&little).fails(libc::ERANGE);
    }
}
