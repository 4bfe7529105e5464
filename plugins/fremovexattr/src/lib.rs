//! fremovexattr(2): remove an extended attribute of an open file.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fremovexattr", keeps_offset, changes = descriptors, privileged)]
struct Fremovexattr<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[string(1)]
    xattr_name: Option<&'t [u8]>,
}

export_plugin!(Fremovexattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const FREMOVEXATTR: Fremovexattr<'_> =
        Fremovexattr { descriptor: Fd(3), xattr_name: Some(b"user.colour\0") };

    #[test]
    fn removes_an_attribute_and_a_missing_one_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        stage.set_attribute("file", "user.colour", b"red");
        stage.replay(&FREMOVEXATTR).returns(0);
        assert_eq!(stage.attribute("file", "user.colour"), None);
        stage.recorded(-1, libc::ENODATA).replay(&FREMOVEXATTR).fails(libc::ENODATA);
    }
}
