//! The times of a log's lines.

use crate::event::UNKNOWN_TIME;
use crate::strace::line::Stamp;

const DAY: i64 = 24 * 3600 * 1_000_000_000;

/// Turns the times that a log's lines have into nanoseconds since the epoch; or, where it has no dates, since
/// the midnight before its first line or since that line itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    relative: i64,
    last: i64,
    days: i64,
}

impl Clock {
    /// The time of a line that has `stamp`.
    pub fn time(&mut self, stamp: Option<Stamp>) -> i64 {
        match stamp {
            None => UNKNOWN_TIME,
            Some(Stamp::Epoch(time)) => time,
            Some(Stamp::Relative(since)) => {
                self.relative = self.relative.saturating_add(since);
                self.relative
            }
            Some(Stamp::Day(time)) => {
                // Lines of one log are in order, but for the clock being set.
                if time < self.last - DAY / 2 {
                    self.days = self.days.saturating_add(DAY);
                }
                self.last = time;
                self.days.saturating_add(time)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight() {
        let mut clock = Clock::default();
        let hour = DAY / 24;
        assert_eq!(clock.time(Some(Stamp::Day(23 * hour))), 23 * hour);
        assert_eq!(clock.time(Some(Stamp::Day(hour))), 25 * hour);
        assert_eq!(clock.time(Some(Stamp::Day(2 * hour))), 26 * hour);
    }

    #[test]
    fn relative_times_add_up() {
        let mut clock = Clock::default();
        let times = [5, 7].map(|since| clock.time(Some(Stamp::Relative(since))));
        assert_eq!(times, [5, 12]);
        assert_eq!(clock.time(None), UNKNOWN_TIME);
    }
}
