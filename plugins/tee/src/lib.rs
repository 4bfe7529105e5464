//! tee(2): copy what is in a pipe to another one, and leave it there.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "tee", blocks, changes = descriptors)]
struct Tee {
    #[arg(0)]
    #[source]
    in_descriptor: Fd,
    #[arg(1)]
    out_descriptor: Fd,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    #[bits(bits::SPLICE)]
    flags_value: Option<i32>,
}

impl<'t> Replay<'t> for Tee {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if matches!(process.recorded().errno, libc::EAGAIN | libc::EINTR) {
            return Err(Skip::TIMING);
        }
        // There may be more by now than there was, and it isn't taken: a second call would start over.
        let copied = process.recorded().return_value;
        let length = if copied > 0 { copied } else { self.bytes_requested };
        let (from, to) = (process.fd(self.in_descriptor)?, process.fd(self.out_descriptor)?);
        let flags = self.flags_value.unwrap_or(0);
        // SAFETY: the call takes no pointer.
        Ok(unsafe { sys::numbers(libc::SYS_tee, [from.into(), to.into(), length, flags.into()]) })
    }
}

export_plugin!(Tee);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const TEE: Tee = Tee {
        in_descriptor: Fd(3),
        out_descriptor: Fd(6),
        bytes_requested: 100,
        flags_value: Some(libc::SPLICE_F_NONBLOCK as i32),
    };

    /// Descriptors 3 and 4 are the ends of a pipe, 5 and 6 those of another.
    fn stage() -> Stage {
        let mut stage = Stage::with_pipe(3, 4);
        stage.pipe(5, 6);
        stage
    }

    #[test]
    fn what_is_copied_stays() {
        let mut stage = stage();
        stage.fill(4, b"0123456789");
        stage.recorded(4, 0).replay(&TEE).returns(4);
        assert_eq!(stage.drain(5), b"0123");
        assert_eq!(stage.drain(3), b"0123456789");
    }

    #[test]
    fn within_one_pipe_it_fails_again() {
        let mut stage = stage();
        let same = Tee { out_descriptor: Fd(4), ..TEE };
        stage.recorded(-1, libc::EINVAL).replay(&same).fails(libc::EINVAL);
    }

    #[test]
    fn what_depended_on_the_moment_is_not_made() {
        stage().recorded(-1, libc::EAGAIN).replay(&TEE).is_not_made();
    }
}
