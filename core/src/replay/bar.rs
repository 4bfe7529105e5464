//! How far the replay has come, for people at a terminal.

use std::io::IsTerminal;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::replay::shared::Shared;

/// Shorter replays are over before anybody would read it.
const AFTER: Duration = Duration::from_secs(1);

/// A bar on standard error, once the replay has lasted for a while.
#[derive(Debug)]
pub struct Bar {
    /// None before it is shown, and if it never is.
    bar: Option<ProgressBar>,
    is_wanted: bool,
    /// Rows in the trace.
    rows: u64,
    start: Instant,
}

impl Bar {
    /// A bar for people: none where standard error isn't a terminal, or where they want quiet or every call.
    pub fn new(shared: &Shared) -> Self {
        let is_wanted =
            std::io::stderr().is_terminal() && !shared.log.is_quiet() && !shared.options.verbose;
        Self { bar: None, is_wanted, rows: 0, start: shared.start }
    }

    /// Shows how far the replay has come; `records` are all that the trace has, once that is known.
    pub fn show(&mut self, shared: &Shared, records: Option<u64>) {
        if !self.is_wanted || self.start.elapsed() < AFTER {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            self.rows = shared.trace.rows();
            let template =
                "{percent}% {bar:30} {human_pos} of {human_len} calls, {per_sec}, {eta} left";
            let style =
                ProgressStyle::with_template(template).expect("the template is well-formed");
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let bar = bar.with_style(style).with_elapsed(self.start.elapsed());
            shared.log.set_bar(bar.clone());
            bar
        });
        let [rows, made] = [0, 1].map(|index: usize| shared.read[index].load(Ordering::Relaxed));
        // Some calls have several rows: how many, those that were read so far tell.
        let expected = records.unwrap_or_else(|| match rows {
            0 => self.rows,
            rows => (self.rows as u128 * u128::from(made) / u128::from(rows)) as u64,
        });
        bar.set_length(expected);
        bar.set_position(shared.turn.position().min(expected));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
