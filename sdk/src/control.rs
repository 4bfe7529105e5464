//! What goes beside the data of a message (cmsg(3)): descriptors, above all.

use std::os::fd::RawFd;

use libc::{SCM_RIGHTS, SOL_SOCKET, cmsghdr};

use crate::{Fd, Process, Skip};

/// Bytes of a control message's header, which is aligned as its length word is.
const HEADER: usize = size_of::<cmsghdr>();

/// Control messages are this far apart, or a multiple of it.
const ALIGNMENT: usize = size_of::<usize>();

/// The descriptors in the control messages `control`, in order; none behind one that is cut off.
pub fn descriptors(control: &[u8]) -> impl Iterator<Item = i32> + '_ {
    messages(control).flat_map(|data| {
        data.chunks_exact(4).map(|word| i32::from_ne_bytes(*word.first_chunk().expect("4 bytes")))
    })
}

/// The data of those messages that pass descriptors.
fn messages(control: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = control;
    let all = std::iter::from_fn(move || {
        let (length, _) = rest.split_first_chunk::<ALIGNMENT>()?;
        let length = usize::from_ne_bytes(*length);
        let header = rest.get(..HEADER)?;
        let word = |at: usize| i32::from_ne_bytes(*header[at..].first_chunk().expect("4 bytes"));
        let data = rest.get(HEADER..length)?;
        rest = rest.get(length.next_multiple_of(ALIGNMENT)..).unwrap_or_default();
        Some((word(ALIGNMENT), word(ALIGNMENT + 4), data))
    });
    all.filter(|(level, kind, _)| (*level, *kind) == (SOL_SOCKET, SCM_RIGHTS)).map(|found| found.2)
}

/// A control message that passes `descriptors`.
pub fn passing(descriptors: &[RawFd]) -> Vec<u8> {
    if descriptors.is_empty() {
        return Vec::new();
    }
    let length = HEADER + 4 * descriptors.len();
    let mut message = length.to_ne_bytes().to_vec();
    for word in [SOL_SOCKET, SCM_RIGHTS].iter().chain(descriptors) {
        message.extend(word.to_ne_bytes());
    }
    message.resize(length.next_multiple_of(ALIGNMENT), 0);
    message
}

impl Process<'_> {
    /// The control message to send for the recorded `control`: its descriptors are those that stand for the
    /// recorded ones. Where one of them stands for nothing real, none is passed.
    pub fn control_to_send(&mut self, control: Option<&[u8]>) -> Vec<u8> {
        let traced = descriptors(control.unwrap_or_default());
        let open: Result<Vec<RawFd>, Skip> = traced.map(|traced| self.fd(Fd(traced))).collect();
        passing(&open.unwrap_or_default())
    }

    /// Settles what came in control messages: the recorded `control` has descriptors which those in
    /// `replayed` stand for from now on; those without one are simulated, and what is left over is closed.
    pub fn adopt_control(&mut self, control: Option<&[u8]>, replayed: &[u8]) {
        let mut open = descriptors(replayed);
        for traced in descriptors(control.unwrap_or_default()) {
            self.adopt(traced, open.next().unwrap_or(-1));
        }
        for open in open {
            self.adopt(-1, open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_found_among_other_messages() {
        let mut control = passing(&[3, 4, 5]);
        let mut credentials = (HEADER + 12).to_ne_bytes().to_vec();
        credentials.extend(SOL_SOCKET.to_ne_bytes());
        credentials.extend(libc::SCM_CREDENTIALS.to_ne_bytes());
        credentials.extend([9; 12]);
        credentials.resize(32, 0);
        control.extend(credentials);
        control.extend(passing(&[6]));
        assert_eq!(descriptors(&control).collect::<Vec<_>>(), [3, 4, 5, 6]);
        for cut in 0..control.len() {
            assert!(descriptors(&control[..cut]).count() <= 4);
        }
        assert_eq!(descriptors(&[0; 64]).count(), 0, "a message shorter than its header");
        assert_eq!(descriptors(&[0xff; 64]).count(), 0);
    }
}
