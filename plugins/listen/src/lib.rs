//! listen(2): be ready for connections to a socket.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "listen", simulated = "the network is not touched")]
struct Listen {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    backlog: i32,
}

export_plugin!(Listen);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn lets_nobody_connect() {
        let record = Listen { descriptor: Fd(3), backlog: 128 };
        Stage::new().simulate(3).replay(&record).is_not_made();
    }
}
