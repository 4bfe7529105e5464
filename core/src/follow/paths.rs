//! Names of files as a trace has them: made absolute where the working directory is known, and plain.

/// `path` (with or without NUL) looked up from `directory`, without `.`, `..` and empty names. Symbolic links
/// are not followed: `..` behind one leads elsewhere in truth.
pub fn plain(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let path = path.strip_suffix(b"\0").unwrap_or(path);
    let mut plain = if path.first() == Some(&b'/') { Vec::new() } else { directory.to_vec() };
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                let end = plain.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                plain.truncate(end);
            }
            name => {
                plain.push(b'/');
                plain.extend_from_slice(name);
            }
        }
    }
    plain
}

/// The directory that plain `path` is in; none for the root.
pub fn parent(path: &[u8]) -> Option<&[u8]> {
    path.iter().rposition(|byte| *byte == b'/').map(|end| &path[..end])
}

/// The directories above plain `path`, the nearest first, down to the root's empty path.
pub fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(parent(path), |above| parent(above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_plain() {
        for (directory, path, expected) in [
            ("/a/b", "c\0", "/a/b/c"),
            ("/a/b", "../c/./d/", "/a/c/d"),
            ("/a", "/x//y", "/x/y"),
            ("/a", "../../../z", "/z"),
            ("/a", "", "/a"),
            ("", "/", ""),
        ] {
            let got = plain(directory.as_bytes(), path.as_bytes());
            assert_eq!(String::from_utf8_lossy(&got), expected);
        }
    }

    #[test]
    fn ancestors_end_at_the_root() {
        let above: Vec<_> = ancestors(b"/a/b/c").collect();
        assert_eq!(above, [&b"/a/b"[..], b"/a", b""]);
    }
}
