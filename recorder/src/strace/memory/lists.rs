//! Lists, laid out: arrays of numbers, structures or pointers, and sets.

use crate::strace::memory::{Hole, LARGEST_SET, LaidOut, Place, Shown, address_of};
use crate::strace::value::{Kind, NodeId, unsigned};

/// Signals that the kernel knows.
const SIGNALS: u64 = 64;
/// Bytes before a control message's data.
const MESSAGE_HEADER: usize = size_of::<libc::cmsghdr>();

/// What a list's items are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Items {
    Structures,
    Texts,
    Signals,
    Bits,
    Times,
    Numbers { width: usize },
}

impl Shown<'_> {
    /// Lays out a list, of which `wanted` bytes are asked for.
    pub(super) fn list(
        &self,
        id: NodeId,
        inverted: bool,
        spaced: bool,
        cut: bool,
        wanted: usize,
        to: &mut LaidOut,
    ) {
        let items = self.items_of(id, inverted, spaced, wanted);
        match items {
            Items::Structures if self.hint.has_pointers && self.is_argument(id) => {
                for (number, item) in self.values.tree.children(id).enumerate() {
                    to.put_number(8 * number, 8, address_of(item));
                }
            }
            Items::Structures => self.structures(id, to),
            Items::Texts => self.texts(id, cut, to),
            Items::Signals | Items::Bits if cut => {}
            Items::Signals => self.signals(id, inverted, wanted, to),
            Items::Bits => self.bits(id, wanted, to),
            Items::Times => {
                for (number, item) in self.values.tree.children(id).enumerate() {
                    let at = 16 * number;
                    to.extend_to(at + 16);
                    let place = Place { at: at + 8, size: 8, inside: 8 };
                    match self.values.tree.node(item).kind {
                        Kind::Structure { cut } => drop(self.structure(item, cut, to, at)),
                        _ => self.member(item, false, place, to),
                    }
                }
            }
            Items::Numbers { width } => {
                let mut number = 0;
                for item in self.values.tree.children(id) {
                    number = match self.index(item) {
                        None => number,
                        Some(index) if index < LARGEST_SET => index,
                        Some(_) => return to.bytes.clear(),
                    };
                    let place = Place { at: number * width, size: width, inside: number * width };
                    self.member(item, false, place, to);
                    number += 1;
                }
            }
        }
    }

    /// The place that `[name]=` before an item gives it; out of all bounds if nothing knows the name.
    fn index(&self, item: NodeId) -> Option<usize> {
        let name = self.name(item);
        let number = || match unsigned(name) {
            None => self.values.symbols.number(name),
            number => number.and_then(|number| i64::try_from(number).ok()),
        };
        (!name.is_empty())
            .then(|| number().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX))
    }

    /// Whether `id` is an argument, or what becomes of one.
    fn is_argument(&self, id: NodeId) -> bool {
        let tree = self.values.tree;
        let mut arguments = tree.arguments.iter();
        arguments.any(|argument| *argument == id || tree.children(*argument).any(|part| part == id))
    }

    fn items_of(&self, id: NodeId, inverted: bool, spaced: bool, wanted: usize) -> Items {
        let tree = self.values.tree;
        let node = |id: NodeId| tree.node(id);
        let is_time = |id: NodeId| {
            let node = node(id);
            node.kind == Kind::Symbol && node.text.of(self.values.text).starts_with(b"UTIME_")
        };
        let is_signal = |id: NodeId| {
            let node = node(id);
            let name = node.text.of(self.values.text);
            node.kind == Kind::Symbol
                && self.values.symbols.number(name).is_none()
                && self.values.symbols.signal(name).is_some()
        };
        let (mut count, mut is_structure, mut is_text, mut has_time) = (0, false, false, false);
        for item in tree.children(id) {
            count += 1;
            is_structure |= matches!(node(item).kind, Kind::Structure { .. });
            is_text |= matches!(node(item).kind, Kind::Text { .. });
            has_time |= is_time(item);
        }
        let first = tree.children(id).next();
        let status = first.and_then(|first| self.status_in(first));
        if has_time {
            return Items::Times;
        }
        if is_structure && status.is_none() {
            return Items::Structures;
        }
        if is_text {
            return Items::Texts;
        }
        if inverted || first.is_some_and(is_signal) {
            return Items::Signals;
        }
        if spaced || count == 0 {
            return Items::Bits;
        }
        let is_by_name = first.is_some_and(|first| !self.name(first).is_empty());
        let width = match wanted / count {
            // An array within a structure, such as the characters of a terminal.
            1 if is_by_name && wanted == count => 1,
            0..8 => 4,
            _ => 8,
        };
        let is_plain = first.is_some_and(|first| {
            let printed = node(first).text.of(self.values.text);
            matches!(node(first).kind, Kind::Number(_)) && !printed.starts_with(b"0x")
        });
        let is_odd = count == 1 && wanted > 4;
        match self.hint {
            hint if hint.is_bits && is_plain => Items::Bits,
            hint if hint.is_bytes && is_plain && is_odd => Items::Bits,
            _ => Items::Numbers { width },
        }
    }

    /// The wait status that the structure `id` is, if it is one.
    fn status_in(&self, id: NodeId) -> Option<u64> {
        let is_structure = matches!(self.values.tree.node(id).kind, Kind::Structure { .. });
        let inner = self.values.tree.children(id).next().filter(|_| is_structure)?;
        self.values.wait_status(inner)
    }

    /// Structures one after another, each as long as it says or as it is.
    fn structures(&self, id: NodeId, to: &mut LaidOut) {
        let tree = self.values.tree;
        for item in tree.children(id) {
            let at = to.bytes.len();
            let Kind::Structure { cut } = tree.node(item).kind else { return };
            let names = || tree.children(item).map(|member| self.name(member));
            let is_known = if names().any(|name| name == b"d_reclen") {
                self.directory_entry(item, to)
            } else if names().next() == Some(b"cmsg_len") {
                self.control_message(item, to)
            } else {
                self.structure(item, cut, to, at)
            };
            if !is_known {
                to.bytes.truncate(at);
                return;
            }
        }
        if let Some(ready) = self.ready.list.filter(|_| self.is_after) {
            self.put_ready(ready, to);
        }
    }

    /// Puts the events of `{fd=3, revents=POLLIN}` into the array of `struct pollfd` that `to` is.
    fn put_ready(&self, ready: NodeId, to: &mut LaidOut) {
        let mut at = 0;
        for item in self.values.tree.children(ready) {
            let member = |name: &[u8]| {
                let mut members = self.values.tree.children(item);
                members.find(|id| self.name(*id) == name).and_then(|id| self.values.number(id))
            };
            let (Some(descriptor), Some(events)) = (member(b"fd"), member(b"revents")) else {
                continue;
            };
            while let Some(entry) = to.bytes.get_mut(at..at + 8) {
                at += 8;
                if entry[..4] == (descriptor as u32).to_ne_bytes() {
                    entry[6..8].copy_from_slice(&(events as u16).to_ne_bytes());
                    break;
                }
            }
        }
    }

    /// An array of pointers to strings. It ends with a null pointer, if strace shows all of it.
    fn texts(&self, id: NodeId, cut: bool, to: &mut LaidOut) {
        for item in self.values.tree.children(id) {
            let at = to.bytes.len();
            let is_text = matches!(self.values.tree.node(item).kind, Kind::Text { .. });
            let address = if is_text { Some(address_of(item)) } else { self.values.number(item) };
            match address {
                Some(address) => to.put_number(at, 8, address),
                None => return,
            }
        }
        if !cut {
            let at = to.bytes.len();
            to.put_number(at, 8, 0);
        }
    }

    fn signals(&self, id: NodeId, inverted: bool, wanted: usize, to: &mut LaidOut) {
        let mut set = 0u64;
        for item in self.values.tree.children(id) {
            let node = self.values.tree.node(item);
            let number = match node.kind {
                Kind::Symbol => self.values.symbols.signal(node.text.of(self.values.text)),
                _ => self.values.number(item).map(|number| number as i64),
            };
            match number.and_then(|number| u64::try_from(number).ok()) {
                Some(number @ 1..=SIGNALS) => set |= 1 << (number - 1),
                _ => return,
            }
        }
        to.put_number(0, 8, if inverted { !set } else { set });
        to.extend_to(wanted.min(LARGEST_SET));
    }

    fn bits(&self, id: NodeId, wanted: usize, to: &mut LaidOut) {
        to.extend_to(wanted.min(LARGEST_SET));
        for item in self.values.tree.children(id) {
            let Some(bit) = self.values.number(item) else { return to.bytes.clear() };
            let at = bit as usize / 8;
            if at >= LARGEST_SET {
                return to.bytes.clear();
            }
            to.extend_to(at + 1);
            to.bytes[at] |= 1 << (bit % 8);
        }
    }

    /// A `struct linux_dirent` or `linux_dirent64` (getdents(2)): the type is printed where it stands,
    /// before the name or behind it.
    fn directory_entry(&self, id: NodeId, to: &mut LaidOut) -> bool {
        let at = to.bytes.len();
        let (mut number, mut offset, mut length, mut kind) = (None, None, None, None);
        let mut name = None;
        let mut is_kind_first = false;
        for member in self.values.tree.children(id) {
            let value = self.values.number(member);
            match self.name(member) {
                b"d_ino" => number = value,
                b"d_off" => offset = value,
                b"d_reclen" => length = value,
                b"d_type" => {
                    is_kind_first = name.is_none();
                    kind = value;
                }
                b"d_name" => name = Some(member),
                _ => {}
            }
        }
        let (Some(number), Some(offset), Some(length @ 19..=0xffff)) = (number, offset, length)
        else {
            return false;
        };
        let (Some(name), Some(kind)) = (name, kind) else { return false };
        let length = length as usize;
        to.extend_to(at + length);
        to.put_number(at, 8, number);
        to.put_number(at + 8, 8, offset);
        to.put_number(at + 16, 2, length as u64);
        let kind_at = if is_kind_first { 18 } else { length - 1 };
        let name_at = if is_kind_first { 19 } else { 18 };
        let mut bytes = Vec::new();
        self.text(name, 0, length - name_at, &mut bytes);
        to.put(at + name_at, &bytes);
        to.put_number(at + kind_at, 1, kind);
        true
    }

    /// A `struct cmsghdr` with its data, padded to whole words (cmsg(3)).
    fn control_message(&self, id: NodeId, to: &mut LaidOut) -> bool {
        let at = to.bytes.len();
        let mut length = None;
        for member in self.values.tree.children(id) {
            match self.name(member) {
                b"cmsg_len" => {
                    length = self.values.number(member);
                    to.put_number(at, 8, length.unwrap_or(0));
                }
                b"cmsg_level" => self.put_or_fail(member, at + 8, to),
                b"cmsg_type" => self.put_or_fail(member, at + 12, to),
                _ => {
                    let mut data = LaidOut::default();
                    let room = length.unwrap_or(0).saturating_sub(MESSAGE_HEADER as u64) as usize;
                    let place = Place { at: 0, size: room.min(LARGEST_SET), inside: 0 };
                    self.member(member, false, place, &mut data);
                    to.put(at + MESSAGE_HEADER, &data.bytes);
                    let shift = at + MESSAGE_HEADER;
                    to.holes.extend(data.holes.into_iter().map(|Hole { at, inside }| Hole {
                        at: shift + at.start..shift + at.end,
                        inside,
                    }));
                }
            }
        }
        let end = to.bytes.len().next_multiple_of(8);
        to.extend_to(end);
        length.is_some()
    }

    fn put_or_fail(&self, id: NodeId, at: usize, to: &mut LaidOut) {
        self.member(id, false, Place { at, size: 4, inside: at }, to);
    }
}
