//! getdents64(2): list a directory.
//!
//! Neither the bytes nor their number are compared, but the names are, once both listings have ended: see
//! [`sdk::directory`].

use sdk::directory::Listing;
use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "getdents64", returns = status, looks, lists)]
struct Getdents64<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, length = 2)]
    #[not_compared]
    dirent_buffer: Option<&'t [u8]>,
    #[arg(2)]
    count: i32,
}

/// Number of column `dirent_buffer`.
const DIRENT_BUFFER: u32 = 1;

/// Where the name starts in a `struct linux_dirent64`; the byte before is the type.
const NAME: usize = 19;

impl<'t> Replay<'t> for Getdents64<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let listing = Listing {
            call: libc::SYS_getdents64,
            name: NAME,
            descriptor: self.descriptor,
            entries: self.dirent_buffer,
            column: DIRENT_BUFFER,
            room: self.count.into(),
        };
        listing.replay(process)
    }
}

export_plugin!(Getdents64);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Played, Stage};

    /// Entries of these names, as the kernel returns them.
    fn entries(names: &[&str]) -> Vec<u8> {
        let entry = |name: &&str| {
            let mut entry = vec![0; (NAME + name.len() + 1).next_multiple_of(8)];
            let length = entry.len() as u16;
            entry[16..][..2].copy_from_slice(&length.to_ne_bytes());
            entry[NAME..][..name.len()].copy_from_slice(name.as_bytes());
            entry
        };
        names.iter().flat_map(entry).collect()
    }

    /// A directory of two files as descriptor 3.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(4, b"");
        std::fs::write(stage.path("other"), b"").unwrap();
        stage.open(3, ".");
        stage
    }

    fn list<'t>(stage: &'t mut Stage, entries: &'t [u8]) -> Played<'t> {
        let record = Getdents64 { descriptor: Fd(3), dirent_buffer: Some(entries), count: 32768 };
        stage.recorded(entries.len() as i64, 0).replay(&record)
    }

    #[test]
    fn the_same_names_in_another_order_are_the_same() {
        let mut stage = stage();
        list(&mut stage, &entries(&["other", "."]));
        list(&mut stage, &entries(&["file", ".."]));
        assert_eq!(list(&mut stage, b"").returns(0).diverged(), []);
    }

    #[test]
    fn a_missing_name_diverges() {
        let mut stage = stage();
        list(&mut stage, &entries(&["other", "file", "third", "..", "."]));
        let played = list(&mut stage, b"");
        let told = (DIRENT_BUFFER, "3 names".to_owned(), "2 names".to_owned());
        assert_eq!(played.diverged(), [told]);
    }

    #[test]
    fn no_room_for_a_name_fails_again() {
        let record = Getdents64 { descriptor: Fd(3), dirent_buffer: None, count: 1 };
        stage().recorded(-1, libc::EINVAL).replay(&record).fails(libc::EINVAL);
    }

    #[test]
    fn a_directory_that_is_gone_fails_again() {
        let mut stage = Stage::new();
        std::fs::create_dir(stage.path("gone")).unwrap();
        stage.open(3, "gone");
        std::fs::remove_dir(stage.path("gone")).unwrap();
        let record = Getdents64 { descriptor: Fd(3), dirent_buffer: None, count: 32768 };
        stage.recorded(-1, libc::ENOENT).replay(&record).fails(libc::ENOENT);
    }
}
