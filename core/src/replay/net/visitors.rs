//! Who came to a socket that listens, and who came before whom.

use std::net::IpAddr;

use dataseries::Value;

use crate::record::{Batch, Record};
use crate::replay::net::sockaddr;
use crate::trace::RecordType;

/// One who was accepted: where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    from: IpAddr,
    port: u16,
}

/// Ports that follow one another are no further apart, unless the numbers begin anew: by default the kernel has
/// 28232 of them to give (`ip_local_port_range` in ip(7)).
const FAR: i32 = 10_000;

impl Visitor {
    /// Whom the call of `record` accepted, if it says so.
    pub fn of(ty: &RecordType, batch: &Batch, record: &Record) -> Option<Self> {
        if !ty.takes_visitors || !record.succeeded() {
            return None;
        }
        let cells = batch.cells(record, 0);
        ty.columns.iter().flatten().find_map(|column| match cells.get(column) {
            Value::Bytes(address) => {
                let address = sockaddr(address).filter(|address| address.port() != 0)?;
                Some(Self { from: address.ip(), port: address.port() })
            }
            _ => None,
        })
    }

    /// Whether it came after `other`. The kernel gives those who connect from one address to one other ports that
    /// ascend (`__inet_hash_connect`), and lets them in in that order.
    pub fn came_after(&self, other: &Self) -> bool {
        let ahead = i32::from(self.port) - i32::from(other.port);
        self.from == other.from && if ahead.abs() < FAR { ahead > 0 } else { ahead < 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn ports_tell_who_came_first() {
        let visitor = |last, port| Visitor { from: Ipv4Addr::new(127, 0, 0, last).into(), port };
        assert!(visitor(1, 37666).came_after(&visitor(1, 37658)));
        assert!(!visitor(1, 37658).came_after(&visitor(1, 37666)));
        assert!(!visitor(1, 37658).came_after(&visitor(1, 37658)));
        assert!(
            !visitor(2, 37666).came_after(&visitor(1, 37658)),
            "others have ports of their own"
        );
        assert!(visitor(1, 32770).came_after(&visitor(1, 60996)), "the numbers begin anew");
        assert!(!visitor(1, 60996).came_after(&visitor(1, 32770)));
    }
}
