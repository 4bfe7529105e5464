//! Stubs: where the jumps that take the place of system-call instructions lead.
//!
//! ```text
//!  stub:   lea rcx, [after]
//!          jmp gs:[8]              to the hook, or to the bypass
//!          syscall                 for calls that are the tracer's
//!  after:  lea rcx, [site + 2]     as the kernel leaves it
//!          …                       the instructions that stood behind the site
//!          jmp back
//! ```

use iced_x86::{FlowControl, Instruction};

use super::sites::{CALL, JUMP, Site};

/// Bytes of a stub.
pub const SIZE: usize = 64;

/// Where a stub has its own `syscall` instruction.
pub const OWN_CALL: u8 = 15;
/// Where it goes on after the call.
pub const AFTER: u8 = 17;
/// Where the moved instructions begin.
const MOVED: usize = 24;

/// What fills stubs that aren't used: a trap.
pub const UNUSED: u8 = 0xcc;

/// What makes a stub go to its own instruction, and never to the hook: a jump.
pub const OFF: [u8; 2] = [0xeb, OWN_CALL - 2];

/// A stub, for wherever it and its site may be.
#[derive(Clone, Debug)]
pub struct Stub {
    /// Where its site is, from the beginning of the code.
    pub at: usize,
    /// Bytes from the site on that aren't what they were.
    pub length: usize,
    /// The first of these bytes, as they were: the call's, and those of the instructions that are moved.
    pub replaced: Vec<u8>,
    bytes: Vec<u8>,
    fixes: Vec<Fix>,
    /// For each moved instruction, and the end: where it was, from the site, and where in the stub it is.
    moved: Vec<(u8, u8)>,
}

/// Four bytes that hold an address relative to the end of their instruction.
#[derive(Clone, Copy, Debug)]
struct Fix {
    at: u8,
    end: u8,
    /// From the beginning of the code.
    target: i64,
}

impl Stub {
    /// The stub for `site`, if it fits.
    pub fn new(site: &Site) -> Option<Self> {
        let moved = site.displaced.iter().map(|displaced| displaced.bytes.as_slice());
        let mut stub = Self {
            at: site.at,
            length: site.length().max(JUMP),
            replaced: std::iter::once(&CALL[..]).chain(moved).flatten().copied().collect(),
            bytes: vec![0x48, 0x8d, 0x0d, AFTER - 7, 0, 0, 0],
            fixes: Vec::new(),
            moved: Vec::new(),
        };
        stub.bytes.extend([0x65, 0xff, 0x24, 0x25, 8, 0, 0, 0]);
        stub.bytes.extend([0x0f, 0x05]);
        stub.bytes.extend([0x48, 0x8d, 0x0d]);
        stub.relative(site.at as i64 + 2, 0);
        debug_assert_eq!(stub.bytes.len(), MOVED);
        let mut was = 2;
        let mut ended = false;
        for displaced in &site.displaced {
            stub.moved.push((was, stub.bytes.len() as u8));
            was += displaced.bytes.len() as u8;
            ended = stub.add(&displaced.instruction, &displaced.bytes, displaced.relative)?;
        }
        if !ended {
            stub.moved.push((was, stub.bytes.len() as u8));
            stub.bytes.push(0xe9);
            stub.relative(site.at as i64 + i64::from(was), 0);
        }
        (stub.bytes.len() <= SIZE).then(|| {
            stub.bytes.resize(SIZE, UNUSED);
            stub
        })
    }

    /// Four bytes for `target`, with `behind` more bytes of the instruction to come.
    fn relative(&mut self, target: i64, behind: u8) {
        let at = self.bytes.len() as u8;
        self.fixes.push(Fix { at, end: at + 4 + behind, target });
        self.bytes.extend([0; 4]);
    }

