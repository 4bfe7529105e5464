//! The seccomp filter of a recorded program (seccomp(2)): every call stops at its tracer, but for those that
//! the user doesn't want to be seen, and those that come from one instruction, if there is such a gate.
//!
//! A filter can't be changed once it is there, and calls that no plugin knows have to be counted, so
//! nothing else is let through. The kernel asks the filter before it does anything else for the call, which
//! makes a stop at entry alone, for a call that nobody records, as cheap as a stop can be. What is let through
//! by its number alone is asked for first: of such calls the kernel knows the answer without asking.

use libc::{sock_filter, sock_fprog};

use crate::ptrace::NATIVE;

/// What a program's calls are asked.
#[derive(Clone, Debug)]
pub struct Filter {
    steps: Vec<sock_filter>,
}

impl Filter {
    /// Lets calls through that have one of `numbers`, which ascend, and those whose return address is `gate`.
    pub fn new(numbers: impl IntoIterator<Item = u32>, gate: Option<u64>) -> Self {
        let ret = |k| step(libc::BPF_RET | libc::BPF_K, 0, 0, k);
        let load =
            |offset: usize| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset as u32);
        let jump = |how, k, yes, no| step(libc::BPF_JMP | how | libc::BPF_K, yes, no, k);
        let unless = |k, skip| jump(libc::BPF_JEQ, k, 0, skip);
        let mut steps = vec![
            load(std::mem::offset_of!(libc::seccomp_data, arch)),
            jump(libc::BPF_JEQ, NATIVE, 1, 0),
            ret(libc::SECCOMP_RET_TRACE),
            load(std::mem::offset_of!(libc::seccomp_data, nr)),
        ];
        for (first, last) in runs(numbers) {
            steps.extend([
                jump(libc::BPF_JGE, first, 0, 2),
                jump(libc::BPF_JGT, last, 1, 0),
                ret(libc::SECCOMP_RET_ALLOW),
            ]);
        }
        if let Some(gate) = gate {
            let address = std::mem::offset_of!(libc::seccomp_data, instruction_pointer);
            let (low, high) = if cfg!(target_endian = "little") { (0, 4) } else { (4, 0) };
            steps.extend([
                load(address + low),
                unless(gate as u32, 3),
                load(address + high),
                unless((gate >> 32) as u32, 1),
                ret(libc::SECCOMP_RET_ALLOW),
            ]);
        }
        steps.push(ret(libc::SECCOMP_RET_TRACE));
        Self { steps }
    }

    /// Installs it for this thread and all that it will create.
    ///
    /// Makes no allocation: it runs between fork and exec. Without privileges it sets `no_new_privs`, as
    /// the kernel demands; with them it doesn't, so that programs which gain privileges still do.
    ///
    /// # Errors
    /// The kernel's.
    pub fn install(&self) -> Result<(), nix::Error> {
        // The kernel takes the pointer for one that it may write through, and doesn't.
        let filter = self.steps.as_ptr().cast_mut();
        let program = sock_fprog { len: self.steps.len() as u16, filter };
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        let install = || {
            // SAFETY: the program lives through the call, which copies it.
            nix::Error::result(unsafe {
                libc::syscall(libc::SYS_seccomp, mode, 0, &raw const program)
            })
        };
        if install().is_ok() {
            return Ok(());
        }
        nix::sys::prctl::set_no_new_privs()?;
        install().map(drop)
    }
}

/// Ascending `numbers` as runs: the first and the last of each.
fn runs(numbers: impl IntoIterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if number == *last + 1 => *last = number,
            _ => runs.push((number, number)),
        }
    }
    runs
}

/// One instruction of a filter (bpf(4), "struct bpf_insn").
fn step(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the filter says of a call, by the rules of bpf(4).
    fn says(filter: &Filter, architecture: u32, number: u32, address: u64) -> u32 {
        let mut data = [0; 64];
        data[..4].copy_from_slice(&number.to_ne_bytes());
        data[4..8].copy_from_slice(&architecture.to_ne_bytes());
        data[8..16].copy_from_slice(&address.to_ne_bytes());
        let (mut at, mut word) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = filter.steps[at];
            let skip = |holds| usize::from(if holds { jt } else { jf });
            at += 1;
            match u32::from(code) & !libc::BPF_K {
                ret if ret & 7 == libc::BPF_RET => return k,
                load if load & 7 == libc::BPF_LD => {
                    word = u32::from_ne_bytes(*data[k as usize..].first_chunk().unwrap());
                }
                jump if jump & 0xf0 == libc::BPF_JEQ => at += skip(word == k),
                jump if jump & 0xf0 == libc::BPF_JGE => at += skip(word >= k),
                jump if jump & 0xf0 == libc::BPF_JGT => at += skip(word > k),
                other => panic!("step {other:#x}"),
            }
        }
    }

    #[test]
    fn a_filter_lets_through_what_it_should_and_nothing_else() {
        let gate = 0x7e90_0000_1234;
        let filter = Filter::new([0, 1, 2, 5, 300], Some(gate));
        let (allow, trace) = (libc::SECCOMP_RET_ALLOW, libc::SECCOMP_RET_TRACE);
        for number in [0, 1, 2, 5, 300] {
            assert_eq!(says(&filter, NATIVE, number, 7), allow, "{number}");
            assert_eq!(says(&filter, NATIVE + 1, number, gate), trace, "{number}");
            assert_eq!(says(&filter, NATIVE, number | 0x4000_0000, 7), trace, "{number}");
        }
        for number in [3, 4, 6, 299, 301, u32::MAX] {
            assert_eq!(says(&filter, NATIVE, number, 7), trace, "{number}");
            assert_eq!(says(&filter, NATIVE, number, gate), allow, "{number}");
            assert_eq!(says(&filter, NATIVE, number, gate + (1 << 32)), trace, "{number}");
            assert_eq!(says(&filter, NATIVE, number, gate & 0xffff_ffff), trace, "{number}");
        }
        assert_eq!(says(&Filter::new([], None), NATIVE, 0, 0), trace);
    }
}
