//! read(2): read from a file descriptor, at its offset.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "read", stream, looks)]
struct Read<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, length = 2)]
    data_read: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
}

export_plugin!(Read);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const READ: Read<'_> = Read { descriptor: Fd(3), data_read: None, bytes_requested: 4 };

    #[test]
    fn moves_the_file_offset() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let played = stage.recorded(4, 0).replay(&READ).returns(4);
        assert_eq!(played.filled(0), Some(&b"0123"[..]));
        assert_eq!(stage.offset(3), 4);
    }

    #[test]
    fn takes_from_a_pipe_what_was_taken_however_it_comes() {
        let mut stage = Stage::with_pipe(3, 4);
        stage.write_in_pieces(4, &[b"01", b"2345"]);
        let read = Read { bytes_requested: 100, ..READ };
        let played = stage.recorded(5, 0).replay(&read).returns(5);
        assert_eq!(played.filled(0), Some(&b"01234"[..]));
    }

    #[test]
    fn a_directory_fails_again() {
        let mut stage = Stage::new();
        stage.open(3, ".");
        stage.recorded(-1, libc::EISDIR).replay(&READ).fails(libc::EISDIR);
    }
}
