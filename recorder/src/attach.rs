//! Recording processes that run already: `-p PID`.

use std::fs;

use nix::unistd::Pid;

use crate::ptrace;

/// Why a process can't be recorded.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// There is none with that number.
    #[error("-p {0}: there is no such process")]
    NoSuchProcess(i32),
    /// It is the recorder itself.
    #[error("-p {0}: that is the recorder itself")]
    Itself(i32),
    /// The kernel refuses it.
    #[error(
        "-p {pid}: cannot trace it: {error}; another tracer may be on it, or it is another user's \
         (see also /proc/sys/kernel/yama/ptrace_scope)"
    )]
    Refused {
        /// The process.
        pid: i32,
        /// Why.
        error: nix::Error,
    },
}

/// Makes all threads of process `pid` tracees and stops them; the next wait tells of each.
/// Returns them.
///
/// # Errors
/// There is no such process, or it can't be traced; then none of its threads is.
pub fn attach(pid: i32) -> Result<Vec<i32>, AttachError> {
    if pid == Pid::this().as_raw() {
        return Err(AttachError::Itself(pid));
    }
    let mut attached = Vec::new();
    // Threads are made while this goes on; those that tracees make come by themselves.
    loop {
        let threads = threads(pid);
        if threads.is_empty() {
            return Err(AttachError::NoSuchProcess(pid));
        }
        let mut is_new = false;
        for thread in threads {
            if attached.contains(&thread) {
                continue;
            }
            match ptrace::seize_running(thread) {
                Ok(()) => {
                    attached.push(thread);
                    is_new = true;
                }
                // It ended meanwhile, or its creator brought it along.
                Err(nix::Error::ESRCH) => {}
                Err(nix::Error::EPERM) if !attached.is_empty() => {}
                Err(error) => return Err(AttachError::Refused { pid, error }),
            }
        }
        if !is_new {
            break;
        }
    }
    for thread in &attached {
        let _ = ptrace::interrupt(*thread);
    }
    for thread in &attached {
        ptrace::await_stop(*thread);
    }
    Ok(attached)
}

/// The threads of process `pid`.
fn threads(pid: i32) -> Vec<i32> {
    let entries = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The process's command.
pub fn command(pid: i32) -> Vec<Vec<u8>> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    line.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
}
