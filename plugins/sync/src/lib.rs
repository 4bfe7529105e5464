//! sync(2): write all file systems' data to disk.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sync", changes = nothing)]
struct Sync;

export_plugin!(Sync);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn is_made() {
        Stage::new().replay(&Sync).returns(0);
    }
}
