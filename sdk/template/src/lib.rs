//! {{syscall}}(2), as {{project-name}} has it.

use sdk::prelude::*;

/// The columns of a record, each with the place where a recorder finds its value.
#[derive(Record, Replay)]
#[record(syscall = "{{syscall}}")]
struct Call {
    #[arg(0)]
    descriptor: Fd,
}

export_plugin!(Call);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn it_succeeds_on_a_file() {
        let mut stage = Stage::with_file(3, b"some text");
        stage.replay(&Call { descriptor: Fd(3) }).returns(0);
    }

    #[test]
    fn it_fails_as_it_did() {
        Stage::new().recorded(-1, libc::EBADF).replay(&Call { descriptor: Fd(9) }).fails(libc::EBADF);
    }
}
