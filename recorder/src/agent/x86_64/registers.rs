//! Where a stopped thread stands in the hook, and its registers as the program knows them.

use libc::user_regs_struct;

use super::hook::{self, Labels, area};
use super::sites::CALL;

/// The registers of a stopped thread.
pub type Registers = user_regs_struct;

/// The code segment of 64-bit code.
const CODE_64: u64 = 0x33;

/// Where its next instruction is.
pub fn place(registers: &Registers) -> u64 {
    registers.rip
}

/// Moves it there.
pub fn set_place(registers: &mut Registers, address: u64) {
    registers.rip = address;
}

/// Of a thread that stands at the exit of a call: where the instruction is by which it was made.
pub fn caller(registers: &Registers) -> u64 {
    registers.rip.wrapping_sub(CALL.len() as u64)
}

/// The registers with which a thread that is entering a call makes it again.
pub fn again(registers: Registers) -> Registers {
    let (rip, rax) = (caller(&registers), registers.orig_rax);
    Registers { rip, rax, orig_rax: u64::MAX, ..registers }
}

/// Its stack pointer.
pub fn stack(registers: &Registers) -> u64 {
    registers.rsp
}

/// Where it finds its area: `gs`.
pub fn base(registers: &Registers) -> u64 {
    registers.gs_base
}

/// Makes that another.
pub fn set_base(registers: &mut Registers, address: u64) {
    registers.gs_base = address;
}

/// Whether a new program can be equipped: it is of 64-bit code, and `gs` is free.
pub fn is_plain(registers: &Registers) -> bool {
    registers.cs == CODE_64 && registers.gs_base == 0
}

/// First of the errnos by which the kernel tells itself to restart a call.
const ERESTARTSYS: i64 = 512;
/// Last of them.
const LAST_RESTART: i64 = 516;

/// What a thread in the hook has done of its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The call isn't made yet.
    Before,
    /// The kernel gave it up for a signal, and will restart it or fail it.
    Interrupted,
    /// It returned, and its record isn't published.
    Returned,
    /// Its record is published.
    Published,
}

/// Where a thread with `registers` stands in the hook, and what the call returned; none if it is
/// elsewhere.
pub fn progress(labels: &Labels, registers: &user_regs_struct) -> Option<Progress> {
    let at = registers.rip;
    Some(match at {
        _ if at < hook::BASE || at >= labels.end => return None,
        _ if at <= labels.gadget || at >= labels.way => Progress::Before,
        _ if (labels.watch..labels.over).contains(&at) => Progress::Before,
        _ if at == labels.called && is_restart(registers) => Progress::Interrupted,
        _ if at < labels.published || at >= labels.over => Progress::Returned,
        _ => Progress::Published,
    })
}

fn is_restart(registers: &user_regs_struct) -> bool {
    let result = registers.rax as i64;
    (-LAST_RESTART..=-ERESTARTSYS).contains(&result) && registers.orig_rax as i64 >= 0
}

/// The result of a call that has returned, of a thread that stands in the hook.
pub fn result(labels: &Labels, registers: &user_regs_struct, word: &impl Fn(u64) -> u64) -> i64 {
    let saved = registers.rip >= labels.returned;
    (if saved { word(area::RESULT) } else { registers.rax }) as i64
}

/// Takes a thread out of the hook: puts its registers as they were at its call, or behind it. Returns
/// where its stub goes on. `word` reads its area.
pub fn take_out(
    labels: &Labels,
    progress: Progress,
    registers: &mut user_regs_struct,
    word: &impl Fn(u64) -> u64,
) -> u64 {
    let at = registers.rip;
    if at <= labels.switched {
        // Nothing has changed but what the kernel changes, and at the end the stack pointer.
        if at > labels.switching {
            registers.rsp = word(area::RSP);
        }
        let after = registers.rcx;
        registers.rip = after.wrapping_sub(2);
        registers.orig_rax = u64::MAX;
        return after;
    }
    let result = result(labels, registers, word);
    let after = word(area::AFTER);
    let argument = |number: u64| word(area::ARGUMENTS + 8 * number);
    registers.rdi = argument(0);
    registers.rsi = argument(1);
    registers.rdx = argument(2);
    registers.r10 = argument(3);
    registers.r8 = argument(4);
    registers.r9 = argument(5);
    registers.rsp = word(area::RSP);
    registers.eflags = word(area::FLAGS);
    registers.r11 = registers.eflags;
    registers.rcx = after;
    match progress {
        Progress::Before => {
            registers.rax = word(area::NUMBER);
            registers.orig_rax = u64::MAX;
            registers.rip = after.wrapping_sub(2);
        }
        Progress::Interrupted => registers.rip = after,
        Progress::Returned | Progress::Published => {
            registers.rax = result as u64;
            registers.orig_rax = u64::MAX;
            registers.rip = after;
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rip: u64) -> user_regs_struct {
        // SAFETY: all zeroes is a value of this structure of integers.
        let registers: user_regs_struct = unsafe { std::mem::zeroed() };
        user_regs_struct { rip, ..registers }
    }

    #[test]
    fn every_place_in_the_hook_has_its_meaning() {
        let labels = Labels::new();
        let progress = |rip| progress(&labels, &at(rip));
        assert_eq!(progress(hook::BASE - 1), None);
        assert_eq!(progress(labels.end), None);
        let before = [labels.bypass, labels.hook, labels.saved, labels.gadget, labels.way];
        for before in before.into_iter().chain([labels.watch, labels.over - 1]) {
            assert_eq!(progress(before), Some(Progress::Before));
        }
        for returned in [labels.called, labels.returned, labels.trap, labels.trapped] {
            assert_eq!(progress(returned), Some(Progress::Returned));
        }
        assert_eq!(progress(labels.published), Some(Progress::Published));
        let interrupted = user_regs_struct { rax: -512i64 as u64, ..at(labels.called) };
        assert_eq!(super::progress(&labels, &interrupted), Some(Progress::Interrupted));
    }

    #[test]
    fn the_code_fits_before_its_table() {
        assert!(hook::code().len() as u64 <= hook::TABLE - hook::BASE);
        const { assert!(hook::TABLE + hook::TABLE_SIZE <= hook::CONTROL) };
    }
}
