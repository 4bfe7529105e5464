//! setsid(2): start a session, and a process group in it.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setsid", simulated = "the replayer stays in its session")]
struct Setsid;

export_plugin!(Setsid);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn stays_in_its_own_session() {
        Stage::new().replay(&Setsid).is_not_made();
    }
}
