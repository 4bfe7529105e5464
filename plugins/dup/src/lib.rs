//! dup(2): make another descriptor for an open file.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "dup", returns = descriptor, looks)]
struct Dup {
    #[arg(0)]
    descriptor: Fd,
}

impl<'t> Replay<'t> for Dup {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.duplicate(self.descriptor, |fd| {
            // SAFETY: the call takes no pointer.
            unsafe { sys::numbers(libc::SYS_dup, [fd.into()]) }
        })
    }
}

export_plugin!(Dup);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn both_have_one_offset() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(4, 0).replay(&Dup { descriptor: Fd(3) });
        let fd = stage.descriptor(4).expect("there is another");
        // SAFETY: the call takes no pointer.
        let moved = unsafe { sys::numbers(libc::SYS_lseek, [fd.into(), 7, libc::SEEK_SET.into()]) };
        assert_eq!((moved, stage.offset(3)), (Ok(7), 7));
    }

    #[test]
    fn a_simulated_one_stays_that() {
        let mut stage = Stage::new();
        stage.simulate(3);
        stage.recorded(4, 0).replay(&Dup { descriptor: Fd(3) }).is_not_made();
        assert!(stage.is_simulated(4));
    }

    #[test]
    fn what_is_not_open_fails_again() {
        let mut stage = Stage::new();
        stage.recorded(-1, libc::EBADF).replay(&Dup { descriptor: Fd(3) }).fails(libc::EBADF);
    }
}
