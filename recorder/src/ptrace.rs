//! The requests of ptrace(2) that the tracer makes: the unsafe edge.
//!
//! All take a tracee that is stopped. One that was killed meanwhile answers `ESRCH`, which the caller
//! meets again as its death.

use std::mem::MaybeUninit;

use libc::{c_int, c_long, c_void, pid_t, ptrace_syscall_info};
use nix::Result;

/// What the tracer wants to hear of (`PTRACE_O_…`).
const OPTIONS: c_int = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACESECCOMP
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_TRACEEXIT;

/// The ABI of this machine's own programs (`AUDIT_ARCH_…`).
#[cfg(target_arch = "x86_64")]
pub const NATIVE: u32 = 0xc000_003e;
/// The ABI of this machine's own programs (`AUDIT_ARCH_…`).
#[cfg(target_arch = "aarch64")]
pub const NATIVE: u32 = 0xc000_00b7;

/// Whether calls of `number` tell what became of a call that a signal interrupted.
pub fn tells_of_signals(number: u32) -> bool {
    [libc::SYS_restart_syscall, libc::SYS_rt_sigreturn].contains(&c_long::from(number))
}

fn request(request: libc::c_uint, pid: pid_t, address: usize, data: usize) -> Result<c_long> {
    // SAFETY: the requests of this module read and write no memory of ours but what `data` points to
    // where they do; those callers pass a buffer of the size they name.
    let answer = unsafe { libc::ptrace(request, pid, address as *mut c_void, data as *mut c_void) };
    nix::Error::result(answer)
}

/// Makes `pid`, a program of ours, a tracee without stopping it. It dies with its tracer, so that it never
/// runs on with a filter that nobody answers.
pub fn seize(pid: pid_t) -> Result<()> {
    let options = OPTIONS | libc::PTRACE_O_EXITKILL;
    request(libc::PTRACE_SEIZE, pid, 0, options as usize).map(drop)
}

/// Makes `pid`, somebody else's program, a tracee without stopping it. It lives on without its tracer.
pub fn seize_running(pid: pid_t) -> Result<()> {
    request(libc::PTRACE_SEIZE, pid, 0, OPTIONS as usize).map(drop)
}

/// Makes `pid` stop, wherever it is.
pub fn interrupt(pid: pid_t) -> Result<()> {
    request(libc::PTRACE_INTERRUPT, pid, 0, 0).map(drop)
}

/// Lets `pid` go on without a tracer, with `signal` delivered if it isn't 0.
pub fn detach(pid: pid_t, signal: c_int) -> Result<()> {
    request(libc::PTRACE_DETACH, pid, 0, signal as usize).map(drop)
}

/// How a tracee goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Until something happens to it.
    Run,
    /// Until it enters or leaves a call.
    ToSyscallStop,
    /// For one instruction, or up to the first one of a signal handler.
    Step,
}

/// Lets `pid` go on, with `signal` delivered if it isn't 0.
pub fn resume(pid: pid_t, how: Resume, signal: c_int) -> Result<()> {
    let how = match how {
        Resume::Run => libc::PTRACE_CONT,
        Resume::ToSyscallStop => libc::PTRACE_SYSCALL,
        Resume::Step => libc::PTRACE_SINGLESTEP,
    };
    request(how, pid, 0, signal as usize).map(drop)
}

/// Leaves `pid` stopped by a signal, as it would be without a tracer, until it is continued.
pub fn listen(pid: pid_t) -> Result<()> {
    request(libc::PTRACE_LISTEN, pid, 0, 0).map(drop)
}

/// The number that belongs to the event at which `pid` stopped.
pub fn event_message(pid: pid_t) -> Result<u64> {
    let mut message: libc::c_ulong = 0;
    request(libc::PTRACE_GETEVENTMSG, pid, 0, &raw mut message as usize)?;
    Ok(message)
}

/// A call that is being entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The ABI it is made by (`AUDIT_ARCH_…`).
    pub architecture: u32,
    /// Address behind the instruction that makes it.
    pub instruction_pointer: u64,
    /// Its number.
    pub number: u64,
    /// Its arguments.
    pub arguments: [u64; 6],
}

