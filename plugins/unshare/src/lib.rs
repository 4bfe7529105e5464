//! unshare(2): stop having certain things in common with other threads and processes.

use sdk::prelude::*;

/// Tables of descriptors, working directories and umasks are the replay's to unshare, too.
#[derive(Record)]
#[record(
    syscall = "unshare",
    simulated = "the replayer stays in its namespaces",
    partly,
    class = "process"
)]
struct Unshare {
    #[arg(0)]
    #[bits(bits::CLONE)]
    flag_value: Option<i64>,
}

impl<'t> Replay<'t> for Unshare {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let flags = self.flag_value.unwrap_or(0);
        if process.recorded().succeeded() {
            let has = |flag: i32| flags & i64::from(flag) != 0;
            let (files, fs) = (has(libc::CLONE_FILES), has(libc::CLONE_FS));
            process.unshare(Shares { files, fs, ..Shares::default() });
        }
        match flags & !i64::from(libc::CLONE_FILES | libc::CLONE_FS) {
            0 if process.recorded().succeeded() => Ok(Ok(0)),
            _ => Err(Skip::SIMULATED),
        }
    }
}

export_plugin!(Unshare);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn descriptors_are_unshared_and_namespaces_kept() {
        let unshare = |flags: i32| Unshare { flag_value: Some(flags.into()) };
        let mut stage = Stage::new();
        let played = stage.replay(&unshare(libc::CLONE_FILES)).returns(0);
        assert_eq!(played.unshared(), sdk::abi::CHILD_SHARES_FILES);
        stage.replay(&unshare(libc::CLONE_NEWNS)).is_not_made();
    }
}
