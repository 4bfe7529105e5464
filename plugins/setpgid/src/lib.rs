//! setpgid(2): put a process into a process group.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setpgid", simulated = "the replayer stays in its process group")]
struct Setpgid {
    #[arg(0)]
    pid: i32,
    #[arg(1)]
    pgid: i32,
}

export_plugin!(Setpgid);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn stays_in_its_own_process_group() {
        Stage::new().replay(&Setpgid { pid: 0, pgid: 0 }).is_not_made();
    }
}
