//! What a plugin must leave as it is: the replayer's own descriptors, its working directory, umask and
//! signal masks.
//!
//! A look costs some ten system calls, which is more than many a call that is replayed. So the calls of
//! stock plugins, which were tested together with this program, aren't looked after; and of a foreign
//! plugin's the first of each kind and then every [`RARELY`]th. One that always misbehaves is caught at once,
//! one that does it now and then a little later, with a word that it may have been another.

use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::misdeed::Misdeed;

/// After how many calls of a kind one is looked after again.
const RARELY: u32 = 64;

/// The first calls of a kind, each of which is looked after.
const FIRST: u32 = 4;

/// A file, whatever its names.
type Identity = (u64, u64);

/// Descriptors that the replayer had before any was opened for the trace, and what they are.
#[derive(Clone, Debug, Default)]
pub struct OwnDescriptors(Arc<[(RawFd, Identity)]>);

impl OwnDescriptors {
    /// Those that are open now.
    pub fn now() -> Self {
        let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        // The folder's own descriptor is closed by the time it is looked at.
        let numbers: Vec<RawFd> = numbers.collect();
        Self(numbers.into_iter().filter_map(|fd| Some((fd, identity_of(fd)?))).collect())
    }

    fn check(&self) -> Result<(), Misdeed> {
        let changed = self.0.iter().find(|(fd, identity)| identity_of(*fd) != Some(*identity));
        changed.map_or(Ok(()), |(fd, _)| Err(Misdeed::Descriptor(*fd)))
    }
}

/// Counts the calls that change a working directory, root or umask, which tasks may have in common.
#[derive(Debug, Default)]
pub struct FsChanges(AtomicU64);

impl FsChanges {
    /// Such a call is made, by a plugin that says so: to be told before and after it.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A thread's side of it.
#[derive(Debug)]
pub struct Guard {
    own: OwnDescriptors,
    mask: libc::sigset_t,
    place: Option<Place>,
    /// Calls so far, by kind.
    calls: Vec<u32>,
    /// Whether this one is looked after.
    looks: bool,
}

/// Working directory and umask as they should be.
#[derive(Debug)]
struct Place {
    /// Valid as long as no more changes than these were counted.
    changes: u64,
    folder: OwnedFd,
    identity: Identity,
    umask: Option<libc::mode_t>,
}

impl Guard {
    /// For the calling thread.
    pub fn new(own: OwnDescriptors) -> Self {
        Self { own, mask: signal_mask(), place: None, calls: Vec::new(), looks: false }
    }

    /// A foreign plugin is going to make a call of kind `kind`.
    ///
    /// # Errors
    /// What one changed that wasn't looked after; it is as it was again, as far as that can be.
    pub fn before(&mut self, kind: usize, changes: &FsChanges) -> Result<(), Misdeed> {
        if self.calls.len() <= kind {
            self.calls.resize(kind + 1, 0);
        }
        let calls = &mut self.calls[kind];
        self.looks = *calls < FIRST || calls.is_multiple_of(RARELY);
        *calls = calls.wrapping_add(1);
        if !self.looks {
            return Ok(());
        }
        let found = self.check(changes);
        let now = changes.now();
        if self.place.as_ref().is_none_or(|place| place.changes != now) {
            self.place = Place::now(now);
        }
        found.map_err(|misdeed| Misdeed::Before(Box::new(misdeed)))
    }

    /// It has made it.
    ///
    /// # Errors
    /// What it changed; it is as it was again, as far as that can be.
    pub fn after(&mut self, changes: &FsChanges) -> Result<(), Misdeed> {
        if self.looks { self.check(changes) } else { Ok(()) }
    }

    fn check(&self, changes: &FsChanges) -> Result<(), Misdeed> {
        self.own.check()?;
        if !is_same_mask(&self.mask, &signal_mask()) {
            // SAFETY: the set is one that the kernel gave.
            unsafe {
                libc::pthread_sigmask(
                    libc::SIG_SETMASK,
                    &raw const self.mask,
                    std::ptr::null_mut(),
                );
            }
            return Err(Misdeed::SignalMask);
        }
        let Some(place) = self.place.as_ref().filter(|place| place.changes == changes.now()) else {
            return Ok(());
        };
        if identity_at(c".") != Some(place.identity) {
            // SAFETY: the call takes no pointer.
            unsafe { libc::fchdir(place.folder.as_raw_fd()) };
            return Err(Misdeed::WorkingDirectory);
        }
        if let Some(mask) = place.umask
            && umask().is_some_and(|now| now != mask)
        {
            // SAFETY: the call takes no pointer.
            unsafe { libc::umask(mask) };
            return Err(Misdeed::Umask);
        }
        Ok(())
    }
}

impl Place {
    /// As it is now, when `changes` were counted.
    fn now(changes: u64) -> Option<Self> {
        let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
        // SAFETY: the path is a string.
        let folder = unsafe { libc::open(c".".as_ptr(), flags) };
        if folder < 0 {
            return None;
        }
        // SAFETY: the descriptor was just opened, and is nobody else's.
        let folder = unsafe { OwnedFd::from_raw_fd(folder) };
        Some(Self { changes, identity: identity_of(folder.as_raw_fd())?, folder, umask: umask() })
    }
}

fn identity_of(fd: RawFd) -> Option<Identity> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: there is room for what the kernel writes.
    let done = unsafe { libc::fstat(fd, status.as_mut_ptr()) };
    // SAFETY: the kernel wrote it.
    (done == 0)
        .then(|| unsafe { status.assume_init() })
        .map(|status| (status.st_dev, status.st_ino))
}

