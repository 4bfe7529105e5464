//! A stage for a plugin's own tests: replays one record in a scratch directory, with no host.
//!
//! ```
//! use sdk::prelude::*;
//! use sdk::testing::Stage;
//!
//! #[derive(Record, Replay)]
//! #[record(syscall = "fsync")]
//! struct Fsync {
//!     #[arg(0)]
//!     descriptor: Fd,
//! }
//!
//! let mut stage = Stage::with_file(3, b"0123456789");
//! stage.replay(&Fsync { descriptor: Fd(3) }).returns(0);
//! ```

mod descriptors;
mod encoded;
mod host;
mod played;

use std::any::Any;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use abi::want;

use crate::{Declared, Options, Process, Recorded, Replay, Replayed};

use host::{Acts, host};

pub use encoded::{EncodedRow, encoded, items};
pub use played::Played;

/// A process with a scratch directory of its own, which goes when the stage does.
pub struct Stage {
    directory: PathBuf,
    acts: Acts,
    recorded: Recorded,
    unique_id: i64,
    wants: u32,
    options: Option<Box<dyn Any>>,
}

impl Stage {
    /// An empty scratch directory and no descriptors.
    ///
    /// # Panics
    /// If there is no directory to be had.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("replay-stage-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).expect("the scratch directory is new");
        let recorded = Recorded { return_value: 0, errno: 0 };
        let (acts, wants) = (Acts::default(), want::VERIFY);
        Self { directory, acts, recorded, unique_id: 1, wants, options: None }
    }

    /// The replay has sockets of the network, and nobody who stands for others.
    pub fn with_network() -> Self {
        let mut stage = Self::new();
        stage.wants |= want::NETWORK;
        stage
    }

    /// What the trace says the next calls came to.
    pub fn recorded(&mut self, return_value: i64, errno: i32) -> &mut Self {
        self.recorded = Recorded { return_value, errno };
        self
    }

    /// The next records are of a trace by the original recorder.
    pub fn reference_trace(&mut self) -> &mut Self {
        self.wants |= want::REFERENCE;
        self
    }

    /// Of the next records the trace lacks some of the data.
    pub fn not_captured(&mut self) -> &mut Self {
        self.wants |= want::CUT;
        self
    }

    /// The replay takes on the program's users and groups.
    pub fn takes_on_users(&mut self) -> &mut Self {
        self.wants |= want::CREDENTIALS;
        self
    }

    /// The order id of the next records; 0 is that of the made-up one at a trace's start.
    pub fn unique_id(&mut self, unique_id: i64) -> &mut Self {
        self.unique_id = unique_id;
        self
    }

    /// What people set of the plugin for the next records.
    pub fn options(&mut self, options: impl Options) -> &mut Self {
        self.options = Some(Box::new(options));
        self
    }

    /// Path of `name` in the scratch directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The same with its NUL, as a trace has it.
    pub fn traced_path(&self, name: &str) -> Vec<u8> {
        traced(&self.path(name))
    }

    /// Gives `name` in the scratch directory an extended attribute.
    ///
    /// # Panics
    /// If the file system has none.
    pub fn set_attribute(&self, name: &str, attribute: &str, value: &[u8]) {
        let path = self.traced_path(name);
        let attribute = CString::new(attribute).expect("no NUL in a name");
        // SAFETY: both strings end in NUL, and the value is as long as it says.
        let set = unsafe {
            let value = (value.as_ptr().cast(), value.len());
            libc::setxattr(path.as_ptr().cast(), attribute.as_ptr(), value.0, value.1, 0)
        };
        assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    }

    /// The extended attribute of `name` in the scratch directory, if it has it.
    ///
    /// # Panics
    /// If there is a NUL in a name.
    pub fn attribute(&self, name: &str, attribute: &str) -> Option<Vec<u8>> {
        let path = self.traced_path(name);
        let attribute = CString::new(attribute).expect("no NUL in a name");
        let mut value = vec![0; 1 << 16];
        // SAFETY: both strings end in NUL, and there is as much room as it says.
        let length = unsafe {
            let room = (value.as_mut_ptr().cast(), value.len());
            libc::getxattr(path.as_ptr().cast(), attribute.as_ptr(), room.0, room.1)
        };
        value.truncate(usize::try_from(length).ok()?);
        Some(value)
    }

    /// Replays `record`.
    pub fn replay<'t, R: Replay<'t>>(&'t mut self, record: &R) -> Played<'t> {
        let raw = Box::leak(Box::new(abi::Record {
            slots: std::ptr::null(),
            rows: std::ptr::null(),
            slot_count: 0,
            row_count: 0,
            unique_id: self.unique_id,
            return_value: self.recorded.return_value,
            errno_number: self.recorded.errno,
            task: 1,
            wants: self.wants,
            memory: 1,
        }));
        self.acts.returned.clear();
        let context = (&raw mut self.acts).cast();
        // SAFETY: the host's functions take `acts` for their context, and nothing else touches it
        // while they run; the record has no rows, and the plugin is given its fields already.
        let process = unsafe { Process::new(host(), context, raw) };
        let mut process = process.with_options(self.options.as_deref());
        let replayed = record.replay(&mut process);
        Played { replayed, acts: &self.acts }
    }

    /// Does `act` with a process, as the replay of a record would.
    pub fn act<'t>(&'t mut self, act: impl FnOnce(&mut Process<'t>)) {
        struct Act<F>(std::cell::Cell<Option<F>>);
        impl<F> Declared for Act<F> {
            const EXTENT: &'static str = "";
            const SYSCALLS: &'static [&'static str] = &[];
            fn declare(_: &mut crate::declare::Declaration) {}
        }
        impl<'t, F> crate::Record<'t> for Act<F> {
            fn read(_: &mut crate::Fields<'t>) -> Self {
                Self(std::cell::Cell::new(None))
            }
        }
        impl<'t, F: FnOnce(&mut Process<'t>)> Replay<'t> for Act<F> {
            fn replay(&self, process: &mut Process<'t>) -> Replayed {
                if let Some(act) = self.0.take() {
                    act(process);
                }
                Ok(Ok(0))
            }
        }
        self.replay(&Act(std::cell::Cell::new(Some(act))));
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Runs `body` on a thread with a working directory, root and umask of its own, as a host gives to
/// each process of a trace.
///
/// # Panics
/// As `body` does, or if there is no such thread to be had.
pub fn with_own_fs<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: it changes nothing but what this thread, which is new, shares with others.
            assert_eq!(unsafe { libc::unshare(libc::CLONE_FS) }, 0, "unshare(CLONE_FS)");
            body()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Runs `body` on a thread of its own, whose users and groups it may change; only root may.
pub fn with_own_users(body: impl FnOnce() + Send) {
    // SAFETY: the call takes nothing.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("not tested: it needs root");
        return;
    }
    with_own_fs(body);
}

/// `path` with its NUL, as a trace has it.
///
/// # Panics
/// If there is a NUL in it.
pub fn traced(path: &FilePath) -> Vec<u8> {
    CString::new(path.as_os_str().as_bytes()).expect("no NUL in a path").into_bytes_with_nul()
}
