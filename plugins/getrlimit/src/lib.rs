//! getrlimit(2): the limits of a resource.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getrlimit", simulated = "the replayer has limits of its own")]
struct Getrlimit {
    #[code(0, bits::RESOURCE)]
    resource: u8,
    #[arg(0)]
    #[names(bits::RESOURCE)]
    resource_value: Option<i32>,
    #[after(1)]
    resource_soft_limit: i64,
    #[after(1, offset = 8)]
    resource_hard_limit: i64,
}

export_plugin!(Getrlimit);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn compares_no_limits() {
        let record = Getrlimit {
            resource: 9,
            resource_value: Some(libc::RLIMIT_NOFILE as i32),
            resource_soft_limit: 1,
            resource_hard_limit: 1,
        };
        Stage::new().replay(&record).is_not_made();
    }
}
