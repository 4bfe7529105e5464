//! The program's memory, as far as a line shows it. A value that strace prints in place of a pointer gets a
//! made-up address; what is read there is laid out as the kernel has it.

mod lists;
mod structures;

use std::cell::RefCell;
use std::ops::Range;

use crate::memory::Memory;
use crate::strace::number::Values;
use crate::strace::result::{Ready, is_content};
use crate::strace::value::{Kind, NodeId, unescape};

/// Upper bits of a made-up address. No program has such addresses: the processor refuses them.
const MADE_UP: u64 = 0x57a << 52;
/// Bits of a made-up address that count bytes; those between say which value it is.
const OFFSET_BITS: u32 = 28;

/// Most bytes that a set of descriptors or CPUs is read to have.
const LARGEST_SET: usize = 8192;

/// A made-up address of value `id`.
pub fn address_of(id: NodeId) -> u64 {
    MADE_UP | u64::from(id.number()) << OFFSET_BITS
}

/// Whether `address` is made up.
pub fn is_made_up(address: u64) -> bool {
    address >> 52 == MADE_UP >> 52
}

/// What the declaration tells of the memory behind a fetch where the text leaves it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// A column shows a number in it as bits.
    pub is_bits: bool,
    /// A column holds its bytes as they are.
    pub is_bytes: bool,
    /// It is an array of pointers to structures.
    pub has_pointers: bool,
}

/// A part of copied memory that the text doesn't show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// In the buffer that it was copied to.
    pub at: Range<usize>,
    /// In its structure.
    pub inside: Range<u32>,
}

/// The memory that a line shows, before the call or after it.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The line's values.
    pub values: Values<'a>,
    /// Whether the call has returned.
    pub is_after: bool,
    /// What stands behind the return value.
    pub ready: Ready,
    /// What the declaration says.
    pub hint: Hint,
    /// What was copied and isn't known.
    pub holes: RefCell<Vec<Hole>>,
}

impl Memory for Shown<'_> {
    fn append(&self, address: u64, length: usize, bytes: &mut Vec<u8>) -> usize {
        let Some((id, offset)) = self.locate(address) else { return 0 };
        let start = bytes.len();
        let node = self.values.tree.node(id);
        if let Kind::Text { cut, .. } = node.kind {
            self.text(id, offset, length, bytes);
            // Strings that end do so with a NUL that isn't printed.
            if !cut && bytes.len() - start < length {
                bytes.push(0);
            }
            return bytes.len() - start;
        }
        let mut laid_out = LaidOut::default();
        self.lay_out(id, offset.saturating_add(length), &mut laid_out);
        let LaidOut { bytes: shown, holes } = laid_out;
        let end = shown.len().min(offset.saturating_add(length));
        let Some(read) = shown.get(offset..end) else { return 0 };
        bytes.extend_from_slice(read);
        let mut told = self.holes.borrow_mut();
        for Hole { at, inside } in holes {
            let from = at.start.max(offset);
            let to = at.end.min(end);
            if from < to {
                told.push(Hole { at: start + from - offset..start + to - offset, inside });
            }
        }
        read.len()
    }
}

/// Memory that a value stands for.
#[derive(Debug, Default)]
struct LaidOut {
    bytes: Vec<u8>,
    holes: Vec<Hole>,
}

impl LaidOut {
    /// Makes room up to `end`.
    fn extend_to(&mut self, end: usize) {
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.extend_to(at + bytes.len());
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// The number `value`, `size` bytes wide.
    fn put_number(&mut self, at: usize, size: usize, value: u64) {
        self.extend_to(at + size);
        match self.bytes[at..].first_chunk_mut() {
            Some(word) if size >= 8 => *word = value.to_ne_bytes(),
            _ => self.bytes[at..at + size].copy_from_slice(&value.to_ne_bytes()[..size]),
        }
    }

    /// Nothing is known of `size` bytes, which are `inside` their structure.
    fn hole(&mut self, at: usize, size: usize, inside: usize) {
        self.extend_to(at + size);
        let inside = inside as u32..(inside + size) as u32;
        self.holes.push(Hole { at: at..at + size, inside });
    }
}

impl Shown<'_> {
    /// The value at `address`, as it is at this moment, and how far in.
    fn locate(&self, address: u64) -> Option<(NodeId, usize)> {
        if !is_made_up(address) {
            return Some((self.printed_behind(address)?, 0));
        }
        let offset = (address & ((1 << OFFSET_BITS) - 1)) as usize;
        let id = NodeId::new((address >> OFFSET_BITS) as u32 & 0x00ff_ffff);
        self.values.tree.get(id)?;
        Some((self.ready_for(self.now(id)), offset))
    }

    /// What `id` is at this moment.
    fn now(&self, id: NodeId) -> NodeId {
        match (self.values.tree.node(id).kind, self.values.tree.pair(id)) {
            (Kind::Changed, Some((before, after))) => {
                // Of what has been changed more than once, the last is told.
                self.now(if self.is_after { after } else { before })
            }
            _ => id,
        }
    }

