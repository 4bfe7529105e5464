//! pwrite64(2): write at an offset; the file offset stays where it was.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "pwrite64", extent = "pwrite", keeps_offset, changes = descriptors)]
struct Pwrite64<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2)]
    data_written: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    offset: i64,
}

export_plugin!(Pwrite64);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const PWRITE: Pwrite64<'_> =
        Pwrite64 { descriptor: Fd(3), data_written: Some(b"abc"), bytes_requested: 3, offset: 6 };

    #[test]
    fn leaves_the_file_offset_alone() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(3, 0).replay(&PWRITE).returns(3);
        assert_eq!(stage.offset(3), 0);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"012345abc9");
    }

    #[test]
    fn writes_no_more_than_was_taken() {
        let mut stage = Stage::with_file(3, b"");
        let pwrite = Pwrite64 { bytes_requested: 4096, offset: 0, ..PWRITE };
        stage.recorded(3, 0).replay(&pwrite).returns(3);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"abc");
    }

    #[test]
    fn what_failed_for_its_offset_or_descriptor_fails_again() {
        let pwrite = Pwrite64 { data_written: None, offset: -1, ..PWRITE };
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(-1, libc::EINVAL).replay(&pwrite).fails(libc::EINVAL);
        let mut stage = Stage::with_pipe(4, 3);
        let pwrite = Pwrite64 { offset: 0, ..pwrite };
        stage.recorded(-1, libc::ESPIPE).replay(&pwrite).fails(libc::ESPIPE);
    }

    #[test]
    fn without_its_data_it_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(3, 0).replay(&Pwrite64 { data_written: None, ..PWRITE }).is_not_made();
    }
}
