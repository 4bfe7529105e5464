//! Memory: mapped, changed, written back, locked, and words in it that are waited for.

use libc::{
    MAP_ANONYMOUS, MAP_FIXED, MAP_POPULATE, MAP_PRIVATE, MAP_SHARED, MS_ASYNC, MS_SYNC, PROT_EXEC,
    PROT_NONE, PROT_READ, PROT_WRITE, timespec,
};

use super::{CLOSED, Family, NONE, raw};

pub const FAMILY: Family = Family {
    name: "memory",
    both: "mmap munmap mprotect mremap msync madvise mlock mlock2 munlock mlockall mincore membarrier futex \
           futex_waitv mbind set_mempolicy get_mempolicy migrate_pages move_pages mseal remap_file_pages",
    succeeds: "brk munlockall modify_ldt",
    fails: "pkey_alloc pkey_free pkey_mprotect userfaultfd set_mempolicy_home_node map_shadow_stack \
            memfd_secret futex_wait futex_wake futex_requeue",
    run,
};

const PAGE: usize = 4096;

/// A page that starts where no page does.
const UNALIGNED: usize = 12345;

fn run() {
    let both = PROT_READ | PROT_WRITE;
    let file = works!(SYS_open, c"mapped".as_ptr(), libc::O_RDWR | libc::O_CREAT, 0o600);
    works!(SYS_ftruncate, file, 4 * PAGE);
    let shared = works!(SYS_mmap, 0, 4 * PAGE, both, MAP_SHARED | MAP_POPULATE, file, 0);
    let private = MAP_PRIVATE | MAP_ANONYMOUS;
    let own = works!(SYS_mmap, 0, 8 * PAGE, both, private, NONE, 0);
    works!(SYS_mmap, own, PAGE, PROT_NONE, private | MAP_FIXED, NONE, 0);
    fails!(EBADF, SYS_mmap, 0, PAGE, both, MAP_SHARED, CLOSED, 0);
    fails!(EINVAL, SYS_mmap, 0, 0, both, private, NONE, 0);
    fails!(EINVAL, SYS_mmap, 0, PAGE, both, MAP_SHARED, file, UNALIGNED);
    works!(SYS_msync, shared, 4 * PAGE, MS_SYNC);
    works!(SYS_msync, shared, PAGE, MS_ASYNC);
    fails!(EINVAL, SYS_msync, shared, PAGE, MS_SYNC | MS_ASYNC);
    works!(SYS_mprotect, own, PAGE, PROT_READ | PROT_EXEC);
    works!(SYS_mprotect, own, PAGE, both);
    fails!(EINVAL, SYS_mprotect, UNALIGNED, PAGE, PROT_READ);
    works!(SYS_madvise, own, PAGE, libc::MADV_DONTNEED);
    fails!(EINVAL, SYS_madvise, own, PAGE, 7777);
    works!(SYS_mincore, own, PAGE, [0u8; 8].as_mut_ptr());
    fails!(EINVAL, SYS_mincore, UNALIGNED, PAGE, [0u8; 8].as_mut_ptr());
    works!(SYS_mlock, own, PAGE);
    fails!(ENOMEM, SYS_mlock, PAGE, PAGE);
    works!(SYS_mlock2, own, PAGE, 1);
    fails!(EINVAL, SYS_mlock2, own, PAGE, 77);
    works!(SYS_munlock, own, PAGE);
    fails!(ENOMEM, SYS_munlock, PAGE, PAGE);
    fails!(EINVAL, SYS_mlockall, 0);
    works!(SYS_mlockall, libc::MCL_FUTURE | libc::MCL_ONFAULT);
    works!(SYS_munlockall);
    works!(SYS_modify_ldt, 0, [0u8; 16].as_mut_ptr(), 16);
    works!(SYS_brk, 0);
    works!(SYS_membarrier, 0, 0, 0);
    fails!(EINVAL, SYS_membarrier, 7777, 0, 0);
    works!(SYS_remap_file_pages, shared, PAGE, 0, 1, 0);
    fails!(EINVAL, SYS_remap_file_pages, UNALIGNED, PAGE, 0, 0, 0);
    nodes(own);
    words();
    let moved = works!(SYS_mremap, own, 8 * PAGE, 16 * PAGE, libc::MREMAP_MAYMOVE);
    fails!(EINVAL, SYS_mremap, UNALIGNED, PAGE, PAGE, 0);
    works!(SYS_munmap, moved, 16 * PAGE);
    works!(SYS_munmap, shared, 4 * PAGE);
    fails!(EINVAL, SYS_munmap, UNALIGNED, PAGE);
    works!(SYS_close, file);
    refused();
}

