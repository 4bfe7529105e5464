//! The number that a value stands for.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::strace::symbols::Symbols;
use crate::strace::value::{Kind, NodeId, Operator, Tree};

/// A line's values, and what their names mean.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// The line.
    pub text: &'a [u8],
    /// Its values.
    pub tree: &'a Tree,
    /// Names of constants.
    pub symbols: &'a Symbols,
}

impl Values<'_> {
    /// The number that `id` stands for; none if it is no number, or one that isn't known.
    pub fn number(&self, id: NodeId) -> Option<u64> {
        let node = self.tree.node(id);
        match node.kind {
            Kind::Number(number) => Some(number),
            Kind::Symbol => {
                self.symbols.number(node.text.of(self.text)).map(|number| number as u64)
            }
            Kind::Joined(operator) => {
                let (left, right) = self.tree.pair(id)?;
                self.joined(operator, left, right)
            }
            Kind::Inverted => Some(!self.number(self.tree.children(id).next()?)?),
            Kind::Function => self.function(id),
            Kind::Changed => self.number(self.tree.children(id).next()?),
            Kind::Text { .. } | Kind::List { .. } | Kind::Structure { .. } | Kind::Unknown => None,
        }
    }

    fn joined(&self, operator: Operator, left: NodeId, right: NodeId) -> Option<u64> {
        if matches!(operator, Operator::And | Operator::Equals) {
            return None;
        }
        let first = self.number(left);
        if operator == Operator::Also {
            return first.or_else(|| self.number(right));
        }
        let (first, second) = (first?, self.number(right)?);
        Some(match operator {
            Operator::Or => first | second,
            Operator::Plus => first.wrapping_add(second),
            Operator::Minus => first.wrapping_sub(second),
            Operator::Times => first.wrapping_mul(second),
            _ => first.checked_shl(u32::try_from(second).ok()?)?,
        })
    }

    fn function(&self, id: NodeId) -> Option<u64> {
        let name = self.tree.node(id).text.of(self.text);
        let mut arguments = self.tree.children(id);
        let mut next = || self.number(arguments.next()?);
        Some(match name {
            b"makedev" => libc::makedev(next()? as u32, next()? as u32),
            b"htons" => u64::from((next()? as u16).to_be()),
            b"htonl" => u64::from((next()? as u32).to_be()),
            b"inet_addr" => {
                let address = self.tree.children(id).next()?;
                let address: Ipv4Addr = self.plain(address)?.parse().ok()?;
                u64::from(u32::from_ne_bytes(address.octets()))
            }
            b"_IOC" => next()? << 30 | next()? << 8 | next()? | next()? << 16,
            b"QCMD" => next()? << 8 | next()?,
            b"IOPRIO_PRIO_VALUE" => next()? << 13 | next()?,
            _ => return None,
        })
    }

    /// The address that `inet_pton(AF_INET6, "…", …)` tells.
    pub fn internet6(&self, id: NodeId) -> Option<[u8; 16]> {
        let node = self.tree.node(id);
        if node.kind != Kind::Function || node.text.of(self.text) != b"inet_pton" {
            return None;
        }
        let address: Ipv6Addr = self.plain(self.tree.children(id).nth(1)?)?.parse().ok()?;
        Some(address.octets())
    }

    fn plain(&self, id: NodeId) -> Option<&str> {
        let node = self.tree.node(id);
        let is_text = matches!(node.kind, Kind::Text { cut: false, .. });
        std::str::from_utf8(node.text.of(self.text)).ok().filter(|_| is_text)
    }

    /// The status that a wait reports, of `{WIFEXITED(s) && WEXITSTATUS(s) == 1}`.
    pub fn wait_status(&self, id: NodeId) -> Option<u64> {
        let mut status = WaitStatus::default();
        self.add_to_status(id, &mut status)?;
        let value = status.value.unwrap_or(0);
        Some(match status.kind? {
            b"WIFEXITED" => (value & 0xff) << 8,
            b"WIFSIGNALED" => value & 0x7f | if status.core { 0x80 } else { 0 },
            b"WIFSTOPPED" => value << 8 | 0x7f,
            b"WIFCONTINUED" => 0xffff,
            _ => return None,
        })
    }

    fn add_to_status<'s>(&'s self, id: NodeId, status: &mut WaitStatus<'s>) -> Option<()> {
        let node = self.tree.node(id);
        match node.kind {
            Kind::Joined(Operator::And) => {
                let (left, right) = self.tree.pair(id)?;
                self.add_to_status(left, status)?;
                self.add_to_status(right, status)
            }
            Kind::Joined(Operator::Equals) => {
                status.value = Some(self.number(self.tree.pair(id)?.1)?);
                Some(())
            }
            Kind::Function if node.text.of(self.text) == b"WCOREDUMP" => {
                status.core = true;
                Some(())
            }
            Kind::Function => {
                status.kind = Some(node.text.of(self.text));
                Some(())
            }
            _ => None,
        }
    }
}

#[derive(Default)]
struct WaitStatus<'s> {
    kind: Option<&'s [u8]>,
    value: Option<u64>,
    core: bool,
}
