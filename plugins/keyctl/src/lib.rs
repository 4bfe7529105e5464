//! keyctl(2): do something with a key or keyring.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "keyctl", returns = status, simulated = "the kernel's keys are left alone")]
struct Keyctl {
    #[arg(0)]
    #[names(OPERATIONS)]
    operation: i32,
    #[arg(1)]
    #[hex]
    argument_1: i64,
    #[arg(2)]
    #[hex]
    argument_2: i64,
    #[arg(3)]
    #[hex]
    argument_3: i64,
    #[arg(4)]
    #[hex]
    argument_4: i64,
}

const OPERATIONS: &[Bit] = &[
    constant("", "KEYCTL_GET_KEYRING_ID", 0),
    constant("", "KEYCTL_JOIN_SESSION_KEYRING", 1),
    constant("", "KEYCTL_UPDATE", 2),
    constant("", "KEYCTL_REVOKE", 3),
    constant("", "KEYCTL_CHOWN", 4),
    constant("", "KEYCTL_SETPERM", 5),
    constant("", "KEYCTL_DESCRIBE", 6),
    constant("", "KEYCTL_CLEAR", 7),
    constant("", "KEYCTL_LINK", 8),
    constant("", "KEYCTL_UNLINK", 9),
    constant("", "KEYCTL_SEARCH", 10),
    constant("", "KEYCTL_READ", 11),
    constant("", "KEYCTL_INSTANTIATE", 12),
    constant("", "KEYCTL_NEGATE", 13),
    constant("", "KEYCTL_SET_REQKEY_KEYRING", 14),
    constant("", "KEYCTL_SET_TIMEOUT", 15),
    constant("", "KEYCTL_ASSUME_AUTHORITY", 16),
    constant("", "KEYCTL_GET_SECURITY", 17),
    constant("", "KEYCTL_SESSION_TO_PARENT", 18),
    constant("", "KEYCTL_REJECT", 19),
    constant("", "KEYCTL_INSTANTIATE_IOV", 20),
    constant("", "KEYCTL_INVALIDATE", 21),
    constant("", "KEYCTL_GET_PERSISTENT", 22),
    constant("", "KEYCTL_DH_COMPUTE", 23),
    constant("", "KEYCTL_PKEY_QUERY", 24),
    constant("", "KEYCTL_PKEY_ENCRYPT", 25),
    constant("", "KEYCTL_PKEY_DECRYPT", 26),
    constant("", "KEYCTL_PKEY_SIGN", 27),
    constant("", "KEYCTL_PKEY_VERIFY", 28),
    constant("", "KEYCTL_RESTRICT_KEYRING", 29),
    constant("", "KEYCTL_MOVE", 30),
    constant("", "KEYCTL_CAPABILITIES", 31),
    constant("", "KEYCTL_WATCH_KEY", 32),
];

export_plugin!(Keyctl);
