//! Shared memory, queues and semaphores, of both kinds, and the kernel's keys.

use libc::{IPC_CREAT, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID, IPC_STAT, timespec};

use super::{CLOSED, Family, NONE, raw};

pub const FAMILY: Family = Family {
    name: "ipc",
    both: "shmget shmat shmdt shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open \
           mq_unlink mq_timedsend mq_timedreceive mq_getsetattr mq_notify",
    succeeds: "",
    fails: "add_key request_key keyctl",
    run,
};

fn run() {
    memory();
    semaphores();
    messages();
    queues();
    for number in [libc::SYS_add_key, libc::SYS_request_key] {
        let kind = c"none of this kind".as_ptr() as usize;
        assert!(raw(number, &[kind, kind, 0, 0, 0]).is_err());
    }
    assert!(call!(SYS_keyctl, 7777, 0, 0, 0, 0).is_err());
}

fn memory() {
    let segment = works!(SYS_shmget, IPC_PRIVATE, 4096, IPC_CREAT | 0o600);
    fails!(EINVAL, SYS_shmget, IPC_PRIVATE, 0, IPC_CREAT | 0o600);
    let at = works!(SYS_shmat, segment, 0, libc::SHM_RDONLY);
    fails!(EINVAL, SYS_shmat, NONE, 0, 0);
    works!(SYS_shmctl, segment, IPC_STAT, [0u64; 32].as_mut_ptr());
    works!(SYS_shmdt, at);
    fails!(EINVAL, SYS_shmdt, at);
    works!(SYS_shmctl, segment, IPC_RMID, 0);
    fails!(EINVAL, SYS_shmctl, segment, IPC_RMID, 0);
}

fn semaphores() {
    let set = works!(SYS_semget, IPC_PRIVATE, 2, IPC_CREAT | 0o600);
    fails!(EINVAL, SYS_semget, IPC_PRIVATE, NONE, IPC_CREAT | 0o600);
    let operation =
        |sem_num: u16, sem_op: i16| libc::sembuf { sem_num, sem_op, sem_flg: IPC_NOWAIT as i16 };
    let up = [operation(0, 2), operation(1, 1)];
    let down = [operation(0, -1), operation(1, -1)];
    works!(SYS_semop, set, up.as_ptr(), 2);
    works!(SYS_semop, set, down.as_ptr(), 2);
    fails!(EAGAIN, SYS_semop, set, down.as_ptr(), 2);
    let soon = timespec { tv_sec: 0, tv_nsec: 1 };
    works!(SYS_semtimedop, set, up.as_ptr(), 1, &raw const soon);
    fails!(EFBIG, SYS_semtimedop, set, [operation(7, 1)].as_ptr(), 1, &raw const soon);
    works!(SYS_semctl, set, 0, 12, 0);
    works!(SYS_semctl, set, 0, IPC_RMID, 0);
    fails!(EINVAL, SYS_semctl, set, 0, IPC_RMID, 0);
}

fn messages() {
    let queue = works!(SYS_msgget, IPC_PRIVATE, IPC_CREAT | 0o600);
    fails!(ENOENT, SYS_msgget, 0x7ace_1234, 0);
    let mut message = [7u64, 0x6f6c_6c65_6820];
    works!(SYS_msgsnd, queue, message.as_ptr(), 8, 0);
    fails!(EINVAL, SYS_msgsnd, queue, [0u64, 0].as_ptr(), 8, 0);
    works!(SYS_msgrcv, queue, message.as_mut_ptr(), 8, 7, IPC_NOWAIT);
    fails!(ENOMSG, SYS_msgrcv, queue, message.as_mut_ptr(), 8, 7, IPC_NOWAIT);
    works!(SYS_msgctl, queue, IPC_RMID, 0);
    fails!(EINVAL, SYS_msgctl, queue, IPC_RMID, 0);
}

fn queues() {
    let name = format!("replay-tests-{}\0", works!(SYS_getpid));
    let (name, flags) = (name.as_ptr(), libc::O_RDWR | libc::O_CREAT | libc::O_NONBLOCK);
    let attributes = [0i64, 4, 64, 0, 0, 0, 0, 0];
    let queue = works!(SYS_mq_open, name, flags, 0o600, attributes.as_ptr());
    fails!(EEXIST, SYS_mq_open, name, flags | libc::O_EXCL, 0o600, attributes.as_ptr());
    works!(SYS_mq_timedsend, queue, c"hello".as_ptr(), 5, 3, 0);
    fails!(EMSGSIZE, SYS_mq_timedsend, queue, name, 1 << 20, 3, 0);
    let (mut room, mut priority) = ([0u8; 64], 0u32);
    works!(SYS_mq_timedreceive, queue, room.as_mut_ptr(), 64, &raw mut priority, 0);
    fails!(EAGAIN, SYS_mq_timedreceive, queue, room.as_mut_ptr(), 64, &raw mut priority, 0);
    works!(SYS_mq_getsetattr, queue, 0, [0i64; 8].as_mut_ptr());
    fails!(EBADF, SYS_mq_getsetattr, CLOSED, 0, [0i64; 8].as_mut_ptr());
    works!(SYS_mq_notify, queue, 0);
    fails!(EBADF, SYS_mq_notify, CLOSED, 0);
    works!(SYS_close, queue);
    works!(SYS_mq_unlink, name);
    fails!(ENOENT, SYS_mq_unlink, name);
}