/// The call that `pid` is entering.
pub fn entry(pid: pid_t) -> Result<Entry> {
    let info = syscall_info(pid)?;
    // SAFETY: the kernel says which part it filled in.
    let (number, arguments) = unsafe {
        match info.op {
            libc::PTRACE_SYSCALL_INFO_SECCOMP => (info.u.seccomp.nr, info.u.seccomp.args),
            libc::PTRACE_SYSCALL_INFO_ENTRY => (info.u.entry.nr, info.u.entry.args),
            _ => return Err(nix::Error::EPROTO),
        }
    };
    Ok(Entry {
        architecture: info.arch,
        instruction_pointer: info.instruction_pointer,
        number,
        arguments,
    })
}

/// Whether `pid`, which no filter stops, is entering a call.
pub fn is_entry(pid: pid_t) -> bool {
    syscall_info(pid).is_ok_and(|info| info.op == libc::PTRACE_SYSCALL_INFO_ENTRY)
}

/// Keeps the call that `pid` is entering from being made: it fails with `ENOSYS`.
///
/// # Errors
/// Where this isn't known how, the call is made.
#[cfg(target_arch = "x86_64")]
pub fn refuse(pid: pid_t) -> Result<()> {
    // The kernel passes over a call whose number the tracer makes negative, and has its result in place
    // already (seccomp(2), SECCOMP_RET_TRACE).
    let number = std::mem::offset_of!(libc::user_regs_struct, orig_rax);
    request(libc::PTRACE_POKEUSER, pid, number, usize::MAX).map(drop)
}

/// As on x86-64, where it is known how.
///
/// # Errors
/// The call is made.
#[cfg(not(target_arch = "x86_64"))]
pub fn refuse(_: pid_t) -> Result<()> {
    Err(nix::Error::ENOTSUP)
}

/// What the call that `pid` is leaving returned, and whether that is a negative errno.
pub fn exit(pid: pid_t) -> Result<(i64, bool)> {
    let info = syscall_info(pid)?;
    if info.op != libc::PTRACE_SYSCALL_INFO_EXIT {
        return Err(nix::Error::EPROTO);
    }
    // SAFETY: the kernel says that this is the part which it filled in.
    let exit = unsafe { info.u.exit };
    Ok((exit.sval, exit.is_error != 0))
}

fn syscall_info(pid: pid_t) -> Result<ptrace_syscall_info> {
    let mut info = MaybeUninit::<ptrace_syscall_info>::zeroed();
    let size = size_of::<ptrace_syscall_info>();
    request(libc::PTRACE_GET_SYSCALL_INFO, pid, size, info.as_mut_ptr() as usize)?;
    // SAFETY: all zeroes is a value of this type, and the kernel wrote at most `size` bytes over it.
    Ok(unsafe { info.assume_init() })
}

/// The registers of `pid`.
#[cfg(target_arch = "x86_64")]
pub fn registers(pid: pid_t) -> Result<libc::user_regs_struct> {
    let mut registers = MaybeUninit::<libc::user_regs_struct>::zeroed();
    request(libc::PTRACE_GETREGS, pid, 0, registers.as_mut_ptr() as usize)?;
    // SAFETY: all zeroes is a value of this type, and the kernel filled it in.
    Ok(unsafe { registers.assume_init() })
}

/// Sets the registers of `pid`.
#[cfg(target_arch = "x86_64")]
pub fn set_registers(pid: pid_t, registers: &libc::user_regs_struct) -> Result<()> {
    request(libc::PTRACE_SETREGS, pid, 0, std::ptr::from_ref(registers) as usize).map(drop)
}

/// The signals that `pid` blocks, a bit each.
pub fn signal_mask(pid: pid_t) -> Result<u64> {
    let mut mask = 0u64;
    request(libc::PTRACE_GETSIGMASK, pid, size_of::<u64>(), &raw mut mask as usize)?;
    Ok(mask)
}

/// Sets them.
pub fn set_signal_mask(pid: pid_t, mask: u64) -> Result<()> {
    request(libc::PTRACE_SETSIGMASK, pid, size_of::<u64>(), &raw const mask as usize).map(drop)
}

/// The `si_code` of the signal that is about to be delivered to `pid`.
pub fn signal_code(pid: pid_t) -> Result<c_int> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    request(libc::PTRACE_GETSIGINFO, pid, 0, info.as_mut_ptr() as usize)?;
    // SAFETY: all zeroes is a value of this type, and the kernel filled it in.
    Ok(unsafe { info.assume_init() }.si_code)
}

