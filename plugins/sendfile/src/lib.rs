//! sendfile(2): send a part of a file to a descriptor, inside the kernel.

use sdk::prelude::*;

/// An offset that is null is the file's own, which moves.
#[derive(Record)]
#[record(syscall = "sendfile", blocks, changes = descriptors)]
struct Sendfile {
    #[arg(0)]
    out_descriptor: Fd,
    #[arg(1)]
    #[source]
    in_descriptor: Fd,
    #[before(2)]
    in_offset: Option<i64>,
    #[arg(3)]
    bytes_requested: i64,
}

impl<'t> Replay<'t> for Sendfile {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.refuse_interrupted()?;
        if process.recorded().errno == libc::EAGAIN {
            return Err(Skip::TIMING);
        }
        let (source, sink) = process.source_and_sink(
            self.in_descriptor,
            self.out_descriptor,
            self.in_offset.is_none(),
        )?;
        // The kernel counts the offset on.
        let from = process.memory(2, 8, &[(0, 8, self.in_offset)])?;
        Ok(process.move_as_much(sink, self.bytes_requested, |left| {
            let (source, sink) = (source as isize as usize, sink as isize as usize);
            // SAFETY: the pointer is null or leads to an offset.
            unsafe { sys::call(libc::SYS_sendfile, [sink, source, from.address(), left, 0, 0]) }
        }))
    }
}

export_plugin!(Sendfile);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const SENDFILE: Sendfile = Sendfile {
        out_descriptor: Fd(4),
        in_descriptor: Fd(3),
        in_offset: Some(2),
        bytes_requested: 4096,
    };

    /// Ten digits as descriptor 3, and an empty file as descriptor 4.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"0123456789");
        std::fs::write(stage.path("copy"), b"").unwrap();
        stage.open(4, "copy");
        stage
    }

    #[test]
    fn sends_what_was_sent_and_leaves_the_sources_offset_alone() {
        let mut stage = stage();
        stage.recorded(4, 0).replay(&SENDFILE).returns(4);
        assert_eq!(std::fs::read(stage.path("copy")).unwrap(), b"2345");
        assert_eq!((stage.offset(3), stage.offset(4)), (0, 4));
    }

    #[test]
    fn without_an_offset_it_moves_the_sources() {
        let mut stage = stage();
        let sendfile = Sendfile { in_offset: None, ..SENDFILE };
        stage.recorded(6, 0).replay(&sendfile).returns(6);
        assert_eq!(stage.offset(3), 6);
    }

    #[test]
    fn what_goes_to_a_socket_is_still_taken_from_the_file() {
        let mut stage = stage();
        let sendfile = Sendfile { in_offset: None, ..SENDFILE };
        stage.simulate(4).recorded(6, 0).replay(&sendfile).is_not_made();
        assert_eq!(stage.offset(3), 6);
        stage.recorded(6, 0).replay(&SENDFILE).is_not_made();
        assert_eq!(stage.offset(3), 6);
    }

    #[test]
    fn a_directory_fails_again() {
        let mut stage = stage();
        stage.open(3, ".").recorded(-1, libc::EINVAL).replay(&SENDFILE).fails(libc::EINVAL);
    }

    #[test]
    fn what_depended_on_the_moment_is_not_made() {
        stage().recorded(-1, libc::EAGAIN).replay(&SENDFILE).is_not_made();
    }
}
