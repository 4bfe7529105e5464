//! epoll_create1(2): make a descriptor to wait for events with.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "epoll_create1", returns = descriptor, simulated = "nothing is waited for")]
struct EpollCreate1 {
    #[arg(0)]
    epoll_flags: i32,
}

export_plugin!(EpollCreate1);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn makes_nothing_to_wait_with() {
        Stage::new().replay(&EpollCreate1 { epoll_flags: libc::EPOLL_CLOEXEC }).is_not_made();
    }
}