fn nodes(own: i64) {
    works!(SYS_set_mempolicy, 0, 0, 0);
    fails!(EINVAL, SYS_set_mempolicy, 77, 0, 0);
    let mut policy = 0i32;
    works!(SYS_get_mempolicy, &raw mut policy, 0, 0, 0, 0);
    fails!(EINVAL, SYS_get_mempolicy, &raw mut policy, 0, 0, 0, 0x4000);
    works!(SYS_mbind, own, PAGE, 0, 0, 0, 0);
    fails!(EINVAL, SYS_mbind, own, PAGE, 77, 0, 0, 0);
    let node = 1u64;
    works!(SYS_migrate_pages, 0, 64, &raw const node, &raw const node);
    fails!(ESRCH, SYS_migrate_pages, i32::MAX, 64, &raw const node, &raw const node);
    let (pages, mut status) = ([own as usize], [0i32]);
    works!(SYS_move_pages, 0, 1, pages.as_ptr(), 0, status.as_mut_ptr(), 2);
    fails!(ESRCH, SYS_move_pages, i32::MAX, 1, pages.as_ptr(), 0, status.as_mut_ptr(), 2);
    let sealed = works!(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, NONE, 0);
    works!(SYS_mseal, sealed, PAGE, 0);
    fails!(EINVAL, SYS_mseal, sealed, PAGE, 7);
    fails!(EPERM, SYS_munmap, sealed, PAGE);
}

fn words() {
    let word = 7u32;
    let soon = timespec { tv_sec: 0, tv_nsec: 1 };
    let wait = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    works!(SYS_futex, &raw const word, libc::FUTEX_WAKE, 1, 0, 0, 0);
    fails!(EAGAIN, SYS_futex, &raw const word, wait, 8, 0, 0, 0);
    fails!(ETIMEDOUT, SYS_futex, &raw const word, wait, 7, &raw const soon, 0, 0);
    fails!(EFAULT, SYS_futex, 4, libc::FUTEX_WAIT, 0, 0, 0, 0);
    let waiter = [8u64, &raw const word as u64, 2];
    fails!(EAGAIN, SYS_futex_waitv, waiter.as_ptr(), 1, 0, 0, 0);
    let waiter = std::thread::spawn(|| wait_for_word(&WORD));
    while call!(SYS_futex, &raw const WORD, libc::FUTEX_WAKE, 1, 0, 0, 0) == Ok(0) {
        std::thread::yield_now();
    }
    waiter.join().expect("the thread is woken");
}

static WORD: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

fn wait_for_word(word: &std::sync::atomic::AtomicU32) {
    let waiter = [0u64, word.as_ptr() as u64, 2];
    works!(SYS_futex_waitv, waiter.as_ptr(), 1, 0, 0, 0);
}

/// What a machine may have or not; without sense it has none of it.
fn refused() {
    for (number, words) in [
        (libc::SYS_pkey_alloc, [7, 7, 0, 0]),
        (libc::SYS_pkey_free, [7777, 0, 0, 0]),
        (libc::SYS_pkey_mprotect, [UNALIGNED, 1, 1, 7777]),
        (libc::SYS_userfaultfd, [0x4000, 0, 0, 0]),
        (450, [UNALIGNED, 1, 7777, 7]),
        (453, [UNALIGNED, 1, 77, 0]),
        (447, [0x4000, 0, 0, 0]),
        (455, [0, 0, 0, 0x4000]),
        (454, [0, 0, 0, 0x4000]),
        (456, [0, 0x4000, 0, 0]),
    ] {
        assert!(raw(number, &words).is_err(), "call {number}");
    }
}
