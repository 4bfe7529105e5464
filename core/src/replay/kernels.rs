//! Paths whose files are the kernel's or the machine's, and not the program's: what they hold is of the
//! moment, and what is written to them changes the machine. A replay leaves them alone.

/// Devices that are the same on every machine and at every moment.
const HARMLESS: [&[u8]; 3] = [b"null", b"zero", b"full"];

/// Whether the file at absolute `path` (without NUL) is the kernel's: in `/proc`, `/sys`, or a device in
/// `/dev`. A process's own descriptors by name (`/proc/self/fd`, `/dev/fd`) are not among them: plugins know
/// what stands for them. Beneath a root of the replay's own there are no devices.
pub fn is_kernels(path: &[u8], is_rooted: bool) -> bool {
    if path.first() != Some(&b'/') {
        return false;
    }
    let names = path.split(|byte| *byte == b'/');
    let mut names = names.filter(|name| !matches!(*name, b"" | b"." | b".."));
    match names.next() {
        Some(b"proc") => {
            let is_own = matches!(names.next(), Some(b"self" | b"thread-self"));
            !(is_own && names.next() == Some(b"fd") && names.next().is_some())
        }
        Some(b"sys") => true,
        Some(b"dev") => match names.next() {
            None | Some(b"shm" | b"fd" | b"stdin" | b"stdout" | b"stderr") => false,
            Some(device) => is_rooted || !HARMLESS.contains(&device),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_known_by_their_paths() {
        for path in [
            "/proc",
            "/proc/self/maps",
            "/sys/block",
            "/dev/urandom",
            "//./dev//tty",
            "/dev/sda",
            "/proc/self/fd",
        ] {
            assert!(is_kernels(path.as_bytes(), false), "{path}");
        }
        for path in [
            "",
            "proc/a",
            "/",
            "/process",
            "/dev",
            "/dev/shm/a",
            "/dev/null",
            "/home/proc",
            "/proc/self/fd/3",
        ] {
            assert!(!is_kernels(path.as_bytes(), false), "{path}");
        }
        assert!(is_kernels(b"/dev/null", true));
        for path in ["/dev/shm/a", "/proc/self/fd/3", "/dev/fd/0"] {
            assert!(!is_kernels(path.as_bytes(), true), "{path}");
        }
    }
}
