//! setrlimit(2): limit a resource.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setrlimit", simulated = "it would limit the replayer")]
struct Setrlimit {
    #[code(0, bits::RESOURCE)]
    resource: u8,
    #[arg(0)]
    #[names(bits::RESOURCE)]
    resource_value: Option<i32>,
    #[before(1)]
    resource_soft_limit: i64,
    #[before(1, offset = 8)]
    resource_hard_limit: i64,
}

export_plugin!(Setrlimit);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn does_not_limit_the_replayer() {
        let record = Setrlimit {
            resource: 1,
            resource_value: Some(libc::RLIMIT_CORE as i32),
            resource_soft_limit: 0,
            resource_hard_limit: 0,
        };
        Stage::new().replay(&record).is_not_made();
    }
}
