//! name_to_handle_at(2): a number for a file, by which open_by_handle_at(2) finds it again.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "name_to_handle_at",
    simulated = "a handle is the recorded file system's own number for a file",
    looks
)]
struct NameToHandleAt<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[before(2)]
    handle_size: Option<i32>,
    #[after(2, offset = 4)]
    handle_type: Option<i32>,
    #[after(3)]
    mount_id: Option<i32>,
    #[arg(4)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bits::AT_EMPTY_PATH,
    bit("flags_at_symlink_follow", "AT_SYMLINK_FOLLOW", libc::AT_SYMLINK_FOLLOW as i64),
];

export_plugin!(NameToHandleAt);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn a_handle_is_not_asked_for() {
        let record = NameToHandleAt {
            descriptor: DirFd(5),
            descriptor_current_working_directory: false,
            given_pathname: Some(Path(b"file\0")),
            handle_size: Some(128),
            handle_type: Some(1),
            mount_id: Some(30),
            flags_value: Some(0),
        };
        let mut stage = Stage::with_file(3, b"");
        stage.open(5, ".").replay(&record).is_not_made();
    }
}
