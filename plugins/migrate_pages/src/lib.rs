//! migrate_pages(2): move a process's memory to other nodes.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "migrate_pages",
    simulated = "the replayer's memory is its own",
    class = "memory"
)]
struct MigratePages {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    node_limit: i64,
    #[before(2)]
    #[hex]
    old_nodes: Option<i64>,
    #[before(3)]
    #[hex]
    new_nodes: Option<i64>,
}

export_plugin!(MigratePages);
