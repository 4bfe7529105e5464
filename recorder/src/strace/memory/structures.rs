//! Structures, laid out.

use crate::strace::layout::{Known, Layout};
use crate::strace::memory::{LaidOut, Place, Shown};
use crate::strace::result::is_content;
use crate::strace::value::{Kind, NodeId, unsigned};

impl Shown<'_> {
    /// Lays out a structure at `at`; says whether it is known.
    pub(super) fn structure(&self, id: NodeId, cut: bool, to: &mut LaidOut, at: usize) -> bool {
        let tree = self.values.tree;
        if self.is_address(id) {
            self.socket_address(id, cut, to, at);
            return true;
        }
        let Some(first) = tree.children(id).next() else { return false };
        if self.name(first).is_empty() {
            return self.unnamed(id, to, at);
        }
        if self.is_capabilities(id) {
            return self.capabilities(id, to, at);
        }
        let names = || tree.children(id).map(|member| self.name(member));
        let Some(Known { layout, places }) = Layout::of(names) else { return false };
        to.extend_to(at + layout.size as usize);
        let mut seen = 0u64;
        for (value, number) in tree.children(id).zip(places) {
            let member = &layout.members[usize::from(number)];
            seen |= 1 << number;
            let (offset, size) = (member.offset as usize, member.size as usize);
            let place = Place { at: at + offset, size, inside: offset };
            self.member(value, member.is_pointer, place, to);
            let Some(length) = self.length_in_label(value) else { continue };
            let with_length = [self.name(value), b"len"].concat();
            if let Some(number) = layout.member(&with_length, 0) {
                seen |= 1 << number;
                let member = &layout.members[number];
                to.put_number(at + member.offset as usize, member.size as usize, length);
            }
        }
        for (number, member) in layout.members.iter().enumerate() {
            let is_absent = seen & 1 << number == 0;
            if is_absent
                && (cut || !member.is_zero_if_absent)
                && !self.overlaps(layout, seen, number)
            {
                let (offset, size) = (member.offset as usize, member.size as usize);
                to.hole(at + offset, size, offset);
            }
        }
        true
    }

    /// The length in `msg_iov(2)=`, as old versions print it.
    fn length_in_label(&self, id: NodeId) -> Option<u64> {
        let name = self.values.tree.node(id).name;
        let inside = name.behind(self.values.text).strip_prefix(b"(")?;
        let digits = inside.iter().position(|byte| *byte == b')')?;
        unsigned(&inside[..digits])
    }

    /// Whether the member, of a union, has been told under another name.
    fn overlaps(&self, layout: &Layout, seen: u64, number: usize) -> bool {
        let absent = &layout.members[number];
        layout.members.iter().enumerate().any(|(other, member)| {
            seen & 1 << other != 0
                && member.offset < absent.offset + absent.size
                && absent.offset < member.offset + member.size
        })
    }

    /// A structure without names, as old versions print some: words, in order.
    fn unnamed(&self, id: NodeId, to: &mut LaidOut, at: usize) -> bool {
        let tree = self.values.tree;
        let members: Vec<_> = tree.children(id).collect();
        if let [status] = members[..]
            && let Some(status) = self.values.wait_status(status)
        {
            to.put_number(at, 4, status);
            return true;
        }
        let kind = |place: usize| members.get(place).map(|id| tree.node(*id).kind);
        let is_list = |place| matches!(kind(place), Some(Kind::List { .. }));
        let is_structure = |place| matches!(kind(place), Some(Kind::Structure { .. }));
        let sizes: &[(usize, usize)] = match members.len() {
            // struct kernel_sigaction: handler, mask, flags, restorer.
            3 | 4 if is_list(1) => &[(0, 8), (24, 8), (8, 8), (16, 8)],
            // struct epoll_event.
            2 if is_structure(1) => &[(0, 4), (4, 8)],
            _ => &[(0, 8), (8, 8), (16, 8), (24, 8)],
        };
        if members.len() > sizes.len() {
            return false;
        }
        for (value, (offset, size)) in members.iter().zip(sizes) {
            let place = Place { at: at + offset, size: *size, inside: *offset };
            let is_mask = is_list(1) && members.len() >= 3;
            let is_pointer = !is_mask && !is_structure(1) && is_content(tree.node(*value).kind);
            self.member(*value, is_pointer, place, to);
        }
        if is_list(1) && members.len() >= 3 {
            to.extend_to(at + 32);
        }
        true
    }

    /// Whether `id` is a socket's address.
    pub(super) fn is_address(&self, id: NodeId) -> bool {
        let first = self.values.tree.children(id).next();
        first.is_some_and(|first| self.name(first) == b"sa_family")
    }

    /// A `struct sockaddr` of any family.
    fn socket_address(&self, id: NodeId, cut: bool, to: &mut LaidOut, at: usize) {
        let tree = self.values.tree;
        let mut is_known = !cut;
        for value in tree.children(id) {
            let name = self.name(value);
            let (offset, size) = match name {
                b"sa_family" => (0, 2),
                b"sun_path" | b"sa_data" => {
                    let mut path = Vec::new();
                    self.text(value, 0, 126, &mut path);
                    is_known &= matches!(tree.node(value).kind, Kind::Text { cut: false, .. });
                    to.put(at + 2, &path);
                    continue;
                }
                b"sin_port" | b"sin6_port" => (2, 2),
                b"sin_addr" => {
                    to.extend_to(at + size_of::<libc::sockaddr_in>());
                    (4, 4)
                }
                b"sin6_flowinfo" => (4, 4),
                b"sin6_scope_id" => {
                    to.extend_to(at + size_of::<libc::sockaddr_in6>());
                    (24, 4)
                }
                b"nl_pid" => (4, 4),
                b"nl_groups" => {
                    let groups = self.groups(value);
                    is_known &= groups.is_some();
                    to.put_number(at + 8, 4, groups.unwrap_or(0));
                    continue;
                }
                _ => {
                    match self.values.internet6(value) {
                        Some(address) => to.put(at + 8, &address),
                        None => is_known = false,
                    }
                    continue;
                }
            };
            self.member(value, false, Place { at: at + offset, size, inside: offset }, to);
        }
        if !is_known {
            let length = to.bytes.len() - at;
            to.hole(at, length.max(1), 0);
        }
    }

    /// Groups of a netlink address, which are hexadecimal and don't always say so.
    fn groups(&self, id: NodeId) -> Option<u64> {
        let node = self.values.tree.node(id);
        let printed = node.text.of(self.values.text);
        match node.kind {
            Kind::Number(_) | Kind::Symbol if !printed.starts_with(b"0x") => {
                unsigned(&[b"0x", printed].concat())
            }
            _ => self.values.number(id),
        }
    }

    fn is_capabilities(&self, id: NodeId) -> bool {
        let mut names = self.values.tree.children(id).map(|member| self.name(member));
        names.next() == Some(b"effective") && names.next() == Some(b"permitted")
    }

    /// Sets of capabilities: each in two halves, one per structure of an array of two (capset(2)).
    fn capabilities(&self, id: NodeId, to: &mut LaidOut, at: usize) -> bool {
        to.extend_to(at + 24);
        for (value, offset) in self.values.tree.children(id).zip([0, 4, 8]) {
            match self.values.number(value) {
                Some(set) => {
                    to.put_number(at + offset, 4, set);
                    to.put_number(at + 12 + offset, 4, set >> 32);
                }
                None => {
                    to.hole(at + offset, 4, offset);
                    to.hole(at + 12 + offset, 4, 12 + offset);
                }
            }
        }
        true
    }
}
