//! setxattr(2): set an extended attribute of a file.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setxattr", privileged)]
struct Setxattr<'t> {
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

export_plugin!(Setxattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn setxattr<'t>(path: &'t [u8], value: &'t [u8], flags: i32) -> Setxattr<'t> {
        Setxattr {
            given_pathname: Some(Path(path)),
            xattr_name: Some(b"user.colour\0"),
            value_written: Some(value),
            value_size: value.len() as i64,
            flag_value: Some(flags),
            full_pathname: None,
        }
    }

    #[test]
    fn sets_a_value_or_an_empty_one() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        stage.replay(&setxattr(&path, b"red\0and blue", 0)).returns(0);
        assert_eq!(stage.attribute("file", "user.colour").unwrap(), b"red\0and blue");
        let empty = Setxattr { value_written: None, ..setxattr(&path, b"", 0) };
        stage.replay(&empty).returns(0);
        assert_eq!(stage.attribute("file", "user.colour").unwrap(), b"");
    }

    #[test]
    fn one_that_had_to_be_new_or_there_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        let replace = setxattr(&path, b"red", libc::XATTR_REPLACE);
        stage.recorded(-1, libc::ENODATA).replay(&replace).fails(libc::ENODATA);
        let create = setxattr(&path, b"red", libc::XATTR_CREATE);
        stage.recorded(0, 0).replay(&create).returns(0);
        stage.recorded(-1, libc::EEXIST).replay(&create).fails(libc::EEXIST);
    }

    #[test]
    fn a_name_that_is_too_long_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        let name = [b"user.".to_vec(), vec![b'x'; 300], vec![0]].concat();
        let long = Setxattr { xattr_name: Some(&name), ..setxattr(&path, b"", 0) };
        stage.recorded(-1, libc::ERANGE).replay(&long).fails(libc::ERANGE);
    }

    #[test]
    fn without_name_or_value_it_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        let original = Setxattr { xattr_name: Some(b""), ..setxattr(&path, b"", 0) };
        stage.replay(&original).is_not_made();
        let original = Setxattr { value_size: 3, ..setxattr(&path, b"", 0) };
        stage.replay(&original).is_not_made();
    }
}