    /// In place of a set of descriptors, what is left of it when the call has returned.
    fn ready_for(&self, id: NodeId) -> NodeId {
        if !self.is_after || !self.ready.is_told {
            return id;
        }
        let arguments = &self.values.tree.arguments;
        let is_time = |id: &NodeId| {
            let first = self.values.tree.children(*id).next();
            first.is_some_and(|first| self.name(first) == b"tv_sec")
        };
        match arguments.iter().position(|argument| *argument == id) {
            Some(place @ 1..=3) => self.ready.sets[place - 1].unwrap_or(id),
            Some(_) if is_time(&id) => self.ready.left.unwrap_or(id),
            _ => id,
        }
    }

    /// Whether `id` is a set of descriptors of which nothing is left.
    fn is_used_up(&self, id: NodeId) -> bool {
        let place = self.values.tree.arguments.iter().position(|argument| *argument == id);
        self.is_after
            && self.ready.is_told
            && self.ready.list.is_none()
            && matches!(place, Some(1..=3))
    }

    /// What is printed of the memory at a true address: where a structure has a pointer in it, and the
    /// pointer's target is printed behind the arrow.
    fn printed_behind(&self, address: u64) -> Option<NodeId> {
        let tree = self.values.tree;
        if !self.is_after || address == 0 {
            return None;
        }
        let mut changed = tree.arguments.iter().filter_map(|argument| {
            let is_changed = tree.node(*argument).kind == Kind::Changed;
            is_changed.then(|| tree.pair(*argument)).flatten()
        });
        changed.find_map(|(before, after)| {
            let pointer =
                tree.children(before).find(|id| self.values.number(*id) == Some(address))?;
            let name = self.name(pointer);
            let named = |id: &NodeId| !name.is_empty() && self.name(*id) == name;
            tree.children(after).find(named).filter(|id| is_content(tree.node(*id).kind))
        })
    }

    fn name(&self, id: NodeId) -> &[u8] {
        self.values.tree.node(id).name.of(self.values.text)
    }

    /// Appends the bytes of a string from `offset` on, `most` at most.
    fn text(&self, id: NodeId, offset: usize, most: usize, bytes: &mut Vec<u8>) {
        let node = self.values.tree.node(id);
        let inside = node.text.of(self.values.text);
        match node.kind {
            Kind::Text { is_abstract: true, .. } if offset == 0 && most > 0 => {
                bytes.push(0);
                unescape(inside, 0, most - 1, bytes);
            }
            Kind::Text { is_abstract: true, .. } => unescape(inside, offset - 1, most, bytes),
            _ => unescape(inside, offset, most, bytes),
        }
    }

    /// Lays out a list or structure, of which `wanted` bytes are asked for. What the text doesn't tell is
    /// left out at the end, or a hole.
    fn lay_out(&self, id: NodeId, wanted: usize, to: &mut LaidOut) {
        match self.values.tree.node(id).kind {
            Kind::Structure { cut } => {
                self.structure(id, cut, to, 0);
                if self.is_address(id) {
                    // Programs pass longer ones than they fill.
                    to.extend_to(wanted.min(size_of::<libc::sockaddr_storage>()));
                }
            }
            Kind::List { inverted, spaced, cut } => {
                if self.is_used_up(id) {
                    to.extend_to(wanted.min(LARGEST_SET));
                } else {
                    self.list(id, inverted, spaced, cut, wanted, to);
                }
            }
            _ => {}
        }
    }

    /// Puts a value of `size` bytes at `at` of `to`, `inside` a structure.
    fn member(&self, id: NodeId, is_pointer: bool, place: Place, to: &mut LaidOut) {
        let Place { at, size, inside } = place;
        let id = self.now(id);
        let node = self.values.tree.node(id);
        if is_pointer && is_content(node.kind) {
            to.put_number(at, size, address_of(id));
            // Its target is known; the pointer isn't.
            return to.hole(at, size, inside);
        }
        match node.kind {
            Kind::Text { cut, .. } => {
                let mut bytes = Vec::new();
                self.text(id, 0, size, &mut bytes);
                to.extend_to(at + size);
                to.put(at, &bytes);
                let shown = bytes.len();
                if cut && shown < size {
                    to.hole(at + shown, size - shown, inside + shown);
                }
            }
            Kind::Structure { cut } => {
                to.extend_to(at + size);
                if !self.structure(id, cut, to, at) {
                    to.hole(at, size, inside);
                }
            }
            Kind::List { inverted, spaced, cut } => {
                let mut list = LaidOut::default();
                self.list(id, inverted, spaced, cut, size, &mut list);
                list.bytes.truncate(size);
                if list.bytes.len() < size || !list.holes.is_empty() {
                    to.hole(at, size, inside);
                }
                to.put(at, &list.bytes);
            }
            _ => match self.values.number(id) {
                Some(number) => to.put_number(at, size, number),
                None => to.hole(at, size, inside),
            },
        }
    }
}

/// Where a value is to stand.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: usize,
    size: usize,
    inside: usize,
}
