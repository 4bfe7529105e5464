//! What this process may do beyond what every user may (capabilities(7)).

use nix::errno::Errno;
use nix::unistd;

const CHOWN: u32 = 0;
const DAC_OVERRIDE: u32 = 1;
const FOWNER: u32 = 3;
const FSETID: u32 = 4;
const SETGID: u32 = 6;
const SETUID: u32 = 7;
const LINUX_IMMUTABLE: u32 = 9;
const SYS_ADMIN: u32 = 21;
const MKNOD: u32 = 27;

/// What a replay needs beneath a root, and may have there: files' owners, modes and attributes, and whose it acts as.
///
/// Without the others it has no way out. With `CAP_SYS_CHROOT` it could change its root again, with
/// `CAP_DAC_READ_SEARCH` open any file of the root's file system by its number (open_by_handle_at(2)), with
/// `CAP_MKNOD` or `CAP_SYS_ADMIN` reach the machine's devices, with `CAP_SYS_PTRACE` other processes.
const BENEATH_A_ROOT: [u32; 7] =
    [CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SETGID, SETUID, LINUX_IMMUTABLE];

/// Header of capset(2).
#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

/// `_LINUX_CAPABILITY_VERSION_3`.
const VERSION_3: u32 = 0x2008_0522;

/// One half of the sets of capset(2).
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Half {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

fn get() -> nix::Result<[Half; 2]> {
    let mut header = Header { version: VERSION_3, pid: 0 };
    let mut halves = [Half::default(); 2];
    // SAFETY: header and sets have the layout of version 3 of capget(2).
    let got = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) };
    Errno::result(got).map(|_| halves)
}

/// Whether this thread may do what is for system administrators.
pub fn is_administrator() -> bool {
    has(SYS_ADMIN)
}

/// Whether this thread may do with files all that root may.
pub fn has_roots_rights() -> bool {
    let needed = [CHOWN, DAC_OVERRIDE, FOWNER, FSETID, MKNOD];
    unistd::geteuid().is_root() && needed.into_iter().all(has)
}

/// Whether all users there are exist in this process's user namespace.
pub fn has_all_users() -> bool {
    let Ok(map) = std::fs::read_to_string("/proc/self/uid_map") else { return true };
    let counts = map.lines().filter_map(|line| line.split_whitespace().nth(2)?.parse::<u64>().ok());
    counts.sum::<u64>() >= u32::MAX.into()
}

/// Whether this thread may take on any user's identity.
pub fn may_change_users() -> bool {
    unistd::geteuid().is_root() && has(SETUID) && has(SETGID)
}

fn has(capability: u32) -> bool {
    get().is_ok_and(|halves| halves[0].effective & 1 << capability != 0)
}

/// Gives up, for good, all that a replay doesn't need beneath a root.
///
/// # Errors
/// The kernel's.
pub fn give_up() -> nix::Result<()> {
    let kept = BENEATH_A_ROOT.iter().fold(0, |mask, capability| mask | 1 << capability);
    let [mut low, mut high] = get()?;
    low.permitted &= kept;
    high.permitted = 0;
    for half in [&mut low, &mut high] {
        (half.effective, half.inheritable) = (half.permitted, 0);
    }
    let mut header = Header { version: VERSION_3, pid: 0 };
    // SAFETY: header and sets have the layout of version 3 of capset(2).
    let set = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, [low, high].as_ptr()) };
    Errno::result(set).map(drop)
}
