//! Finds the system-call instructions of a piece of code that may be rewritten.
//!
//! Rewriting takes five bytes where the instruction has two, so what stands behind it has to go as
//! well. That is safe if nothing jumps there, and if what looks like code is code. Both are decided
//! conservatively: what isn't certain is left as it is, and stops at the tracer.

use std::collections::BTreeSet;
use std::ops::Range;

use iced_x86::{Code, Decoder, DecoderOptions, FlowControl, Instruction, OpKind};

/// A system-call instruction.
pub const CALL: [u8; 2] = [0x0f, 0x05];

/// Bytes of the jump that takes an instruction's place.
pub const JUMP: usize = 5;

/// How far before a site code is decoded, where no table says where functions begin.
const BEFORE: usize = 256;

/// A system-call instruction, and what stands behind it.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where it is, from the beginning of the code.
    pub at: usize,
    /// The instructions that have to go with it.
    pub displaced: Vec<Displaced>,
}

/// An instruction that has to go.
#[derive(Clone, Debug)]
pub struct Displaced {
    /// The instruction, decoded as if the code began at address 0.
    pub instruction: Instruction,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where the four bytes of an address relative to the next instruction are, if it has them.
    pub relative: Option<usize>,
}

impl Site {
    /// Bytes that are replaced or can't be reached any more.
    pub fn length(&self) -> usize {
        2 + self.displaced.iter().map(|displaced| displaced.bytes.len()).sum::<usize>()
    }
}

/// What was found in a piece of code.
#[derive(Debug, Default)]
pub struct Found {
    /// What can be rewritten, in order.
    pub sites: Vec<Site>,
    /// What looks like a system call and is left alone.
    pub left: usize,
}

/// Finds the sites of `code`, in which `functions` begin and end as the file says. Calls of the numbers
/// for which `supervised` holds gain nothing, and are left.
pub fn find(code: &[u8], functions: &[Range<usize>], supervised: impl Fn(u32) -> bool) -> Found {
    let candidates: Vec<usize> = candidates(code);
    let mut sites = Vec::new();
    let mut left = 0;
    for at in candidates.iter().copied() {
        match site(code, functions, at, &supervised) {
            Ok(Some(site)) => sites.push(site),
            Ok(None) => {}
            Err(Left) => left += 1,
        }
    }
    // Nothing may jump behind the first byte of what is replaced.
    let mut inside: Vec<u64> = vec![0; code.len().div_ceil(64)];
    for site in &sites {
        for byte in site.at + 1..site.at + site.length() {
            inside[byte / 64] |= 1 << (byte % 64);
        }
    }
    let targets = targets(code, &inside);
    let mut end = 0;
    sites.retain(|site| {
        let own = site.at + 1..site.at + site.length();
        let free = targets.range(own.clone()).next().is_none() && site.at >= end;
        if free {
            end = own.end;
        } else {
            left += 1;
        }
        free
    });
    Found { sites, left }
}

/// Whether `code` may set the base of `gs` by itself (`wrgsbase`).
pub fn sets_segment(code: &[u8]) -> bool {
    code.windows(5).any(|five| {
        five[0] == 0xf3
            && matches!(five[1], 0x48..=0x4f)
            && five[2..4] == [0x0f, 0xae]
            && matches!(five[4], 0xd8..=0xdf)
    })
}

/// Where `code` has the bytes of a system-call instruction.
pub fn candidates(code: &[u8]) -> Vec<usize> {
    code.windows(2).enumerate().filter(|(_, pair)| *pair == CALL).map(|(at, _)| at).collect()
}

/// Left to the tracer.
struct Left;

