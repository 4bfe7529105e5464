//! What the calls on shared memory, queues of messages and semaphores of System V have in common (sysvipc(7)).

use abi::Bit;

use crate::declare::{bit, constant};

/// Flags of msgget(2), semget(2) and shmget(2).
pub const IPC_GET: &[Bit] =
    &[bit("", "IPC_CREAT", libc::IPC_CREAT as i64), bit("", "IPC_EXCL", libc::IPC_EXCL as i64)];

/// Commands of msgctl(2), semctl(2) and shmctl(2).
pub const IPC_CONTROL: &[Bit] = &[
    constant("", "IPC_RMID", libc::IPC_RMID as i64),
    constant("", "IPC_SET", libc::IPC_SET as i64),
    constant("", "IPC_STAT", libc::IPC_STAT as i64),
    constant("", "IPC_INFO", libc::IPC_INFO as i64),
];
