//! The library as C calls it: what goes wrong is a status and a message, and the host goes on.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};

use strace2ds::*;

fn message() -> String {
    // SAFETY: the message stays until the next failure.
    unsafe { CStr::from_ptr(strace2ds_message()) }.to_string_lossy().into_owned()
}

fn text(text: &str) -> CString {
    CString::new(text).expect("there is no NUL in it")
}

/// A trace whose plugins are switched off.
fn create(folder: &std::path::Path) -> (strace2ds_status, *mut strace2ds_trace) {
    let manifest = folder.join("manifest.toml");
    std::fs::write(&manifest, "version = 1\ndefault = \"disabled\"\n")
        .expect("the scratch folder is writable");
    let test = std::env::current_exe().expect("the test knows where it is");
    let built = test.ancestors().nth(2).expect("the test is where cargo puts it");
    let plugins = text(&built.join("plugins-under-test").to_string_lossy());
    let manifest = text(&manifest.to_string_lossy());
    let path = text(&folder.join("trace.ds").to_string_lossy());
    let options = strace2ds_options {
        size: size_of::<strace2ds_options>(),
        plugins: plugins.as_ptr(),
        manifest: manifest.as_ptr(),
        codec: null(),
        tracer: null(),
        first_task: 0,
    };
    let mut trace = null_mut();
    // SAFETY: the strings and options are there.
    let status = unsafe { strace2ds_create(path.as_ptr(), &raw const options, &raw mut trace) };
    (status, trace)
}

#[test]
fn what_is_null_or_makes_no_sense_is_refused_with_words() {
    let mut trace = null_mut();
    let none: *const c_char = null();
    // SAFETY: null is taken everywhere.
    unsafe {
        assert_eq!(
            strace2ds_create(none, null(), &raw mut trace),
            strace2ds_status::STRACE2DS_ARGUMENT
        );
        assert_eq!(message(), "the path is null");
        assert_eq!(
            strace2ds_create(none, null(), null_mut()),
            strace2ds_status::STRACE2DS_ARGUMENT
        );
        assert_eq!(strace2ds_end(null_mut(), 1, 0, 0), strace2ds_status::STRACE2DS_ARGUMENT);
        assert_eq!(message(), "the trace is null");
        assert_eq!(strace2ds_write(null_mut(), null()), strace2ds_status::STRACE2DS_ARGUMENT);
        assert_eq!(strace2ds_close(null_mut()), strace2ds_status::STRACE2DS_OK);
        assert_eq!(strace2ds_number(none), -1);
        assert_eq!(strace2ds_number(text("no_such_call").as_ptr()), -1);
        assert!(strace2ds_number(text("close").as_ptr()) >= 0);
    }
    let codec = text("no such codec");
    let options = strace2ds_options {
        size: size_of::<strace2ds_options>(),
        plugins: null(),
        manifest: null(),
        codec: codec.as_ptr(),
        tracer: null(),
        first_task: 0,
    };
    let wrong = strace2ds_options { size: 4096, ..options };
    let path = text("/nowhere/trace.ds");
    // SAFETY: the strings and options are there.
    unsafe {
        let status = strace2ds_create(path.as_ptr(), &raw const options, &raw mut trace);
        assert_eq!(status, strace2ds_status::STRACE2DS_ARGUMENT);
        assert_eq!(message(), "the codec has no such name");
        let status = strace2ds_create(path.as_ptr(), &raw const wrong, &raw mut trace);
        assert_eq!(status, strace2ds_status::STRACE2DS_ARGUMENT);
        assert_eq!(message(), "the options' size is wrong");
    }
}

#[test]
fn a_call_that_no_plugin_has_is_counted_and_its_record_refused() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (status, trace) = create(scratch.path());
    assert_eq!(status, strace2ds_status::STRACE2DS_OK, "{}", message());
    let arguments = [0u64; 6];
    // SAFETY: the trace is open; all that is pointed to is there.
    unsafe {
        let entered = strace2ds_enter(trace, 7, 3, arguments.as_ptr(), 0, 1, None, null_mut());
        assert_eq!(entered, strace2ds_status::STRACE2DS_OK);
        assert_eq!(
            strace2ds_exit(trace, 7, 0, 0, 2, None, null_mut()),
            strace2ds_status::STRACE2DS_OK
        );
        let again = strace2ds_exit(trace, 7, 0, 0, 2, None, null_mut());
        assert_eq!(again, strace2ds_status::STRACE2DS_STATE);
        assert_eq!(message(), "task 7: it is in no call");
        let name = text("close");
        let mut record: strace2ds_record = std::mem::zeroed();
        record.size = size_of::<strace2ds_record>();
        record.name = name.as_ptr();
        assert_eq!(
            strace2ds_write(trace, &raw const record),
            strace2ds_status::STRACE2DS_NOT_RECORDED
        );
        assert!(message().contains("close is not recorded"), "{}", message());
        record.size = 3;
        assert_eq!(strace2ds_write(trace, &raw const record), strace2ds_status::STRACE2DS_ARGUMENT);
        assert_eq!(strace2ds_close(trace), strace2ds_status::STRACE2DS_OK);
    }
    assert!(scratch.path().join("trace.ds").metadata().is_ok_and(|file| file.len() > 0));
}

#[test]
fn a_trace_is_shared_by_threads() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (status, trace) = create(scratch.path());
    assert_eq!(status, strace2ds_status::STRACE2DS_OK, "{}", message());
    struct Shared(*mut strace2ds_trace);
    // SAFETY: the library says that threads may share a trace.
    unsafe impl Sync for Shared {}
    let shared = &Shared(trace);
    std::thread::scope(|scope| {
        for task in 1..5 {
            scope.spawn(move || {
                let Shared(trace) = *shared;
                let arguments = [0u64; 6];
                for _ in 0..1000 {
                    // SAFETY: the trace is open until all threads are joined.
                    unsafe {
                        let context: *mut c_void = null_mut();
                        let entered = strace2ds_enter(
                            trace,
                            task,
                            3,
                            arguments.as_ptr(),
                            0,
                            1,
                            None,
                            context,
                        );
                        assert_eq!(entered, strace2ds_status::STRACE2DS_OK);
                        let left = strace2ds_exit(trace, task, 0, 0, 2, None, context);
                        assert_eq!(left, strace2ds_status::STRACE2DS_OK);
                    }
                }
            });
        }
    });
    // SAFETY: nobody uses it any more.
    assert_eq!(unsafe { strace2ds_close(trace) }, strace2ds_status::STRACE2DS_OK);
}