/// What a wait told of a tracee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is entering a call.
    Entry,
    /// It is leaving a call, or entering one that no filter stops.
    Exit,
    /// It created another (`PTRACE_EVENT_{CLONE,FORK,VFORK}`).
    Created,
    /// It runs a new program.
    Executed,
    /// It is about to end.
    Ending,
    /// It is stopped by a stopping signal, as all of its process are.
    Group,
    /// It was just attached, or continued after a group stop.
    Trap,
    /// A signal is about to be delivered to it.
    Signal(c_int),
    /// It ended with this status.
    Exited(c_int),
    /// It was killed by this signal.
    Killed(c_int),
    /// Something else that stopped it.
    Other,
}

impl Stop {
    /// What wait status `status` says (ptrace(2), "Stopped states").
    pub fn from_status(status: c_int) -> Self {
        if libc::WIFEXITED(status) {
            return Self::Exited(libc::WEXITSTATUS(status));
        }
        if libc::WIFSIGNALED(status) {
            return Self::Killed(libc::WTERMSIG(status));
        }
        let signal = libc::WSTOPSIG(status);
        match status >> 16 {
            0 if signal == libc::SIGTRAP | 0x80 => Self::Exit,
            0 => Self::Signal(signal),
            libc::PTRACE_EVENT_SECCOMP => Self::Entry,
            libc::PTRACE_EVENT_CLONE | libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK => {
                Self::Created
            }
            libc::PTRACE_EVENT_EXEC => Self::Executed,
            libc::PTRACE_EVENT_EXIT => Self::Ending,
            libc::PTRACE_EVENT_STOP if signal == libc::SIGTRAP => Self::Trap,
            libc::PTRACE_EVENT_STOP => Self::Group,
            _ => Self::Other,
        }
    }
}

/// What came of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A tracee stopped, or ended.
    Stopped(pid_t, Stop),
    /// A signal came before.
    Interrupted,
    /// There are no tracees left.
    Nobody,
}

/// Waits for any tracee or child.
pub fn wait() -> Result<Wait> {
    wait_for(-1)
}

/// Waits for `pid`.
pub fn wait_for(pid: pid_t) -> Result<Wait> {
    let mut status = 0;
    // SAFETY: the status is ours to be written.
    let pid = unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) };
    match nix::Error::result(pid) {
        Ok(pid) => Ok(Wait::Stopped(pid, Stop::from_status(status))),
        Err(nix::Error::EINTR) => Ok(Wait::Interrupted),
        Err(nix::Error::ECHILD) => Ok(Wait::Nobody),
        Err(error) => Err(error),
    }
}

/// Waits until `pid` has stopped or ended; [`wait`] tells of it afterwards.
pub fn await_stop(pid: pid_t) {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let what = libc::WSTOPPED | libc::WEXITED | libc::WNOWAIT | libc::__WALL;
    // SAFETY: the structure is ours to be written.
    while unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, info.as_mut_ptr(), what) } < 0
        && nix::Error::last() == nix::Error::EINTR
    {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_the_stop() {
        let stopped = |signal: c_int, event: c_int| event << 16 | signal << 8 | 0x7f;
        for (status, stop) in [
            (7 << 8, Stop::Exited(7)),
            (libc::SIGSEGV, Stop::Killed(libc::SIGSEGV)),
            (libc::SIGABRT | 0x80, Stop::Killed(libc::SIGABRT)),
            (stopped(libc::SIGTRAP, libc::PTRACE_EVENT_SECCOMP), Stop::Entry),
            (stopped(libc::SIGTRAP | 0x80, 0), Stop::Exit),
            (stopped(libc::SIGUSR1, 0), Stop::Signal(libc::SIGUSR1)),
            (stopped(libc::SIGTRAP, 0), Stop::Signal(libc::SIGTRAP)),
            (stopped(libc::SIGTSTP, libc::PTRACE_EVENT_STOP), Stop::Group),
            (stopped(libc::SIGTRAP, libc::PTRACE_EVENT_STOP), Stop::Trap),
            (stopped(libc::SIGTRAP, libc::PTRACE_EVENT_VFORK), Stop::Created),
            (stopped(libc::SIGTRAP, libc::PTRACE_EVENT_EXEC), Stop::Executed),
            (stopped(libc::SIGTRAP, libc::PTRACE_EVENT_EXIT), Stop::Ending),
        ] {
            assert_eq!(Stop::from_status(status), stop, "status {status:#x}");
        }
    }
}
