//! getcwd(2): the path of the working directory.

use sdk::prelude::*;

/// Which path that is depends on where the replay takes place, so only success and failure are compared.
#[derive(Record)]
#[record(syscall = "getcwd", returns = status, looks)]
struct Getcwd<'t> {
    #[output(0, length = 1)]
    #[not_compared]
    working_directory: Option<&'t [u8]>,
    #[arg(1)]
    buffer_size: i64,
}

impl<'t> Replay<'t> for Getcwd<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if process.recorded().errno == libc::ERANGE {
            // The replay's path may be short enough.
            return Err(Skip::SIMULATED);
        }
        // Or it may be longer.
        let size = self.buffer_size.max(libc::PATH_MAX.into());
        let (buffer, size) = process.output(0, size)?;
        // SAFETY: the buffer has `size` bytes, or is null.
        Ok(unsafe { sys::call(libc::SYS_getcwd, [buffer, size, 0, 0, 0, 0]) })
    }
}

export_plugin!(Getcwd);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};

    const GETCWD: Getcwd<'_> = Getcwd { working_directory: None, buffer_size: 2 };

    #[test]
    fn there_is_room_for_a_longer_path() {
        with_own_fs(|| {
            let mut stage = Stage::new();
            std::env::set_current_dir(stage.path(".")).unwrap();
            let length = std::env::current_dir().unwrap().as_os_str().len() as i64 + 1;
            stage.recorded(2, 0).replay(&GETCWD).returns(length);
        });
    }

    #[test]
    fn a_directory_that_is_gone_fails_again() {
        with_own_fs(|| {
            let mut stage = Stage::new();
            std::fs::create_dir(stage.path("gone")).unwrap();
            std::env::set_current_dir(stage.path("gone")).unwrap();
            std::fs::remove_dir(stage.path("gone")).unwrap();
            stage.recorded(-1, libc::ENOENT).replay(&GETCWD).fails(libc::ENOENT);
        });
    }

    #[test]
    fn a_path_that_was_too_long_there_need_not_be_here() {
        Stage::new().recorded(-1, libc::ERANGE).replay(&GETCWD).is_not_made();
        Stage::new().recorded(-1, libc::EFAULT).replay(&GETCWD).fails(libc::EFAULT);
    }
}
