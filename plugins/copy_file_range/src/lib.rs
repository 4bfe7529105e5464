//! copy_file_range(2): copy a part of one file to another, inside the kernel.

use sdk::prelude::*;

/// An offset that is null is the file's own, which moves.
#[derive(Record)]
#[record(syscall = "copy_file_range", changes = descriptors)]
struct CopyFileRange {
    #[arg(0)]
    #[source]
    in_descriptor: Fd,
    #[before(1)]
    in_offset: Option<i64>,
    #[arg(2)]
    out_descriptor: Fd,
    #[before(3)]
    out_offset: Option<i64>,
    #[arg(4)]
    bytes_requested: i64,
    #[arg(5)]
    flags_value: Option<i32>,
}

impl<'t> Replay<'t> for CopyFileRange {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let (source, sink) = process.source_and_sink(
            self.in_descriptor,
            self.out_descriptor,
            self.in_offset.is_none(),
        )?;
        // The kernel counts the offsets on.
        let from = process.memory(1, 8, &[(0, 8, self.in_offset)])?;
        let to = process.memory(3, 8, &[(0, 8, self.out_offset)])?;
        let flags = self.flags_value.unwrap_or(0) as usize;
        Ok(process.move_as_much(sink, self.bytes_requested, |left| {
            let (source, sink) = (source as isize as usize, sink as isize as usize);
            let words = [source, from.address(), sink, to.address(), left, flags];
            // SAFETY: both pointers are null or lead to an offset.
            unsafe { sys::call(libc::SYS_copy_file_range, words) }
        }))
    }
}

export_plugin!(CopyFileRange);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const COPY: CopyFileRange = CopyFileRange {
        in_descriptor: Fd(3),
        in_offset: Some(2),
        out_descriptor: Fd(4),
        out_offset: Some(1),
        bytes_requested: 4096,
        flags_value: Some(0),
    };

    /// Ten digits as descriptor 3, and an empty file as descriptor 4.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"0123456789");
        std::fs::write(stage.path("copy"), b"").unwrap();
        stage.open(4, "copy");
        stage
    }

    #[test]
    fn copies_what_was_copied_and_leaves_file_offsets_alone() {
        let mut stage = stage();
        stage.recorded(4, 0).replay(&COPY).returns(4);
        assert_eq!(std::fs::read(stage.path("copy")).unwrap(), b"\x002345");
        assert_eq!((stage.offset(3), stage.offset(4)), (0, 0));
    }

    #[test]
    fn without_offsets_it_moves_those_of_the_files() {
        let mut stage = stage();
        let copy = CopyFileRange { in_offset: None, out_offset: None, ..COPY };
        stage.recorded(6, 0).replay(&copy).returns(6);
        assert_eq!((stage.offset(3), stage.offset(4)), (6, 6));
    }

    #[test]
    fn a_source_that_ends_early_is_told() {
        stage().recorded(20, 0).replay(&COPY).returns(8);
    }

    #[test]
    fn nothing_was_there_and_nothing_is() {
        let copy = CopyFileRange { in_offset: Some(10), ..COPY };
        stage().recorded(0, 0).replay(&copy).returns(0);
    }

    #[test]
    fn unknown_flags_and_unreadable_offsets_fail_again() {
        let flags = CopyFileRange { flags_value: Some(8), ..COPY };
        stage().recorded(-1, libc::EINVAL).replay(&flags).fails(libc::EINVAL);
        let unread = CopyFileRange { in_offset: None, ..COPY };
        stage().recorded(-1, libc::EFAULT).replay(&unread).fails(libc::EFAULT);
    }
}
