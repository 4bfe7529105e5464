//! getxattrat(2): the value of a file's extended attribute, looked up from a directory.

use sdk::Argument;
use sdk::prelude::*;
use sdk::xattr::ARGUMENTS_SIZE;

/// With no room for the value the call tells its size, and there is no value.
#[derive(Record)]
#[record(syscall = "getxattrat", looks)]
struct Getxattrat<'t> {
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
    #[before(4, offset = 8)]
    value_size: Option<i32>,
    #[behind(4, pointer = 0, length = 8, width = 4, after)]
    value_read: Option<&'t [u8]>,
    #[arg(5)]
    arguments_size: i64,
}

/// The call's number, which the libc crate lacks.
const NUMBER: libc::c_long = 464;

/// The column of the value, among those that are declared.
const VALUE: u32 = 6;

impl<'t> Replay<'t> for Getxattrat<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if self.arguments_size != i64::from(ARGUMENTS_SIZE) {
            return Err(Skip::NOT_CAPTURED);
        }
        let dirfd = process.dirfd(self.descriptor, self.given_pathname)?;
        let path = self.given_pathname.word(process)?;
        let name = self.xattr_name.word(process)?;
        let size = self.value_size.ok_or(Skip::NOT_CAPTURED)?;
        let (room, length) = process.output(4, size.into())?;
        let arguments = process.xattr_arguments(room, length, Some(0))?;
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)? as usize;
        let words = [
            dirfd as isize as usize,
            path,
            flags,
            name,
            arguments.address(),
            ARGUMENTS_SIZE as usize,
        ];
        // SAFETY: path and name end in NUL; the structure is whole, and its pointer leads to as much room
        // as it says.
        let replayed = unsafe { sys::call(NUMBER, words) };
        if let (Ok(count @ 1..), Some(recorded)) = (replayed, self.value_read)
            && process.verifies()
            && room != 0
            && length > 0
        {
            // SAFETY: the kernel filled in no more than the room it was given.
            let value = unsafe {
                std::slice::from_raw_parts(room as *const u8, (count as usize).min(length))
            };
            if !recorded.starts_with(value) {
                process.diverged(VALUE, "the recorded bytes", "others");
            }
        }
        Ok(replayed)
    }
}

export_plugin!(Getxattrat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const GETXATTRAT: Getxattrat<'_> = Getxattrat {
        descriptor: DirFd(5),
        descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"file\0")),
        flags_value: Some(0),
        xattr_name: Some(b"user.a\0"),
        value_size: Some(100),
        value_read: Some(b"value"),
        arguments_size: 16,
    };

    /// A file with an attribute, and the directory that it is in as descriptor 5; none if this kernel has
    /// no such call.
    fn stage() -> Option<Stage> {
        let mut stage = Stage::with_file(3, b"");
        stage.set_attribute("file", "user.a", b"value");
        stage.open(5, ".");
        let has =
            stage.recorded(5, 0).replay(&GETXATTRAT).outcome() != Ok(Err(Errno(libc::ENOSYS)));
        has.then_some(stage)
    }

    #[test]
    fn tells_the_value_and_compares_it() {
        let Some(mut stage) = stage() else { return };
        assert!(stage.recorded(5, 0).replay(&GETXATTRAT).returns(5).diverged().is_empty());
        let other = Getxattrat { value_read: Some(b"other"), ..GETXATTRAT };
        assert_eq!(stage.recorded(5, 0).replay(&other).returns(5).diverged().len(), 1);
    }

    #[test]
    fn a_path_to_a_descriptor_leads_to_what_stands_for_it() {
        let Some(mut stage) = stage() else { return };
        let own = Getxattrat { given_pathname: Some(Path(b"/proc/self/fd/3\0")), ..GETXATTRAT };
        assert!(stage.recorded(5, 0).replay(&own).returns(5).diverged().is_empty());
    }

    #[test]
    fn what_is_not_there_fails_again() {
        let Some(mut stage) = stage() else { return };
        let other = Getxattrat { xattr_name: Some(b"user.b\0"), ..GETXATTRAT };
        stage.recorded(-1, libc::ENODATA).replay(&other).fails(libc::ENODATA);
    }
}
