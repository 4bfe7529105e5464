//! flistxattr(2): the names of an open file's extended attributes.

use sdk::prelude::*;

/// With no room for the names the call tells their size, and there are no names.
#[derive(Record, Replay)]
#[record(syscall = "flistxattr", looks, keeps_offset)]
struct Flistxattr<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, length = 2)]
    #[when(arg(2).is_not(u32::MAX, 0))]
    xattr_list: Option<&'t [u8]>,
    #[arg(2)]
    list_size: i64,
}

export_plugin!(Flistxattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const FLISTXATTR: Flistxattr<'_> =
        Flistxattr { descriptor: Fd(3), xattr_list: None, list_size: 100 };

    #[test]
    fn tells_the_names_each_with_its_nul() {
        let mut stage = Stage::with_file(3, b"");
        stage.set_attribute("file", "user.colour", b"red");
        let played = stage.recorded(12, 0).replay(&FLISTXATTR);
        let names = played.filled(0).expect("there is something to compare");
        assert!(names.split(|byte| *byte == 0).any(|name| name == b"user.colour"));
    }

    #[test]
    fn a_descriptor_that_is_not_open_fails_again() {
        Stage::new().recorded(-1, libc::EBADF).replay(&FLISTXATTR).fails(libc::EBADF);
    }
}