/// The site at `at`; none if there is no such instruction, or its call is supervised anyway.
fn site(
    code: &[u8],
    functions: &[Range<usize>],
    at: usize,
    supervised: &impl Fn(u32) -> bool,
) -> Result<Option<Site>, Left> {
    let next = functions.partition_point(|function| function.start <= at);
    let function = next.checked_sub(1).map(|n| &functions[n]).filter(|f| f.contains(&at));
    let before = match function {
        Some(function) => {
            let before = decode(code, function.start, at);
            // The bytes are part of something else.
            if before.last().is_some_and(|last| last.next_ip() as usize != at) {
                return Ok(None);
            }
            before
        }
        None => agreed(code, at).ok_or(Left)?,
    };
    let number = before.last().and_then(number_loaded);
    if number.is_some_and(supervised) {
        return Ok(None);
    }
    let mut displaced = Vec::new();
    let mut length = 2;
    let mut ended = false;
    let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
    while length < JUMP {
        let from = at + length;
        decoder.set_position(from).map_err(|_| Left)?;
        decoder.set_ip(from as u64);
        if !decoder.can_decode() {
            return Err(Left);
        }
        let instruction = decoder.decode();
        let bytes = &code[from..from + instruction.len()];
        if ended {
            // Behind a return or jump only what fills the space up to the next function may go.
            if !is_padding(&instruction) {
                return Err(Left);
            }
        } else {
            let offsets = decoder.get_constant_offsets(&instruction);
            displaced.push(movable(&instruction, bytes, offsets.displacement_offset())?);
            ended = matches!(
                instruction.flow_control(),
                FlowControl::Return | FlowControl::UnconditionalBranch
            );
        }
        length += instruction.len();
    }
    // Without a table that vouches for code, what is around has to look like a call's.
    if function.is_none() && number.is_none() && !checks_result(displaced.first()) {
        return Err(Left);
    }
    Ok(Some(Site { at, displaced }))
}

fn is_padding(instruction: &Instruction) -> bool {
    matches!(
        instruction.code(),
        Code::Nopd
            | Code::Nopw
            | Code::Nopq
            | Code::Nop_rm16
            | Code::Nop_rm32
            | Code::Nop_rm64
            | Code::Int3
    )
}

/// `instruction` as it will be moved.
fn movable(
    instruction: &Instruction,
    bytes: &[u8],
    displacement: usize,
) -> Result<Displaced, Left> {
    let relative = match instruction.flow_control() {
        FlowControl::Next | FlowControl::Return => {
            instruction.is_ip_rel_memory_operand().then_some(displacement)
        }
        FlowControl::ConditionalBranch if instruction.is_jcc_short_or_near() => None,
        FlowControl::UnconditionalBranch if instruction.is_jmp_short_or_near() => None,
        _ => return Err(Left),
    };
    if instruction.is_invalid() || bytes == CALL {
        return Err(Left);
    }
    Ok(Displaced { instruction: *instruction, bytes: bytes.to_vec(), relative })
}

/// The instructions from `start` up to `end`, or past it if none ends there.
fn decode(code: &[u8], start: usize, end: usize) -> Vec<Instruction> {
    let mut decoder = Decoder::with_ip(64, &code[start..], start as u64, DecoderOptions::NONE);
    let mut decoded = Vec::new();
    while decoder.can_decode() && (decoder.ip() as usize) < end {
        decoded.push(decoder.decode());
    }
    decoded
}

/// The instructions before `at`, if all ways to read the bytes before it come to the same.
fn agreed(code: &[u8], at: usize) -> Option<Vec<Instruction>> {
    let start = at.saturating_sub(BEFORE);
    let mut longest: Option<Vec<Instruction>> = None;
    for from in start..(start + 16).min(at) {
        let mut decoded = decode(code, from, at);
        if let Some(bad) = decoded.iter().rposition(Instruction::is_invalid) {
            // What couldn't be read was no code; what comes after it may be.
            decoded.drain(..=bad);
        }
        let last = decoded.last()?;
        if last.next_ip() as usize != at {
            return None;
        }
        if longest.as_ref().is_none_or(|longest| longest.len() < decoded.len()) {
            longest = Some(decoded);
        }
    }
    longest
}

/// The number that `instruction` puts where a call's is taken from.
fn number_loaded(instruction: &Instruction) -> Option<u32> {
    let is_load = matches!(instruction.code(), Code::Mov_r32_imm32 | Code::Mov_rm64_imm32);
    let into_eax = instruction.op0_kind() == OpKind::Register
        && matches!(instruction.op0_register(), iced_x86::Register::EAX | iced_x86::Register::RAX);
    (is_load && into_eax && instruction.immediate(1) < 1024)
        .then(|| instruction.immediate(1) as u32)
}

/// Whether `next` compares the result with the smallest negative errno, as call wrappers do.
fn checks_result(next: Option<&Displaced>) -> bool {
    next.is_some_and(|next| {
        next.instruction.code() == Code::Cmp_RAX_imm32
            && (-4096..=-4095).contains(&(next.instruction.immediate(1) as i64))
    })
}

