//! When a call is due.

use std::str::FromStr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::record::Record;
use crate::replay::progress::Stopped;

/// How fast a replay goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Speed {
    /// As fast as it can.
    #[default]
    Max,
    /// So many times as fast as the program was.
    Times(f64),
}

impl std::fmt::Display for Speed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::Times(times) => times.fmt(f),
        }
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse::<f64>() {
            Ok(times) if times.is_finite() && times > 0.0 => Ok(Self::Times(times)),
            _ => Err(format!("{text:?} is neither `max` nor a number above 0")),
        }
    }
}

/// What a call's time is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Pace {
    /// Each call when it was made, counted from the trace's beginning
    #[default]
    Schedule,
    /// Each call as long after its task's last one as then: the time that the program took to think
    Think,
}

/// A thread sleeps until shortly before a call is due, and then looks at the clock again and again.
const AWAKE: Duration = Duration::from_micros(80);

/// A sleeping thread looks this often whether the replay was stopped.
const SLICE: Duration = Duration::from_millis(100);

/// How late calls were made, in nanoseconds.
pub type Lateness = Histogram<u64>;

/// Largest lateness that is told apart: an hour.
const LATEST: u64 = 3_600_000_000_000;

/// No lateness yet.
pub fn lateness() -> Lateness {
    Histogram::new_with_bounds(1, LATEST, 3).expect("the bounds are in order")
}

/// One task's clock.
#[derive(Debug)]
pub struct Clock {
    speed: f64,
    pace: Pace,
    /// When the replay began, and when the trace did.
    start: (Instant, i64),
    /// When the task's last call returned, now and then.
    last: Option<(Instant, i64)>,
    /// When the call under way was due, and how late it was.
    under_way: Option<(Instant, Duration)>,
    /// How late its calls were.
    pub lateness: Lateness,
}

/// What became of a call, for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// It was made, and took what it took. It is late if it was made late.
    ItsTime,
    /// It was made, and waited for other tasks. It is late if it returned late.
    OthersTime,
    /// It wasn't made, where the program's call waited for other tasks, which are replayed.
    Nothing,
    /// It wasn't made, and takes the time that it took then.
    TheRecordedTime,
}

impl Clock {
    /// The clock of a task, if calls have their times at all. The replay began at `start`, where the trace's
    /// time is `trace_start`.
    pub fn new(speed: Speed, pace: Pace, start: Instant, trace_start: i64) -> Option<Self> {
        let Speed::Times(speed) = speed else { return None };
        let start = (start, trace_start);
        Some(Self { speed, pace, start, last: None, under_way: None, lateness: lateness() })
    }

    /// Waits until the call of `record` is due; `is_stopped` tells whether it is to be made at all.
    ///
    /// # Errors
    /// It isn't.
    pub fn wait(&mut self, record: &Record, is_stopped: impl Fn() -> bool) -> Result<(), Stopped> {
        if let Some(due) = self.due(record.time_called) {
            sleep_until(due, is_stopped)?;
            self.under_way = Some((due, due.elapsed()));
        }
        Ok(())
    }

    /// The call of `record` is done.
    ///
    /// # Errors
    /// The replay was stopped meanwhile.
    pub fn done(
        &mut self,
        record: &Record,
        took: Took,
        is_stopped: impl Fn() -> bool,
    ) -> Result<(), Stopped> {
        let returned = record.time_returned.max(record.time_called);
        if let Some((due, late)) = self.under_way.take() {
            // Times that are further apart than a number can say make no sense, and nothing waits for them.
            let then = returned.checked_sub(record.time_called);
            let due_to_return = then.and_then(|then| due.checked_add(self.scaled(then)));
            match took {
                Took::ItsTime => self.was_late(late),
                Took::OthersTime => {
                    self.was_late(due_to_return.map(|due| due.elapsed()).unwrap_or_default());
                }
                // On schedule, the next call is made at its own time anyway.
                Took::TheRecordedTime if self.pace == Pace::Think => {
                    due_to_return.map_or(Ok(()), |due| sleep_until(due, is_stopped))?;
                }
                Took::Nothing | Took::TheRecordedTime => {}
            }
        }
        if record.time_called != 0 {
            self.last = Some((Instant::now(), returned));
        }
        Ok(())
    }

    fn was_late(&mut self, late: Duration) {
        let late = u64::try_from(late.as_nanos()).unwrap_or(LATEST);
        self.lateness.saturating_record(late.max(1));
    }

    /// When what happened at `then` is due; nothing is, that happened at no known time, or is a task's first
    /// call where only the time between its calls counts.
    fn due(&self, then: i64) -> Option<Instant> {
        if then == 0 {
            return None;
        }
        let (from, start) = match (self.pace, self.last) {
            (Pace::Schedule, _) => self.start,
            (Pace::Think, last) => last?,
        };
        from.checked_add(self.scaled(then.checked_sub(start)?))
    }

