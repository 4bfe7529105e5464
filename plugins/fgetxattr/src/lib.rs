//! fgetxattr(2): the value of an open file's extended attribute.

use sdk::prelude::*;

/// With no room for the value the call tells its size, and there is no value.
#[derive(Record, Replay)]
#[record(syscall = "fgetxattr", looks, keeps_offset)]
struct Fgetxattr<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[string(1)]
    xattr_name: Option<&'t [u8]>,
    #[output(2, length = 3)]
    #[when(arg(3).is_not(u32::MAX, 0))]
    value_read: Option<&'t [u8]>,
    #[arg(3)]
    value_size: i64,
}

export_plugin!(Fgetxattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const FGETXATTR: Fgetxattr<'_> = Fgetxattr {
        descriptor: Fd(3),
        xattr_name: Some(b"user.colour\0"),
        value_read: None,
        value_size: 100,
    };

    #[test]
    fn tells_the_value_or_its_size() {
        let mut stage = Stage::with_file(3, b"");
        stage.set_attribute("file", "user.colour", b"red");
        let played = stage.recorded(3, 0).replay(&FGETXATTR).returns(3);
        assert_eq!(played.filled(1), Some(&b"red"[..]));
        stage.replay(&Fgetxattr { value_size: 0, ..FGETXATTR }).returns(3);
    }

    #[test]
    fn a_missing_attribute_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(-1, libc::ENODATA).replay(&FGETXATTR).fails(libc::ENODATA);
    }
}
