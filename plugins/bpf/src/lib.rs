//! bpf(2): load programs into the kernel, and use their maps.

use sdk::abi::{Bit, Condition};
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "bpf",
    returns = descriptor,
    returns_when = MAKES,
    simulated = "nothing is loaded into the kernel"
)]
struct Bpf<'t> {
    #[arg(0)]
    #[names(COMMANDS)]
    command: i32,
    #[input(1, length = 2, whole)]
    attributes: Option<&'t [u8]>,
    #[arg(2)]
    length: i32,
}

const COMMANDS: &[Bit] = &[
    constant("", "BPF_MAP_CREATE", 0),
    constant("", "BPF_MAP_LOOKUP_ELEM", 1),
    constant("", "BPF_MAP_UPDATE_ELEM", 2),
    constant("", "BPF_MAP_DELETE_ELEM", 3),
    constant("", "BPF_MAP_GET_NEXT_KEY", 4),
    constant("", "BPF_PROG_LOAD", 5),
    constant("", "BPF_OBJ_PIN", 6),
    constant("", "BPF_OBJ_GET", 7),
    constant("", "BPF_PROG_ATTACH", 8),
    constant("", "BPF_PROG_DETACH", 9),
    constant("", "BPF_PROG_TEST_RUN", 10),
    constant("", "BPF_PROG_GET_NEXT_ID", 11),
    constant("", "BPF_MAP_GET_NEXT_ID", 12),
    constant("", "BPF_PROG_GET_FD_BY_ID", 13),
    constant("", "BPF_MAP_GET_FD_BY_ID", 14),
    constant("", "BPF_OBJ_GET_INFO_BY_FD", 15),
    constant("", "BPF_PROG_QUERY", 16),
    constant("", "BPF_RAW_TRACEPOINT_OPEN", 17),
    constant("", "BPF_BTF_LOAD", 18),
    constant("", "BPF_BTF_GET_FD_BY_ID", 19),
    constant("", "BPF_TASK_FD_QUERY", 20),
    constant("", "BPF_MAP_LOOKUP_AND_DELETE_ELEM", 21),
    constant("", "BPF_MAP_FREEZE", 22),
    constant("", "BPF_BTF_GET_NEXT_ID", 23),
    constant("", "BPF_MAP_LOOKUP_BATCH", 24),
    constant("", "BPF_MAP_LOOKUP_AND_DELETE_BATCH", 25),
    constant("", "BPF_MAP_UPDATE_BATCH", 26),
    constant("", "BPF_MAP_DELETE_BATCH", 27),
    constant("", "BPF_LINK_CREATE", 28),
    constant("", "BPF_LINK_UPDATE", 29),
    constant("", "BPF_LINK_GET_FD_BY_ID", 30),
    constant("", "BPF_LINK_GET_NEXT_ID", 31),
    constant("", "BPF_ENABLE_STATS", 32),
    constant("", "BPF_ITER_CREATE", 33),
    constant("", "BPF_LINK_DETACH", 34),
    constant("", "BPF_PROG_BIND_MAP", 35),
    constant("", "BPF_TOKEN_CREATE", 36),
];

/// Those that return a descriptor.
const MAKES: Condition = arg(0).one_of(&[0, 5, 7, 13, 14, 17, 18, 19, 28, 30, 32, 33, 36]);

export_plugin!(Bpf);
