//! fadvise64(2), known as posix_fadvise: say how a part of a file will be used.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fadvise64", looks, keeps_offset)]
struct Fadvise64 {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    offset: i64,
    #[arg(2)]
    length: i64,
    #[arg(3)]
    #[names(ADVICE)]
    advice_value: Option<i32>,
}

const ADVICE: &[Bit] = &[
    constant("", "POSIX_FADV_NORMAL", libc::POSIX_FADV_NORMAL as i64),
    constant("", "POSIX_FADV_RANDOM", libc::POSIX_FADV_RANDOM as i64),
    constant("", "POSIX_FADV_SEQUENTIAL", libc::POSIX_FADV_SEQUENTIAL as i64),
    constant("", "POSIX_FADV_WILLNEED", libc::POSIX_FADV_WILLNEED as i64),
    constant("", "POSIX_FADV_DONTNEED", libc::POSIX_FADV_DONTNEED as i64),
    constant("", "POSIX_FADV_NOREUSE", libc::POSIX_FADV_NOREUSE as i64),
];

export_plugin!(Fadvise64);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const FADVISE: Fadvise64 = Fadvise64 {
        descriptor: Fd(3),
        offset: 0,
        length: 0,
        advice_value: Some(libc::POSIX_FADV_SEQUENTIAL),
    };

    #[test]
    fn a_file_takes_advice_and_a_pipe_fails_again() {
        Stage::with_file(3, b"0123456789").replay(&FADVISE).returns(0);
        let mut stage = Stage::with_pipe(3, 4);
        stage.recorded(-1, libc::ESPIPE).replay(&FADVISE).fails(libc::ESPIPE);
    }

    #[test]
    fn advice_that_is_none_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let none = Fadvise64 { advice_value: Some(77), ..FADVISE };
        stage.recorded(-1, libc::EINVAL).replay(&none).fails(libc::EINVAL);
    }
}
