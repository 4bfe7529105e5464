//! Paths by which the kernel tells a process of itself.
//!
//! The process of a trace isn't there in a replay: what `/proc/self` says there is about the replayer, and
//! must be neither compared nor changed. Its descriptors are another matter, as what stands for them is
//! known: `/proc/self/fd/5` is how a program names, or reopens, a file without a name.

/// What such a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own<'p> {
    /// A descriptor of the traced process; the rest of the path is looked up from it.
    Descriptor(i32, &'p [u8]),
    /// Something else of this process, or of another one.
    Process,
}

/// Descriptors by name.
const STREAMS: [(&[u8], i32); 3] = [(b"/dev/stdin", 0), (b"/dev/stdout", 1), (b"/dev/stderr", 2)];

/// What `path`, without its NUL, leads to, if it leads to a process.
pub fn own(path: &[u8]) -> Option<Own<'_>> {
    if let Some(behind) = path.strip_prefix(b"/proc/") {
        let (process, rest) = component(behind);
        let is_self = matches!(process, b"self" | b"thread-self");
        if !is_self && number(process).is_none() {
            return None;
        }
        let descriptor = rest.strip_prefix(b"/fd/").filter(|_| is_self).and_then(descriptor);
        return Some(descriptor.unwrap_or(Own::Process));
    }
    if let Some(behind) = path.strip_prefix(b"/dev/fd/") {
        return Some(descriptor(behind).unwrap_or(Own::Process));
    }
    let stream = STREAMS.into_iter().find(|(name, _)| *name == path);
    stream.map(|(_, number)| Own::Descriptor(number, b""))
}

fn descriptor(path: &[u8]) -> Option<Own<'_>> {
    let (descriptor, rest) = component(path);
    Some(Own::Descriptor(number(descriptor)?, rest))
}

/// The first component of `path`, and the rest with its slash.
fn component(path: &[u8]) -> (&[u8], &[u8]) {
    path.split_at(path.iter().position(|byte| *byte == b'/').unwrap_or(path.len()))
}

fn number(digits: &[u8]) -> Option<i32> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_told_from_what_else_there_is() {
        for (path, descriptor, rest) in [
            (&b"/proc/self/fd/5"[..], 5, &b""[..]),
            (b"/proc/thread-self/fd/17/a/b", 17, b"/a/b"),
            (b"/dev/fd/0", 0, b""),
            (b"/dev/stderr", 2, b""),
        ] {
            assert_eq!(own(path), Some(Own::Descriptor(descriptor, rest)));
        }
        for path in [
            &b"/proc/self"[..],
            b"/proc/self/exe",
            b"/proc/self/fd",
            b"/proc/self/fd/",
            b"/proc/self/fd/+5",
            b"/proc/self/fdinfo/5",
            b"/proc/123/fd/5",
            b"/dev/fd/99999999999",
        ] {
            assert_eq!(own(path), Some(Own::Process), "{}", path.escape_ascii());
        }
        for path in [&b""[..], b"/", b"/proc", b"/proc/", b"/proc/meminfo", b"/dev/null", b"self"] {
            assert_eq!(own(path), None, "{}", path.escape_ascii());
        }
    }
}
