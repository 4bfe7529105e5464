//! umask(2): set the permissions that new files don't get.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "umask", start = umask, changes_fs)]
struct Umask {
    #[arg(0)]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
}

impl<'t> Replay<'t> for Umask {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let mode = self.mode_value.ok_or(Skip::NOT_CAPTURED)?;
        // SAFETY: the call takes no pointer; the process's umask is its own.
        let replaced = unsafe { sys::numbers(libc::SYS_umask, [mode.into()]) };
        match process.unique_id() {
            // The record that starts a trace says which umask the first process had; the one before is
            // the replayer's.
            0 => Ok(process.recorded().outcome()),
            _ => Ok(replaced),
        }
    }
}

export_plugin!(Umask);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};

    #[test]
    fn returns_the_one_before() {
        with_own_fs(|| {
            let mut stage = Stage::new();
            stage.replay(&Umask { mode_value: Some(0o27) });
            stage.replay(&Umask { mode_value: Some(0o77) }).returns(0o27);
            stage.replay(&Umask { mode_value: Some(0o777_077) }).returns(0o77);
        });
    }

    #[test]
    fn the_traces_first_record_sets_it_whatever_the_replayers_is() {
        with_own_fs(|| {
            let mut stage = Stage::new();
            stage.unique_id(0).replay(&Umask { mode_value: Some(0o27) }).returns(0);
            stage.unique_id(1).replay(&Umask { mode_value: Some(0o22) }).returns(0o27);
        });
    }

    #[test]
    fn without_a_mask_it_is_not_made() {
        Stage::new().replay(&Umask { mode_value: None }).is_not_made();
    }
}