    /// Adds an instruction; true if nothing is reached behind it.
    fn add(
        &mut self,
        instruction: &Instruction,
        bytes: &[u8],
        relative: Option<usize>,
    ) -> Option<bool> {
        match instruction.flow_control() {
            FlowControl::ConditionalBranch => {
                self.bytes.extend([0x0f, condition(instruction)?]);
                self.relative(instruction.near_branch_target() as i64, 0);
                Some(false)
            }
            FlowControl::UnconditionalBranch => {
                self.bytes.push(0xe9);
                self.relative(instruction.near_branch_target() as i64, 0);
                Some(true)
            }
            flow => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(bytes);
                if let Some(offset) = relative {
                    let end = self.bytes.len() as u8;
                    let target = instruction.ip_rel_memory_address() as i64;
                    self.fixes.push(Fix { at: (start + offset) as u8, end, target });
                }
                Some(flow == FlowControl::Return)
            }
        }
    }

    /// The stub's bytes at `stub`, for code at `code`; none if they are too far apart.
    pub fn place(&self, code: u64, stub: u64) -> Option<Vec<u8>> {
        let mut bytes = self.bytes.clone();
        for fix in &self.fixes {
            let target = code.wrapping_add_signed(fix.target);
            let relative = distance(stub + u64::from(fix.end), target)?;
            bytes[usize::from(fix.at)..][..4].copy_from_slice(&relative.to_le_bytes());
        }
        Some(bytes)
    }

    /// The jump to `stub` that takes the site's place.
    pub fn jump(&self, code: u64, stub: u64) -> Option<[u8; JUMP]> {
        let relative = distance(code + (self.at + JUMP) as u64, stub)?.to_le_bytes();
        Some([0xe9, relative[0], relative[1], relative[2], relative[3]])
    }

    /// Where the program believes to be when it is `offset` bytes into the stub: from its site.
    pub fn original(&self, offset: u8) -> u8 {
        if offset <= OWN_CALL {
            return 0;
        }
        let moved = self.moved.iter().rev().find(|(_, now)| *now <= offset);
        moved.map_or(2, |(was, _)| *was)
    }

    /// The way back: where in the stub the instruction is that was `offset` bytes from its site.
    pub fn moved(&self, offset: u8) -> Option<u8> {
        if offset == 2 {
            return Some(AFTER);
        }
        self.moved.iter().find(|(was, _)| *was == offset).map(|(_, now)| *now)
    }
}

/// Second byte of the near form of a conditional jump.
fn condition(instruction: &Instruction) -> Option<u8> {
    use iced_x86::ConditionCode::{a, ae, b, be, e, g, ge, l, le, ne, no, np, ns, o, p, s};
    let all = [o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g];
    let number = all.iter().position(|code| *code == instruction.condition_code())?;
    Some(0x80 + number as u8)
}

fn distance(from: u64, to: u64) -> Option<i32> {
    i32::try_from(to.wrapping_sub(from) as i64).ok()
}

#[cfg(test)]
mod tests {
    use super::super::sites::find;
    use super::*;

    #[test]
    fn moved_instructions_keep_their_targets_and_their_addresses() {
        // mov eax, 1; syscall; cmp eax, [rip + 0x100]; jne to the call; ret
        let code =
            [0xb8, 1, 0, 0, 0, 0x0f, 0x05, 0x3b, 0x05, 0, 1, 0, 0, 0x75, 0xf6, 0xc3, 0x90, 0x90];
        let found = find(&code, std::slice::from_ref(&(0..code.len())), |_| false);
        let stub = Stub::new(&found.sites[0]).expect("it is short");
        let (base, place) = (0x10_0000, 0x20_0000);
        let bytes = stub.place(base, place).expect("it is near");
        assert_eq!(bytes.len(), SIZE);
        // The comparison, moved to `MOVED`, looks at the same word.
        let relative = i32::from_le_bytes(bytes[MOVED + 2..][..4].try_into().unwrap());
        let end = place + MOVED as u64 + 6;
        assert_eq!(end.wrapping_add_signed(relative.into()), base + 13 + 0x100);
        assert_eq!((stub.original(0), stub.original(AFTER), stub.original(MOVED as u8)), (0, 2, 2));
        assert_eq!((stub.moved(2), stub.moved(8)), (Some(AFTER), Some(MOVED as u8 + 6)));
        assert_eq!(stub.moved(3), None, "no instruction began there");
        assert!(stub.place(base, base + (3 << 30)).is_none(), "too far");
    }
}
