//! The seccomp filter of a recorded program: every call stops at its tracer (seccomp(2)).
//!
//! A filter can't be changed once it is there, and calls that no plugin knows have to be counted, so
//! nothing is let through. The kernel asks the filter before it does anything else for the call, which
//! makes a stop at entry alone, for a call that nobody records, as cheap as a stop can be.

use libc::{sock_filter, sock_fprog};

/// Installs the filter for this thread and all that it will create.
///
/// Makes no allocation: it runs between fork and exec. Without privileges it sets `no_new_privs`, as
/// the kernel demands; with them it doesn't, so that programs which gain privileges still do.
///
/// # Errors
/// The kernel's.
pub fn install() -> Result<(), nix::Error> {
    let trace = sock_filter {
        code: (libc::BPF_RET | libc::BPF_K) as u16,
        jt: 0,
        jf: 0,
        k: libc::SECCOMP_RET_TRACE,
    };
    let mut filter = [trace];
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
