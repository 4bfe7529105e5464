//! fsync(2), made as people want it: what does durability cost?

use sdk::prelude::*;

#[derive(Options)]
struct Settings {
    /// What is called in place of fsync
    #[option(default = "fsync", choices("fsync", "fdatasync", "nothing"))]
    how: &'static str,
    /// How often it is called
    #[option(default = 1, minimum = 1, maximum = 100)]
    times: u32,
}

#[derive(Record)]
#[record(syscall = "fsync")]
struct Fsync {
    #[arg(0)]
    descriptor: Fd,
}

impl<'t> Replay<'t> for Fsync {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let Settings { how, times } = process.options();
        let number = match how {
            "fsync" => libc::SYS_fsync,
            "fdatasync" => libc::SYS_fdatasync,
            _ => return Err(Skip::SIMULATED),
        };
        let fd = process.fd(self.descriptor)?;
        let mut outcome = Ok(0);
        for _ in 0..times {
            // SAFETY: the call takes no pointer.
            outcome = unsafe { sys::numbers(number, [fd.into()]) };
        }
        Ok(outcome)
    }
}

export_plugin!(Fsync; options = Settings);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const FSYNC: Fsync = Fsync { descriptor: Fd(3) };

    #[test]
    fn it_is_made_as_it_was_unless_somebody_says_otherwise() {
        Stage::with_file(3, b"").replay(&FSYNC).returns(0);
    }

    #[test]
    fn it_is_left_out() {
        let mut stage = Stage::with_file(3, b"");
        stage.options(Settings { how: "nothing", times: 1 }).replay(&FSYNC).is_not_made();
    }
}
