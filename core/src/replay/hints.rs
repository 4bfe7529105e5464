//! What people can do about a call that failed, where it isn't the trace's fault.

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit};

/// Errors that are told of once each, with what to do.
const EXPLAINED: [Errno; 7] = [
    Errno::ENOENT,
    Errno::ENOSPC,
    Errno::EDQUOT,
    Errno::EMFILE,
    Errno::ENFILE,
    Errno::EFBIG,
    Errno::EROFS,
];

/// The bit of `error` in a set of those that were explained, if it is one that is.
pub fn bit(error: i32) -> Option<u64> {
    let index = EXPLAINED.iter().position(|explained| *explained as i32 == error)?;
    Some(1 << index)
}

/// What to do about `error`; none if that isn't explained.
pub fn hint(error: i32) -> Option<String> {
    let hint = match Errno::from_raw(error) {
        Errno::ENOENT => {
            "what the program found isn't there: put its files back as they were (--cwd, --root and --map say \
             where)"
        }
        Errno::ENOSPC => "no space is left where the replay writes: df, df -i",
        Errno::EDQUOT => "the user's quota is used up where the replay writes: quota",
        Errno::EMFILE => {
            let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
            return Some(format!(
                "the replay may have {limit} descriptors open in each process, and the program had more: raise \
                 the limit (ulimit -n)"
            ));
        }
        Errno::ENFILE => "the machine has no more descriptors: sysctl fs.file-max",
        Errno::EFBIG => {
            "files may not grow as large as they did: ulimit -f, or another file system"
        }
        Errno::EROFS => "the file system is mounted read-only",
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_is_explained_has_a_hint_and_a_bit_of_its_own() {
        let mut all = 0;
        for error in EXPLAINED {
            let bit = bit(error as i32).expect("it is explained");
            assert_eq!(all & bit, 0);
            all |= bit;
            assert!(hint(error as i32).is_some());
        }
        assert_eq!(bit(libc::EPERM), None);
        assert_eq!(hint(libc::EPERM), None);
    }
}
