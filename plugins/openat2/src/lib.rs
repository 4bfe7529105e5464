//! openat2(2): open, and possibly create, a file; the path may be kept from leading out of a directory.

use sdk::Argument;
use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

/// Unlike those of openat(2), flags and mode have 64 bits, and the kernel looks at all of them.
#[derive(Record)]
#[record(syscall = "openat2", returns = descriptor, blocks)]
struct Openat2<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    #[makes]
    given_pathname: Option<Path<'t>>,
    #[before(2)]
    #[bits(bits::OPEN)]
    open_value: Option<i64>,
    #[before(2, offset = 8)]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i64>,
    #[before(2, offset = 16)]
    #[bits(RESOLVE)]
    resolve_value: Option<i64>,
    #[arg(3)]
    how_size: i64,
}

const RESOLVE: &[Bit] = &[
    bit("", "RESOLVE_NO_XDEV", libc::RESOLVE_NO_XDEV as i64),
    bit("", "RESOLVE_NO_MAGICLINKS", libc::RESOLVE_NO_MAGICLINKS as i64),
    bit("", "RESOLVE_NO_SYMLINKS", libc::RESOLVE_NO_SYMLINKS as i64),
    bit("", "RESOLVE_BENEATH", libc::RESOLVE_BENEATH as i64),
    bit("", "RESOLVE_IN_ROOT", libc::RESOLVE_IN_ROOT as i64),
    bit("", "RESOLVE_CACHED", libc::RESOLVE_CACHED as i64),
];

/// Size of `struct open_how`, as far as it is recorded. What is behind it in a newer program's structure
/// was zero if the call succeeded.
const SIZE: i64 = size_of::<libc::open_how>() as i64;

impl<'t> Replay<'t> for Openat2<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.refuse_interrupted()?;
        if process.recorded().errno == libc::E2BIG {
            return Err(Skip::NOT_CAPTURED);
        }
        let dirfd = process.dirfd(self.descriptor, self.given_pathname)?;
        let path = self.given_pathname.word(process)?;
        let fields =
            [(0, 8, self.open_value), (8, 8, self.mode_value), (16, 8, self.resolve_value)];
        let how = process.memory(2, SIZE as u32, &fields)?;
        let size = (self.how_size as u64).min(SIZE as u64) as usize;
        let words = [dirfd as isize as usize, path, how.address(), size, 0, 0];
        // SAFETY: the path ends in NUL, and the structure has `size` bytes.
        let opened = unsafe { sys::call(libc::SYS_openat2, words) };
        process.adopt_returned(opened);
        Ok(opened)
    }
}

export_plugin!(Openat2);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const OPENAT2: Openat2<'_> = Openat2 {
        descriptor: DirFd(5),
        descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"file\0")),
        open_value: Some(libc::O_RDONLY as i64),
        mode_value: Some(0),
        resolve_value: Some(0),
        how_size: SIZE,
    };

    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.open(5, ".");
        stage
    }

    #[test]
    fn looks_a_path_up_from_the_directory() {
        let mut stage = stage();
        stage.recorded(7, 0).replay(&OPENAT2);
        assert!(stage.descriptor(7).is_some());
    }

    #[test]
    fn a_newer_programs_structure_is_passed_as_far_as_it_is_known() {
        let mut stage = stage();
        stage.recorded(7, 0).replay(&Openat2 { how_size: 64, ..OPENAT2 });
        assert!(stage.descriptor(7).is_some());
        let unknown = Openat2 { how_size: 64, ..OPENAT2 };
        stage.recorded(-1, libc::E2BIG).replay(&unknown).is_not_made();
        let short = Openat2 { how_size: 8, ..OPENAT2 };
        stage.recorded(-1, libc::EINVAL).replay(&short).fails(libc::EINVAL);
    }

    #[test]
    fn a_path_that_leads_out_of_the_directory_fails_again() {
        let out = Openat2 {
            given_pathname: Some(Path(b"..\0")),
            resolve_value: Some(libc::RESOLVE_BENEATH as i64),
            ..OPENAT2
        };
        stage().recorded(-1, libc::EXDEV).replay(&out).fails(libc::EXDEV);
    }

    #[test]
    fn a_mode_without_a_file_to_create_or_an_unknown_flag_fails_again() {
        let mode = Openat2 { mode_value: Some(0o600), ..OPENAT2 };
        stage().recorded(-1, libc::EINVAL).replay(&mode).fails(libc::EINVAL);
        let flag = Openat2 { open_value: Some(1 << 40), ..OPENAT2 };
        stage().recorded(-1, libc::EINVAL).replay(&flag).fails(libc::EINVAL);
    }

    #[test]
    fn a_structure_that_could_not_be_read_fails_again() {
        let unread = Openat2 { open_value: None, mode_value: None, resolve_value: None, ..OPENAT2 };
        stage().recorded(-1, libc::EFAULT).replay(&unread).fails(libc::EFAULT);
    }
}