    /// So many of the trace's nanoseconds, now.
    fn scaled(&self, nanoseconds: i64) -> Duration {
        let seconds = nanoseconds.max(0) as f64 / 1e9 / self.speed;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

fn sleep_until(due: Instant, is_stopped: impl Fn() -> bool) -> Result<(), Stopped> {
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left <= AWAKE {
            break;
        }
        if is_stopped() {
            return Err(Stopped);
        }
        std::thread::sleep((left - AWAKE).min(SLICE));
    }
    while Instant::now() < due {
        std::hint::spin_loop();
    }
    Ok(())
}

/// How well a paced replay kept its times.
#[derive(Clone, Debug)]
pub struct Timing {
    /// How late calls were made.
    pub lateness: Lateness,
    /// How long the trace took, at the replay's speed.
    pub recorded: Duration,
    /// How long the replay took.
    pub replayed: Duration,
}

impl Timing {
    /// How much longer the replay took than it should have, as a part of that.
    pub fn elapsed_error(&self) -> f64 {
        let (recorded, replayed) = (self.recorded.as_secs_f64(), self.replayed.as_secs_f64());
        if recorded > 0.0 { replayed / recorded - 1.0 } else { 0.0 }
    }

    /// The timing in one line.
    pub fn line(&self) -> String {
        let micro = |nanoseconds: u64| nanoseconds as f64 / 1000.0;
        let quantile = |q| micro(self.lateness.value_at_quantile(q));
        format!(
            "kept to the recorded times: {:.3} s for {:.3} s ({:+.2} %); calls were late by {:.1} µs on \
             average, {:.1} µs at the median, {:.1} µs at p99, {:.1} µs at most",
            self.replayed.as_secs_f64(),
            self.recorded.as_secs_f64(),
            100.0 * self.elapsed_error(),
            self.lateness.mean() / 1000.0,
            quantile(0.5),
            quantile(0.99),
            micro(self.lateness.max()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(time_called: i64, time_returned: i64) -> Record {
        Record { time_called, time_returned, ..Record::end_of(0, 0) }
    }

    #[test]
    fn a_speed_is_max_or_a_positive_number() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("2.5".parse(), Ok(Speed::Times(2.5)));
        for wrong in ["0", "-1", "inf", "NaN", "fast", ""] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
    }

    fn clock(speed: f64, pace: Pace, start: Instant, trace_start: i64) -> Clock {
        Clock::new(Speed::Times(speed), pace, start, trace_start).expect("it has times")
    }

    #[test]
    fn a_scheduled_call_is_due_as_long_after_the_beginning() {
        let start = Instant::now();
        let clock = clock(2.0, Pace::Schedule, start, 1_000);
        let due = clock.due(5_000).expect("it has a time");
        assert_eq!(due - start, Duration::from_nanos(2_000));
        assert_eq!(clock.due(0), None);
        assert_eq!(clock.due(500), Some(start));
    }

    #[test]
    fn think_time_is_counted_from_the_tasks_last_return() {
        let mut clock = clock(1.0, Pace::Think, Instant::now(), 0);
        clock.wait(&record(5_000, 6_000), || false).expect("nobody stops it");
        assert_eq!(clock.under_way, None, "the first call is made at once");
        clock.done(&record(5_000, 6_000), Took::ItsTime, || false).expect("nobody stops it");
        let (last, _) = clock.last.expect("a call was made");
        let due = clock.due(9_000).expect("it has a time");
        assert_eq!(due - last, Duration::from_nanos(3_000));
        clock.wait(&record(9_000, 9_500), || false).expect("nobody stops it");
        clock.done(&record(9_000, 9_500), Took::ItsTime, || false).expect("nobody stops it");
        assert_eq!(clock.lateness.len(), 1);
    }

    #[test]
    fn a_call_that_is_not_made_takes_its_time_unless_it_waited_for_others() {
        let mut clock = clock(1.0, Pace::Think, Instant::now(), 0);
        clock.last = Some((Instant::now(), 0));
        let before = Instant::now();
        clock.wait(&record(1, 2_000_001), || false).expect("nobody stops it");
        clock.done(&record(1, 2_000_001), Took::TheRecordedTime, || false).expect("likewise");
        assert!(before.elapsed() >= Duration::from_millis(2));
        clock.wait(&record(2_000_001, i64::MAX), || false).expect("nobody stops it");
        clock.done(&record(2_000_001, i64::MAX), Took::Nothing, || true).expect("it needs no wait");
        let forever = record(i64::MAX, i64::MAX);
        assert_eq!(clock.wait(&record(1, 1), || true), Ok(()), "it is due");
        clock.last = Some((Instant::now(), 0));
        assert_eq!(clock.wait(&forever, || true), Err(Stopped));
        assert!(clock.lateness.is_empty(), "none was made");
    }

    #[test]
    fn a_call_that_waits_for_others_is_late_when_it_returns_late() {
        let mut clock = clock(1.0, Pace::Schedule, Instant::now(), 1);
        clock.wait(&record(1, 50_000_001), || false).expect("nobody stops it");
        clock.done(&record(1, 50_000_001), Took::OthersTime, || false).expect("nobody stops it");
        assert_eq!(clock.lateness.max(), 1, "it was far too early");
    }
}
