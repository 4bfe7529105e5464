//! setgroups(2): set the supplementary groups of this process.

use sdk::declare::{Size, items_passed};
use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "setgroups",
    simulated = "the replayer runs as whoever started it",
    partly,
    changes = nothing,
    class = "creds"
)]
struct Setgroups<'t> {
    #[arg(0)]
    count: i32,
    /// The list, of up to 16 groups.
    #[sized(1, arg(0), GROUPS)]
    groups: Option<&'t [u8]>,
}

const GROUPS: &[Size] = &items_passed(4);

impl<'t> Replay<'t> for Setgroups<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.takes_on_users()?;
        let groups = self.groups.unwrap_or_default();
        if groups.len() as i64 != 4 * i64::from(self.count) {
            return Err(Skip::NOT_CAPTURED);
        }
        let memory = process.scratch(1, groups.len() as u64)?;
        memory.copy_from_slice(groups);
        let words = [self.count as usize, memory.as_ptr() as usize, 0, 0, 0, 0];
        // SAFETY: there are as many groups behind the pointer. The C library's function would change all
        // threads.
        process.take_on(|| unsafe { sys::call(libc::SYS_setgroups, words) })
    }
}

export_plugin!(Setgroups);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_users};

    #[test]
    fn a_thread_takes_on_the_groups_for_itself() {
        with_own_users(|| {
            let groups: Vec<u8> = [7u32, 8].iter().flat_map(|group| group.to_ne_bytes()).collect();
            let record = Setgroups { count: 2, groups: Some(&groups) };
            Stage::new().replay(&record).is_not_made();
            let mut stage = Stage::new();
            stage.takes_on_users().replay(&record).returns(0);
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            assert!(status.lines().any(|line| line.trim_end() == "Groups:\t7 8"), "{status}");
        });
    }

    #[test]
    fn a_list_that_was_not_recorded_whole_is_not_passed() {
        let record = Setgroups { count: 20, groups: Some(&[0; 64]) };
        Stage::new().takes_on_users().replay(&record).is_not_made();
    }
}
