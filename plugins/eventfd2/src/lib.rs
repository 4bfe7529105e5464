//! eventfd2(2): make a descriptor that counts what others tell it.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "eventfd2", returns = descriptor, simulated = "nothing is waited for")]
struct Eventfd2 {
    #[arg(0)]
    initial_value: i32,
    #[arg(1)]
    flags_value: Option<i32>,
}

export_plugin!(Eventfd2);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn makes_nothing_to_wait_with() {
        Stage::new()
            .replay(&Eventfd2 { initial_value: 0, flags_value: Some(libc::EFD_CLOEXEC) })
            .is_not_made();
    }
}
