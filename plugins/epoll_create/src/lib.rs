//! epoll_create(2): make a descriptor to wait for events with; its argument means nothing any more.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "epoll_create", returns = descriptor, simulated = "nothing is waited for")]
struct EpollCreate {
    #[arg(0)]
    epoll_size: i32,
}

export_plugin!(EpollCreate);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn makes_nothing_to_wait_with() {
        Stage::new().replay(&EpollCreate { epoll_size: 1 }).is_not_made();
    }
}