/// Addresses of `inside`, a set of bits, that something in `code` may jump to.
fn targets(code: &[u8], inside: &[u64]) -> BTreeSet<usize> {
    let is_inside = |target: i64| {
        usize::try_from(target)
            .ok()
            .and_then(|target| inside.get(target / 64).map(|word| word >> (target % 64) & 1 != 0))
            .unwrap_or(false)
    };
    let mut targets = BTreeSet::new();
    // Any bytes may be a jump, or make the address of something.
    for (at, six) in code.windows(6).enumerate() {
        let leads = match (six[0], six[1]) {
            (_, 0xe8 | 0xe9) => true,
            (0x0f, second) => second & 0xf0 == 0x80,
            (0x8d, second) => second & 0xc7 == 0x05,
            (0xc7, second) => second == 0xf8,
            _ => false,
        };
        if !leads {
            continue;
        }
        let relative = i32::from_le_bytes([six[2], six[3], six[4], six[5]]);
        let target = at as i64 + 6 + i64::from(relative);
        if is_inside(target) {
            targets.insert(target as usize);
        }
    }
    // Short jumps are so many that only those which can be read as one count.
    for (at, two) in code.windows(2).enumerate() {
        let is_short = matches!(two[0], 0x70..=0x7f | 0xeb | 0xe0..=0xe3);
        let target = at as i64 + 2 + i64::from(two[1] as i8);
        if is_short && is_inside(target) && may_be_read(code, at) {
            targets.insert(target as usize);
        }
    }
    targets
}

/// Whether some way to read the bytes before `at` ends there.
fn may_be_read(code: &[u8], at: usize) -> bool {
    let start = at.saturating_sub(64);
    if start == 0 {
        return true;
    }
    (start..start + 16).any(|from| {
        let decoded = decode(code, from, at);
        decoded.last().is_some_and(|last| last.next_ip() as usize == at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mov eax, 1; syscall; cmp rax, -4096; ja +0x10; ret
    const WRAPPER: &[u8] =
        &[0xb8, 1, 0, 0, 0, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0x77, 0x10, 0xc3];

    fn found(code: &[u8]) -> Found {
        find(code, std::slice::from_ref(&(0..code.len())), |number| number == 60)
    }

    #[test]
    fn a_wrapper_can_be_rewritten() {
        let found = found(WRAPPER);
        assert_eq!(found.sites.len(), 1);
        assert_eq!((found.sites[0].at, found.sites[0].length()), (5, 8));
    }

    #[test]
    fn a_jump_behind_the_call_keeps_it() {
        // jmp to the compare: three bytes before the end of what would go.
        let code = [WRAPPER, &[0xeb, (7i8 - 18) as u8]].concat();
        let found = found(&code);
        assert_eq!((found.sites.len(), found.left), (0, 1));
        // To the call itself it may jump.
        let code = [WRAPPER, &[0xeb, (5i8 - 18) as u8]].concat();
        assert_eq!(super::tests::found(&code).sites.len(), 1);
    }

    #[test]
    fn a_call_right_before_a_function_keeps() {
        // syscall; ret; push rbp; mov rbp, rsp
        let code = [0xb8, 1, 0, 0, 0, 0x0f, 0x05, 0xc3, 0x55, 0x48, 0x89, 0xe5];
        assert_eq!(found(&code).left, 1);
        // syscall; ret; nop dword ptr [rax]
        let code = [0xb8, 1, 0, 0, 0, 0x0f, 0x05, 0xc3, 0x0f, 0x1f, 0x40, 0x00];
        assert_eq!(found(&code).sites.len(), 1);
    }

    #[test]
    fn bytes_inside_of_an_instruction_are_none() {
        // mov eax, 0x050f0000
        let found = found(&[0xb8, 0, 0, 0x0f, 0x05, 0x90, 0x90, 0x90, 0xc3]);
        assert_eq!((found.sites.len(), found.left), (0, 0));
    }

    #[test]
    fn supervised_calls_are_left_and_not_counted() {
        let mut code = WRAPPER.to_vec();
        code[1] = 60;
        let found = found(&code);
        assert_eq!((found.sites.len(), found.left), (0, 0));
    }
}
