//! readahead(2): read a part of a file into the page cache.

use sdk::prelude::*;

/// In traces of the original recorder the two numbers have changed places.
#[derive(Record, Replay)]
#[record(syscall = "readahead")]
struct Readahead {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    readahead_off: i64,
    #[arg(2)]
    readahead_size: i64,
}

export_plugin!(Readahead);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const READAHEAD: Readahead =
        Readahead { descriptor: Fd(3), readahead_off: 0, readahead_size: 4096 };

    #[test]
    fn leaves_the_file_offset_alone() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.replay(&READAHEAD).returns(0);
        assert_eq!(stage.offset(3), 0);
    }

    #[test]
    fn a_pipe_fails_again() {
        let mut stage = Stage::with_pipe(3, 4);
        stage.recorded(-1, libc::EINVAL).replay(&READAHEAD).fails(libc::EINVAL);
    }
}