fn identity_at(path: &std::ffi::CStr) -> Option<Identity> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the path is a string, and there is room for what the kernel writes.
    let done = unsafe { libc::stat(path.as_ptr(), status.as_mut_ptr()) };
    // SAFETY: the kernel wrote it.
    (done == 0)
        .then(|| unsafe { status.assume_init() })
        .map(|status| (status.st_dev, status.st_ino))
}

fn signal_mask() -> libc::sigset_t {
    let mut mask = MaybeUninit::zeroed();
    // SAFETY: there is room for what is written; a set of nothing is all zero.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), mask.as_mut_ptr());
        mask.assume_init()
    }
}

/// Whether both sets have the same signals, of those that the kernel knows.
fn is_same_mask(one: &libc::sigset_t, other: &libc::sigset_t) -> bool {
    let word = |set: &libc::sigset_t| {
        // SAFETY: a set begins with a word for the 64 signals that there are.
        unsafe { std::ptr::from_ref(set).cast::<u64>().read() }
    };
    word(one) == word(other)
}

/// The thread's umask, without changing it on the way.
fn umask() -> Option<libc::mode_t> {
    use std::io::Read;
    let mut room = [0; 512];
    let length = File::open("/proc/thread-self/status").ok()?.read(&mut room).ok()?;
    let text = std::str::from_utf8(&room[..length]).ok()?;
    let mask = text.lines().find_map(|line| line.strip_prefix("Umask:"))?.trim();
    libc::mode_t::from_str_radix(mask, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::IntoRawFd;

    /// Runs `act` on a thread with a working directory, umask and descriptors of its own, between the two
    /// looks of a guard.
    fn guarded(act: impl FnOnce() + Send) -> Result<(), Misdeed> {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                use nix::sched::CloneFlags;
                nix::sched::unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_FILES)
                    .expect("threads may have their own");
                let changes = FsChanges::default();
                let mut guard = Guard::new(OwnDescriptors::now());
                assert_eq!(guard.before(0, &changes), Ok(()));
                act();
                let came = guard.after(&changes);
                if !came.as_ref().is_err_and(Misdeed::is_fatal) {
                    assert_eq!(guard.before(0, &changes), Ok(()), "it is as it was");
                }
                came
            });
            thread.join().expect("nothing panics")
        })
    }

    #[test]
    fn what_a_call_does_to_files_is_nobody_s_business() {
        let came = guarded(|| {
            let _ = File::open("/dev/null").expect("it is there").into_raw_fd();
        });
        assert_eq!(came, Ok(()));
    }

    #[test]
    fn a_changed_working_directory_is_noticed_and_changed_back() {
        let came = guarded(|| std::env::set_current_dir("/").expect("the root is there"));
        assert_eq!(came, Err(Misdeed::WorkingDirectory));
    }

    #[test]
    fn a_changed_umask_is_noticed_and_changed_back() {
        let came = guarded(|| {
            // SAFETY: the call takes no pointer.
            unsafe { libc::umask(0o077) };
        });
        assert_eq!(came, Err(Misdeed::Umask));
    }

    #[test]
    fn a_changed_signal_mask_is_noticed_and_changed_back() {
        let came = guarded(|| {
            nix::sys::signal::SigSet::all().thread_block().expect("signals can be blocked");
        });
        assert_eq!(came, Err(Misdeed::SignalMask));
    }

    #[test]
    fn a_closed_or_replaced_descriptor_is_noticed() {
        let file = tempfile::tempfile().expect("a scratch file").into_raw_fd();
        let closed = guarded(move || {
            // SAFETY: the thread has its own table, in which the descriptor is open.
            unsafe { libc::close(file) };
        });
        assert_eq!(closed, Err(Misdeed::Descriptor(file)));
        let other = File::open("/dev/null").expect("it is there");
        let replaced = guarded(move || {
            // SAFETY: as above.
            unsafe { libc::dup2(other.as_raw_fd(), file) };
        });
        assert_eq!(replaced, Err(Misdeed::Descriptor(file)));
    }

    #[test]
    fn what_one_changes_that_is_not_looked_after_is_found_by_the_next_that_is() {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                nix::sched::unshare(nix::sched::CloneFlags::CLONE_FS).expect("threads may");
                let changes = FsChanges::default();
                let mut guard = Guard::new(OwnDescriptors::now());
                for _ in 0..RARELY {
                    assert_eq!(guard.before(0, &changes), Ok(()));
                    assert_eq!(guard.after(&changes), Ok(()));
                }
                guard.looks = false;
                std::env::set_current_dir("/").expect("the root is there");
                assert_eq!(guard.after(&changes), Ok(()), "it isn't looked after");
                let found = Misdeed::Before(Box::new(Misdeed::WorkingDirectory));
                assert_eq!(guard.before(0, &changes), Err(found));
            });
        });
    }
}
