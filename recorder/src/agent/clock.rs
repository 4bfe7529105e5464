//! Time stamps of the hook as time.

use std::collections::VecDeque;

use super::x86_64::ticks;
use crate::clock;

/// How many moments are remembered.
const MOMENTS: usize = 1024;

/// How far apart they are at least, in nanoseconds.
const APART: i64 = 1_000_000;

/// Moments at which both the processor's counter and the time are known.
#[derive(Debug)]
pub struct Clock {
    moments: VecDeque<(u64, i64)>,
}

impl Clock {
    /// A clock that knows two moments, some time apart.
    pub fn new() -> Self {
        let first = now();
        std::thread::sleep(std::time::Duration::from_millis(1));
        Self { moments: [first, now()].into() }
    }

    /// Looks at the time again.
    pub fn look(&mut self) {
        let now = now();
        let last = self.moments[self.moments.len() - 2];
        if now.1 - last.1 < APART {
            // The last moment becomes this one.
            self.moments.pop_back();
        } else if self.moments.len() >= MOMENTS {
            // The first one stays, for calls that take very long.
            self.moments.remove(1);
        }
        self.moments.push_back(now);
    }

    /// The time, in nanoseconds since the epoch, at which the counter was `stamp`.
    pub fn time(&self, stamp: u64) -> i64 {
        // Most stamps are of now.
        let last = self.moments.len() - 1;
        let next = match self.moments[last - 1].0 <= stamp {
            true => last,
            false => self.moments.partition_point(|(known, _)| *known <= stamp).clamp(1, last),
        };
        let ((from, start), (to, end)) = (self.moments[next - 1], self.moments[next]);
        let ticks = to.wrapping_sub(from).max(1);
        // 64 bits are enough for some seconds, and are divided faster than 128.
        let near = stamp.checked_sub(from).zip(u64::try_from(end - start).ok());
        if let Some(product) = near.and_then(|(into, span)| into.checked_mul(span)) {
            return start.saturating_add_unsigned(product / ticks);
        }
        let into = i128::from(stamp) - i128::from(from);
        let time = i128::from(start) + into * i128::from(end - start) / i128::from(ticks);
        i64::try_from(time).unwrap_or(end)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// Counter and time, both now.
fn now() -> (u64, i64) {
    let before = ticks();
    let time = clock::now();
    let after = ticks();
    (before + (after - before) / 2, time)
}

/// Whether the processor's counter is a clock: the kernel itself takes it for one.
pub fn is_steady() -> bool {
    let source = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
    let known = std::fs::read_to_string(source).unwrap_or_default();
    known.split_whitespace().any(|source| source == "tsc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_between_and_beyond_the_moments_are_right() {
        let clock = Clock { moments: [(1000, 5_000), (2000, 6_000), (4000, 10_000)].into() };
        for (stamp, time) in
            [(1000, 5_000), (1500, 5_500), (3000, 8_000), (5000, 12_000), (0, 4_000)]
        {
            assert_eq!(clock.time(stamp), time, "stamp {stamp}");
        }
        // What a program may have written there.
        clock.time(u64::MAX);
    }
}
