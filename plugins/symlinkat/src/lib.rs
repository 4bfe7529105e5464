//! symlinkat(2): make a symbolic link, its name looked up from a directory.

use sdk::prelude::*;

/// The target is text: the kernel doesn't look it up, so a replay passes it as it is.
#[derive(Record)]
#[record(syscall = "symlinkat")]
struct Symlinkat<'t> {
    #[string(0)]
    #[target]
    target_pathname: Option<&'t [u8]>,
    #[arg(1)]
    new_descriptor: DirFd,
    #[holds(arg(1).is(libc::AT_FDCWD))]
    new_descriptor_current_working_directory: bool,
    #[pathname(2)]
    #[makes]
    given_pathname: Option<Path<'t>>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

impl<'t> Replay<'t> for Symlinkat<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        // The original recorder kept bits of the third argument here (trace schema, §8, D7).
        let directory = match process.is_reference_trace() {
            true => DirFd(libc::AT_FDCWD),
            false => self.new_descriptor,
        };
        let directory = process.dirfd(directory, self.given_pathname)? as isize as usize;
        let target = sdk::Argument::word(self.target_pathname, process)?;
        let link = sdk::Argument::word(self.given_pathname, process)?;
        // SAFETY: both pointers are null or lead to strings of the record, which end in NUL.
        Ok(unsafe { sys::call(libc::SYS_symlinkat, [target, directory, link, 0, 0, 0]) })
    }
}

export_plugin!(Symlinkat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const SYMLINKAT: Symlinkat<'_> = Symlinkat {
        target_pathname: Some(b"../target\0"),
        new_descriptor: DirFd(5),
        new_descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"link\0")),
        full_pathname: None,
    };

    #[test]
    fn what_the_original_recorder_kept_of_the_directory_is_ignored() {
        let stage = Stage::new();
        let link = stage.traced_path("link");
        let mut stage = stage;
        let record = Symlinkat {
            new_descriptor: DirFd(-1_234_567),
            given_pathname: Some(Path(&link)),
            ..SYMLINKAT
        };
        stage.reference_trace().replay(&record).returns(0);
        assert!(stage.path("link").is_symlink());
    }

    #[test]
    fn makes_the_link_in_the_directory() {
        let mut stage = Stage::new();
        stage.open(5, ".").replay(&SYMLINKAT).returns(0);
        let target = std::fs::read_link(stage.path("link")).unwrap();
        assert_eq!(target.as_os_str(), "../target");
    }

    #[test]
    fn in_what_is_no_directory_it_fails_again() {
        let mut stage = Stage::with_file(5, b"");
        stage.recorded(-1, libc::ENOTDIR).replay(&SYMLINKAT).fails(libc::ENOTDIR);
    }
}
