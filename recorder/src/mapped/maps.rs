//! A process's shared mappings of files, as the kernel lists them (proc_pid_maps(5)).

use std::fs;

/// How the list names a file: device and inode, which on some file systems aren't those that stat(2) tells.
pub type Key = (u32, u32, u64);

/// A mapping in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it starts.
    pub start: u64,
    /// Its length.
    pub length: u64,
    /// Where in the file it starts.
    pub offset: u64,
    /// The file.
    pub key: Key,
    /// Whether it is shared.
    pub is_shared: bool,
}

/// The mappings of `task`'s process.
pub fn mappings(task: i32) -> Vec<Listed> {
    let maps = fs::read(format!("/proc/{task}/maps")).unwrap_or_default();
    maps.split(|byte| *byte == b'\n').filter_map(line).collect()
}

/// Those that are shared.
pub fn listed(task: i32) -> Vec<Listed> {
    mappings(task).into_iter().filter(|mapping| mapping.is_shared).collect()
}

/// What a line such as `7f12a000-7f12c000 rw-s 00001000 fe:00 4711   /path` says.
fn line(line: &[u8]) -> Option<Listed> {
    // A path may be any bytes; what comes before it is text.
    let mut words = line.splitn(6, |byte| *byte == b' ');
    let mut word = || std::str::from_utf8(words.next()?).ok();
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let (start, end) = word()?.split_once('-')?;
    let (start, end) = (hex(start)?, hex(end)?);
    let is_shared = word()?.ends_with('s');
    let offset = hex(word()?)?;
    let (major, minor) = word()?.split_once(':')?;
    let inode = word()?.parse().ok()?;
    let key = (hex(major)? as u32, hex(minor)? as u32, inode);
    Some(Listed { start, length: end.checked_sub(start)?, offset, key, is_shared })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_taken_from_the_list() {
        let text = b"7f12a000-7f12c000 rw-s 00001000 fe:0a 4711                      /a b\xff";
        let expected = Listed {
            start: 0x7f12_a000,
            length: 0x2000,
            offset: 0x1000,
            key: (0xfe, 10, 4711),
            is_shared: true,
        };
        assert_eq!(line(text), Some(expected));
        let private = line(b"7f12a000-7f12c000 rw-p 00001000 fe:0a 4711    /a");
        assert_eq!(private, Some(Listed { is_shared: false, ..expected }));
        for other in
            [&b"7f12a000-7f12c000 rw-s"[..], b"nonsense", b"", b"7f12c000-7f12a000 rw-s 0 0:0 1"]
        {
            assert_eq!(line(other), None, "{}", String::from_utf8_lossy(other));
        }
    }
}
