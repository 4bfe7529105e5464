//! utimensat(2): set the times of a file, looked up from a directory, to the nanosecond.

use libc::{UTIME_NOW, UTIME_OMIT};

use sdk::Argument;
use sdk::abi::Bit;
use sdk::declare::{behind, bit};
use sdk::prelude::*;

/// Null times mean now, and a null path the descriptor itself. Here alone of the calls with a directory's
/// descriptor the boolean of the working directory is null where it isn't true.
///
/// `UTIME_NOW` and `UTIME_OMIT` are stored as the nanoseconds that they are, with no seconds: a time in
/// the second second of 1970, which of the two booleans alone doesn't tell. The schema's unit of time ends
/// in January 2038: later times are set to that.
#[derive(Record)]
#[record(syscall = "utimensat", privileged)]
struct Utimensat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD), when = arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: Option<bool>,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[timespec(2)]
    access_time: Option<Tfrac>,
    #[timespec(2, offset = 16)]
    mod_time: Option<Tfrac>,
    #[holds(behind(2, 8, 8).is(UTIME_NOW as i32), behind(2, 24, 8).is(UTIME_NOW as i32))]
    utime_now: bool,
    #[holds(behind(2, 8, 8).is(UTIME_OMIT as i32), behind(2, 24, 8).is(UTIME_OMIT as i32))]
    utime_omit: bool,
    #[arg(3)]
    #[bits(FLAGS)]
    flag_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

const FLAGS: &[Bit] = &[
    bit("flag_symlink_nofollow", "AT_SYMLINK_NOFOLLOW", libc::AT_SYMLINK_NOFOLLOW as i64),
    bit("", "AT_EMPTY_PATH", libc::AT_EMPTY_PATH as i64),
];

/// Seconds and nanoseconds for the kernel.
fn timespec(time: Tfrac) -> (i64, i64) {
    let named = [UTIME_NOW, UTIME_OMIT].into_iter().find(|name| time == Tfrac::new(0, *name));
    named.map_or_else(|| time.timespec(), |name| (0, name))
}

impl<'t> Replay<'t> for Utimensat<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let flags = self.flag_value.unwrap_or(0);
        let known = libc::AT_SYMLINK_NOFOLLOW | libc::AT_EMPTY_PATH;
        if process.recorded().errno == libc::EINVAL && flags & !known == 0 {
            // The nanoseconds were impossible; the columns have a time all the same.
            return Err(Skip::NOT_CAPTURED);
        }
        let dirfd = process.dirfd(self.descriptor, self.given_pathname)?;
        let path = self.given_pathname.word(process)?;
        let (access, modification) = (self.access_time.map(timespec), self.mod_time.map(timespec));
        let fields = [
            (0, 8, access.map(|(seconds, _)| seconds)),
            (8, 8, access.map(|(_, nanoseconds)| nanoseconds)),
            (16, 8, modification.map(|(seconds, _)| seconds)),
            (24, 8, modification.map(|(_, nanoseconds)| nanoseconds)),
        ];
        let times = process.memory(2, 32, &fields)?;
        let words = [dirfd as isize as usize, path, times.address(), flags as usize, 0, 0];
        // SAFETY: the path ends in NUL or is null, and there is room for two times or none.
        Ok(unsafe { sys::call(libc::SYS_utimensat, words) })
    }
}

export_plugin!(Utimensat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::time::SystemTime;

    const UTIMENSAT: Utimensat<'_> = Utimensat {
        descriptor: DirFd(5),
        descriptor_current_working_directory: None,
        given_pathname: Some(Path(b"file\0")),
        access_time: Some(Tfrac(1 << 32)),
        mod_time: Some(Tfrac(2 << 32)),
        utime_now: false,
        utime_omit: false,
        flag_value: Some(0),
        full_pathname: None,
    };

    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        symlink("file", stage.path("link")).unwrap();
        stage.open(5, ".");
        stage
    }

    fn is_recent(time: SystemTime) -> bool {
        SystemTime::now().duration_since(time).unwrap_or_default().as_secs() < 3600
    }

    #[test]
    fn sets_both_times_to_the_nanosecond() {
        let mut stage = stage();
        let exact = Utimensat {
            access_time: Some(Tfrac::new(1_600_000_000, 1)),
            mod_time: Some(Tfrac::new(1_700_000_000, 999_999_999)),
            ..UTIMENSAT
        };
        stage.replay(&exact).returns(0);
        let metadata = std::fs::metadata(stage.path("file")).unwrap();
        assert_eq!((metadata.atime(), metadata.atime_nsec()), (1_600_000_000, 1));
        assert_eq!((metadata.mtime(), metadata.mtime_nsec()), (1_700_000_000, 999_999_999));
    }

    #[test]
    fn each_time_can_be_now_or_left_out() {
        let mut stage = stage();
        stage.replay(&UTIMENSAT).returns(0);
        let now = Utimensat {
            access_time: Some(Tfrac::new(0, UTIME_OMIT)),
            mod_time: Some(Tfrac::new(0, UTIME_NOW)),
            utime_now: true,
            utime_omit: true,
            ..UTIMENSAT
        };
        stage.replay(&now).returns(0);
        let metadata = std::fs::metadata(stage.path("file")).unwrap();
        assert_eq!(metadata.atime(), 1);
        assert!(is_recent(metadata.modified().unwrap()));
    }

    #[test]
    fn no_times_mean_now() {
        let mut stage = stage();
        stage.replay(&UTIMENSAT).returns(0);
        stage.replay(&Utimensat { access_time: None, mod_time: None, ..UTIMENSAT }).returns(0);
        let metadata = std::fs::metadata(stage.path("file")).unwrap();
        assert!(is_recent(metadata.modified().unwrap()));
    }

    #[test]
    fn sets_the_times_of_a_link_itself_if_told_to() {
        let mut stage = stage();
        let flag_value = Some(libc::AT_SYMLINK_NOFOLLOW);
        let given_pathname = Some(Path(b"link\0"));
        stage.replay(&Utimensat { given_pathname, flag_value, ..UTIMENSAT }).returns(0);
        assert_eq!(std::fs::symlink_metadata(stage.path("link")).unwrap().mtime(), 2);
        assert_ne!(std::fs::metadata(stage.path("file")).unwrap().mtime(), 2);
    }

    #[test]
    fn no_path_means_the_descriptor_itself() {
        let mut stage = stage();
        let itself = Utimensat { descriptor: DirFd(3), given_pathname: None, ..UTIMENSAT };
        stage.replay(&itself).returns(0);
        assert_eq!(std::fs::metadata(stage.path("file")).unwrap().mtime(), 2);
    }

    #[test]
    fn an_unknown_flag_fails_again_and_impossible_times_are_not_known() {
        let unknown = Utimensat { flag_value: Some(1 << 30), ..UTIMENSAT };
        stage().recorded(-1, libc::EINVAL).replay(&unknown).fails(libc::EINVAL);
        stage().recorded(-1, libc::EINVAL).replay(&UTIMENSAT).is_not_made();
    }
}
