//! The seccomp filter of a recorded program: every call stops at its tracer (seccomp(2)), but for those
//! that come from one instruction, if there is such a gate.
//!
//! A filter can't be changed once it is there, and calls that no plugin knows have to be counted, so
//! nothing else is let through. The kernel asks the filter before it does anything else for the call, which
//! makes a stop at entry alone, for a call that nobody records, as cheap as a stop can be.

use libc::{sock_filter, sock_fprog};

use crate::ptrace::NATIVE;

/// Installs the filter for this thread and all that it will create. Calls whose return address is `gate`
/// are let through.
///
/// Makes no allocation: it runs between fork and exec. Without privileges it sets `no_new_privs`, as
/// the kernel demands; with them it doesn't, so that programs which gain privileges still do.
///
/// # Errors
/// The kernel's.
pub fn install(gate: Option<u64>) -> Result<(), nix::Error> {
    let ret = |k| step(libc::BPF_RET | libc::BPF_K, 0, 0, k);
    let load =
        |offset: usize| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset as u32);
    let unless = |k, skip| step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, skip, k);
    let address = std::mem::offset_of!(libc::seccomp_data, instruction_pointer);
    let (low, high) = if cfg!(target_endian = "little") { (0, 4) } else { (4, 0) };
    let gate_address = gate.unwrap_or(0);
    let mut through = [
        load(address + low),
        unless(gate_address as u32, 5),
        load(address + high),
        unless((gate_address >> 32) as u32, 3),
        load(std::mem::offset_of!(libc::seccomp_data, arch)),
        unless(NATIVE, 1),
        ret(libc::SECCOMP_RET_ALLOW),
        ret(libc::SECCOMP_RET_TRACE),
    ];
    let filter = if gate.is_some() { &mut through[..] } else { &mut through[7..] };
    let program = sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    let install = || {
        // SAFETY: the program lives through the call, which copies it.
        nix::Error::result(unsafe {
            libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program)
        })
    };
    if install().is_ok() {
        return Ok(());
    }
    nix::sys::prctl::set_no_new_privs()?;
    install().map(drop)
}

/// One instruction of a filter (bpf(4), "struct bpf_insn").
fn step(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}
