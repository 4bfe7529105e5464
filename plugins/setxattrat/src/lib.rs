//! setxattrat(2): set an extended attribute of a file, looked up from a directory.

use sdk::Argument;
use sdk::prelude::*;
use sdk::xattr::ARGUMENTS_SIZE;

#[derive(Record)]
#[record(syscall = "setxattrat")]
struct Setxattrat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::AT)]
    flags_value: Option<i32>,
    #[string(3)]
    xattr_name: Option<&'t [u8]>,
    #[behind(4, pointer = 0, length = 8, width = 4)]
    value_written: Option<&'t [u8]>,
    #[before(4, offset = 8)]
    value_size: Option<i32>,
    #[before(4, offset = 12)]
    #[bits(bits::XATTR)]
    flag_value: Option<i32>,
    #[arg(5)]
    arguments_size: i64,
}

/// The call's number, which the libc crate lacks.
const NUMBER: libc::c_long = 463;

impl<'t> Replay<'t> for Setxattrat<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if self.arguments_size != i64::from(ARGUMENTS_SIZE) {
            return Err(Skip::NOT_CAPTURED);
        }
        let dirfd = process.dirfd(self.descriptor, self.given_pathname)?;
        let path = self.given_pathname.word(process)?;
        let name = self.xattr_name.word(process)?;
        let size = self.value_size.ok_or(Skip::NOT_CAPTURED)?;
        let (value, size) = process.input_whole(4, self.value_written, size.into())?;
        let arguments = process.xattr_arguments(value, size, self.flag_value)?;
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)? as usize;
        let words = [
            dirfd as isize as usize,
            path,
            flags,
            name,
            arguments.address(),
            ARGUMENTS_SIZE as usize,
        ];
        // SAFETY: path and name end in NUL; the structure is whole, and its pointer leads to as many bytes
        // as it says.
        Ok(unsafe { sys::call(NUMBER, words) })
    }
}

export_plugin!(Setxattrat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const SETXATTRAT: Setxattrat<'_> = Setxattrat {
        descriptor: DirFd(5),
        descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"file\0")),
        flags_value: Some(0),
        xattr_name: Some(b"user.a\0"),
        value_written: Some(b"value"),
        value_size: Some(5),
        flag_value: Some(libc::XATTR_CREATE),
        arguments_size: 16,
    };

    /// A file, and the directory that it is in as descriptor 5.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        stage.open(5, ".");
        stage
    }

    #[test]
    fn a_value_that_must_be_new_is_set_once() {
        let mut stage = stage();
        if stage.replay(&SETXATTRAT).outcome() == Ok(Err(Errno(libc::ENOSYS))) {
            eprintln!("this kernel has no setxattrat");
            return;
        }
        assert_eq!(stage.attribute("file", "user.a").as_deref(), Some(&b"value"[..]));
        stage.recorded(-1, libc::EEXIST).replay(&SETXATTRAT).fails(libc::EEXIST);
    }

    #[test]
    fn without_all_of_its_value_it_is_not_made() {
        let cut = Setxattrat { value_size: Some(6), ..SETXATTRAT };
        stage().replay(&cut).is_not_made();
    }
}
