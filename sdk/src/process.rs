//! A plugin's handle on the process whose record it replays.

mod descriptors;
mod memory;
mod paths;
mod tasks;

use std::any::Any;
use std::ffi::c_void;

use abi::{HostRef, want};

use crate::{Options, Recorded, Skip};

pub use memory::Memory;
pub(crate) use memory::{LARGEST_BUFFER, beyond};
pub use tasks::Shares;

/// The kernel's own errors for a call that a signal ended and that it may restart (`ERESTARTSYS` to
/// `ERESTART_RESTARTBLOCK`): older recorders saw them.
const FIRST_RESTART: i32 = 512;
const LAST_RESTART: i32 = 516;

/// The replaying process, and the record that is being replayed in it.
pub struct Process<'t> {
    host: HostRef,
    context: *mut c_void,
    record: &'t abi::Record,
    /// How many paths of this record lead to descriptors.
    own_paths: u32,
    /// The plugin's options, if somebody set them.
    options: Option<&'t dyn Any>,
}

impl<'t> Process<'t> {
    /// The process that `context` names.
    ///
    /// # Safety
    /// `host`, `context` and `record` must be what a host passes to [`abi::Call::replay`].
    pub unsafe fn new(host: HostRef, context: *mut c_void, record: &'t abi::Record) -> Self {
        Self { host, context, record, own_paths: 0, options: None }
    }

    /// The same, with the plugin's options.
    pub fn with_options(self, options: Option<&'t dyn Any>) -> Self {
        Self { options, ..self }
    }

    /// The plugin's options: `S` is what it exports (`export_plugin!(…; options = S)`).
    #[inline]
    pub fn options<S: Options>(&self) -> S {
        self.options.and_then(|options| options.downcast_ref()).copied().unwrap_or_default()
    }

    /// What the recorded call came to.
    pub fn recorded(&self) -> Recorded {
        Recorded { return_value: self.record.return_value, errno: self.record.errno_number }
    }

    /// The order id of the record. That of the made-up one which says the first process's umask is 0.
    pub fn unique_id(&self) -> i64 {
        self.record.unique_id
    }

    /// Whether the host wants `what`; see [`abi::want`].
    pub(crate) fn wants(&self, what: u32) -> bool {
        self.record.wants & what != 0
    }

    /// Whether the trace is by the original recorder, whose records have defects of their own (trace schema,
    /// §8).
    pub fn is_reference_trace(&self) -> bool {
        self.record.wants & want::REFERENCE != 0
    }

    /// A call that a signal ended isn't made again.
    ///
    /// # Errors
    /// The recorded call was one.
    pub fn refuse_interrupted(&self) -> Result<(), Skip> {
        match self.record.errno_number {
            libc::EINTR | FIRST_RESTART..=LAST_RESTART => Err(Skip::TIMING),
            _ => Ok(()),
        }
    }

    /// What the whole replay knows by `name`: something that plugins tell one another.
    pub fn recall(&mut self, name: &[u8]) -> Option<&'t [u8]> {
        let mut length = 0;
        let name_length = name.len() as u64;
        // SAFETY: context is what this host gave us; the host is done with the name on return.
        let start = unsafe {
            self.host.recall()(self.context, name.as_ptr(), name_length, &raw mut length)
        };
        if start.is_null() {
            return None;
        }
        // SAFETY: the host's value has this length and stays until the replay of the record ends.
        Some(unsafe { std::slice::from_raw_parts(start, length as usize) })
    }

    /// From now on the whole replay knows `value` by `name`.
    pub fn remember(&mut self, name: &[u8], value: &[u8]) {
        let (name_length, length) = (name.len() as u64, value.len() as u64);
        // SAFETY: context is what this host gave us; the host is done with both on return.
        unsafe {
            self.host.remember()(self.context, name.as_ptr(), name_length, value.as_ptr(), length);
        }
    }

    /// From now on nothing is known by `name`.
    pub fn forget(&mut self, name: &[u8]) {
        let (name_length, nothing) = (name.len() as u64, std::ptr::null());
        // SAFETY: as above.
        unsafe {
            self.host.remember()(self.context, name.as_ptr(), name_length, nothing, 0);
        }
    }

    /// A difference that the plugin found itself, in declared column `column`.
    pub fn diverged(&mut self, column: u32, expected: &str, got: &str) {
        // SAFETY: context is what this host gave us; the host is done with the texts on return.
        unsafe {
            self.host.diverged()(
                self.context,
                column,
                expected.as_ptr(),
                expected.len() as u64,
                got.as_ptr(),
                got.len() as u64,
            );
        }
    }

    /// Tells people something.
    pub fn warn(&mut self, message: &str) {
        self.log(abi::log::WARNING, message);
    }

    pub(crate) fn log(&mut self, level: u32, message: &str) {
        // SAFETY: context is what this host gave us; the host is done with the text on return.
        unsafe {
            self.host.log()(self.context, level, message.as_ptr(), message.len() as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::Stage;

    #[derive(Record, Replay)]
    #[record(syscall = "readlink", blocks)]
    struct Readlink<'t> {
        #[pathname(0)]
        given_pathname: Option<Path<'t>>,
        #[output(1, length = 2)]
        link_value: Option<&'t [u8]>,
        #[arg(2)]
        buffer_size: Option<i32>,
    }

    const READLINK: Readlink<'_> = Readlink {
        given_pathname: Some(Path(b"/dev/null\0")),
        link_value: None,
        buffer_size: Some(i32::MIN),
    };

    #[test]
    fn a_negative_length_fails_again() {
        Stage::new().recorded(-1, libc::EINVAL).replay(&READLINK).fails(libc::EINVAL);
    }

    #[test]
    fn what_the_kernel_tells_a_process_of_itself_is_not_asked_for() {
        for path in [&b"/proc/self/exe\0"[..], b"/proc/1/cwd\0"] {
            let readlink = Readlink { given_pathname: Some(Path(path)), ..READLINK };
            Stage::new().recorded(3, 0).replay(&readlink).is_not_made();
        }
    }

    #[test]
    fn a_path_to_a_descriptor_leads_to_what_stands_for_it() {
        let mut stage = Stage::with_file(77, b"");
        let target = stage.path("file");
        let readlink = Readlink {
            given_pathname: Some(Path(b"/proc/self/fd/77\0")),
            buffer_size: Some(4096),
            ..READLINK
        };
        let length = target.as_os_str().len() as i64;
        let played = stage.recorded(length, 0).replay(&readlink).returns(length);
        assert_eq!(played.filled(1), Some(target.as_os_str().as_encoded_bytes()));
        stage.simulate(77).replay(&readlink).is_not_made();
    }

    #[test]
    fn a_call_that_a_signal_ended_is_not_made() {
        for errno in [libc::EINTR, 512, 514] {
            Stage::new().recorded(-1, errno).replay(&READLINK).is_not_made();
        }
    }
}
