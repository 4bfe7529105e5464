//! open_by_handle_at(2): open a file by the number that name_to_handle_at(2) told.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "open_by_handle_at",
    returns = descriptor,
    simulated = "a handle is the recorded file system's own number for a file"
)]
struct OpenByHandleAt {
    #[arg(0)]
    descriptor: DirFd,
    #[before(1)]
    handle_size: Option<i32>,
    #[before(1, offset = 4)]
    handle_type: Option<i32>,
    #[arg(2)]
    #[bits(bits::OPEN)]
    open_value: Option<i32>,
}

export_plugin!(OpenByHandleAt);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn nothing_is_opened() {
        let record = OpenByHandleAt {
            descriptor: DirFd(5),
            handle_size: Some(8),
            handle_type: Some(1),
            open_value: Some(libc::O_RDONLY),
        };
        let mut stage = Stage::new();
        stage.open(5, ".").recorded(7, 0).replay(&record).is_not_made();
        assert!(stage.descriptor(7).is_none());
    }
}
