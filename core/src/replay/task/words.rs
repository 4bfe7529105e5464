//! What people are told of a call.

use std::sync::atomic::Ordering;

use crate::record::{Batch, Record};
use crate::replay::descriptors::Stands;
use crate::replay::effects;
use crate::replay::task::Task;
use crate::show;
use crate::trace::RecordType;
use crate::verify::Divergence;

/// Divergences that are told one by one unless all of them are asked for.
const TOLD: u64 = 10;

impl Task {
    pub(super) fn say(&self, text: &str) {
        self.shared.log.say(text);
    }

    pub(super) fn plugin_says(&self, ty: &RecordType, record: &Record, level: u32, message: &str) {
        if level < abi::log::INFO || self.shared.options.verbose {
            let text = format!("plugin {}, record {}: {message}", ty.name, record.unique_id);
            self.shared.log.insist(&text);
        }
    }

    /// Tells people of the divergence.
    pub(super) fn tell(
        &self,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        differences: &[Divergence],
    ) {
        let shared = &self.shared;
        let told = shared.told.fetch_add(1, Ordering::Relaxed);
        if !shared.options.warn && !shared.options.abort && told >= TOLD {
            if told == TOLD {
                self.say("more divergences are counted, not shown (--warn shows all)");
            }
            return;
        }
        let files = self.context.files.lock();
        let names = |traced| match files.get(traced) {
            Some(Stands::Open(open)) => {
                std::fs::read_link(format!("/proc/thread-self/fd/{open}")).ok()
            }
            _ => None,
        };
        let line = show::line(ty, batch, record, show::Parts::Passed(&names));
        for Divergence { column, expected, got } in differences {
            let id = record.unique_id;
            let text = format!("record {id}: {line}: {column}: expected {expected}, got {got}");
            shared.log.insist(&text);
        }
        if let Some(path) = effects::absolute_path(ty, batch, record).filter(|_| shared.is_rooted) {
            shared.log.say(&format!(
                "  ({} was looked up beneath the root)",
                String::from_utf8_lossy(&path)
            ));
        }
    }
}
