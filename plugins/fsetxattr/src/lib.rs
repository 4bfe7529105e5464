//! fsetxattr(2): set an extended attribute of an open file.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fsetxattr", keeps_offset, changes = descriptors, privileged)]
struct Fsetxattr<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[string(1)]
    xattr_name: Option<&'t [u8]>,
    #[input(2, length = 3, whole)]
    value_written: Option<&'t [u8]>,
    #[arg(3)]
    value_size: i64,
    #[arg(4)]
    #[bits(bits::XATTR)]
    flag_value: Option<i32>,
}

export_plugin!(Fsetxattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const FSETXATTR: Fsetxattr<'_> = Fsetxattr {
        descriptor: Fd(3),
        xattr_name: Some(b"user.colour\0"),
        value_written: Some(b"red"),
        value_size: 3,
        flag_value: Some(0),
    };

    #[test]
    fn sets_a_value() {
        let mut stage = Stage::with_file(3, b"");
        stage.replay(&FSETXATTR).returns(0);
        assert_eq!(stage.attribute("file", "user.colour").unwrap(), b"red");
    }

    #[test]
    fn a_name_of_no_known_kind_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let unknown = Fsetxattr { xattr_name: Some(b"colour\0"), ..FSETXATTR };
        stage.recorded(-1, libc::EOPNOTSUPP).replay(&unknown).fails(libc::EOPNOTSUPP);
    }
}
