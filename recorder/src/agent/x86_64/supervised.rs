//! The calls that change what the hook stands on. They are made under the tracer's eyes.
//!
//! This is about the kernel and the processor, not about what is recorded of a call: all these are
//! recorded as their plugins say.

use libc::{c_long, user_regs_struct};

/// Calls that the hook never makes: they replace registers, memory or the program, or the rules by
/// which the kernel judges calls.
const SUPERVISED: [c_long; 21] = [
    libc::SYS_rt_sigreturn,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_remap_file_pages,
    libc::SYS_arch_prctl,
    libc::SYS_prctl,
    libc::SYS_seccomp,
    libc::SYS_ptrace,
    libc::SYS_restart_syscall,
    libc::SYS_mlockall,
    libc::SYS_modify_ldt,
    libc::SYS_setrlimit,
    libc::SYS_prlimit64,
];

/// Whether calls of `number` are always the tracer's.
pub fn is_supervised(number: u32) -> bool {
    SUPERVISED.contains(&c_long::from(number))
}

/// Bits of arguments 2 and 3 with which a call of `number` is the tracer's: new code, mappings in place of
/// others, and those through which files can be changed.
pub fn guards(number: u32) -> (u64, u64) {
    match c_long::from(number) {
        libc::SYS_mmap => (libc::PROT_EXEC as u64, (libc::MAP_FIXED | libc::MAP_SHARED) as u64),
        _ => (0, 0),
    }
}

/// What the tracer looks at when a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Brings new code.
    MapsCode,
    /// Takes memory away.
    Unmaps,
    /// Takes away what stubs and hook stand on: `gs`, the time stamp counter, calls from everywhere.
    Conflicts,
    /// May put further rules on calls.
    Filters,
    /// Returns from a signal handler.
    ReturnsFromSignal,
    /// Limits how much memory may be mapped.
    Limits,
}

/// What a call of `number` may do, if it matters.
pub fn effect(number: u64, arguments: &[u64; 6]) -> Option<Effect> {
    let executable = arguments[2] & libc::PROT_EXEC as u64 != 0;
    let anonymous = arguments[3] & libc::MAP_ANONYMOUS as u64 != 0;
    Some(match c_long::try_from(number).ok()? {
        libc::SYS_mmap if executable && !anonymous => Effect::MapsCode,
        libc::SYS_mmap if arguments[3] & libc::MAP_FIXED as u64 != 0 => Effect::Unmaps,
        libc::SYS_munmap | libc::SYS_mremap => Effect::Unmaps,
        libc::SYS_arch_prctl if arguments[0] == ARCH_SET_GS => Effect::Conflicts,
        libc::SYS_prctl if CONFLICTING.contains(&arguments[0]) => Effect::Conflicts,
        libc::SYS_seccomp => Effect::Filters,
        libc::SYS_prctl if arguments[0] == libc::PR_SET_SECCOMP as u64 => Effect::Filters,
        libc::SYS_rt_sigreturn => Effect::ReturnsFromSignal,
        libc::SYS_setrlimit if arguments[0] == ADDRESSES => Effect::Limits,
        libc::SYS_prlimit64 if arguments[1] == ADDRESSES && arguments[2] != 0 => Effect::Limits,
        _ => return None,
    })
}

/// The flags of clone(2) with which a call of `number` makes a task, if it makes one. clone3(2) has them in memory,
/// of which `word` reads a word.
pub fn flags_of_task(
    number: u64,
    arguments: &[u64; 6],
    word: impl FnOnce(u64) -> Option<u64>,
) -> Option<u64> {
    Some(match c_long::try_from(number).ok()? {
        libc::SYS_fork => 0,
        libc::SYS_vfork => (libc::CLONE_VM | libc::CLONE_VFORK) as u64,
        libc::SYS_clone => arguments[0],
        libc::SYS_clone3 => word(arguments[0])?,
        _ => return None,
    })
}

/// Arguments of prctl(2) that conflict: `PR_SET_TSC` and `PR_SET_SYSCALL_USER_DISPATCH`.
const CONFLICTING: [u64; 2] = [libc::PR_SET_TSC as u64, 59];

/// The limit of what may be mapped (getrlimit(2)).
const ADDRESSES: u64 = libc::RLIMIT_AS as u64;

/// Argument of arch_prctl(2).
const ARCH_SET_GS: u64 = 0x1001;

/// Where the instruction pointer is to which rt_sigreturn(2) returns, for a thread that makes it: in the
/// `ucontext_t` on its stack.
pub fn signal_return_address(registers: &user_regs_struct) -> u64 {
    let context = std::mem::offset_of!(libc::ucontext_t, uc_mcontext);
    registers.rsp + context as u64 + 8 * libc::REG_RIP as u64
}

/// The same, for a thread that stands at the first instruction of a handler: its return address lies on
/// top of the context.
pub fn signal_frame_address(registers: &user_regs_struct) -> u64 {
    signal_return_address(registers) + 8
}
