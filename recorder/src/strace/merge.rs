//! Several logs at once, one per task (`-ff`): their lines are taken in by their times.
//!
//! A call's beginning and its end are two moments. Of two at the same time the end goes first: strace's clock
//! counts microseconds, and what returned has made room for what is called.
//!
//! The end isn't printed, and is less than the time with the duration added: that begins when strace has printed the
//! arguments, and a large buffer takes longer to print than to write. How much longer is known within bounds. The
//! task's next line was begun after the call's end; and what a byte costs at most shows in the lines between whose
//! ends and successors there was least time ([`Printing`]). A call that has waited for another task's is taken to end
//! as late as it can have: to overlap with what it waited for does no harm, to end before it does.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::event::UNKNOWN_TIME;
use crate::strace::convert::{Converter, Pending};
use crate::strace::input::Line;
use crate::strace::line::{Body, Stamp, split};
use crate::strace::log::{Complaints, ConvertError, Log, NOT_STRACE};
use crate::strace::result::duration;

/// Lines from which it is known what printing costs: in shorter ones it is lost in all else that takes time.
const LONG_LINE: usize = 2000;
/// Nanoseconds for 1024 bytes on a slow machine, until the log tells better.
const SLOWEST: i64 = 16 << 10;
/// Nanoseconds from which on a call that can wait for others is taken to have waited.
const WAITED: i64 = 20_000;

/// What strace needs to print a byte, at most.
#[derive(Debug)]
struct Printing {
    /// Nanoseconds for 1024 bytes.
    cost: i64,
}

impl Printing {
    /// A line of that length was printed in not more than that time.
    fn learn(&mut self, length: usize, time: i64) {
        if length >= LONG_LINE && time >= 0 {
            let cost = time.saturating_mul(1024) / length as i64;
            self.cost = self.cost.min(cost);
        }
    }

    /// How long it takes to print so many bytes.
    fn time(&self, length: usize) -> i64 {
        self.cost.saturating_mul(length as i64) / 1024
    }
}

/// A line, and when it was begun.
#[derive(Debug, Default)]
struct Dated {
    line: Vec<u8>,
    number: u64,
    time: i64,
}

/// A log, and the line that is its next.
struct Reader {
    log: Log,
    now: Dated,
    /// The line behind it, if there is one.
    next: Option<Dated>,
    /// A time that stands behind the line and before the next one.
    before_next: Option<i64>,
    /// The call that the line has begun.
    pending: Option<(i32, Pending)>,
}

/// When something happens, whether it is a beginning, and in which log.
type Moment = Reverse<(i64, bool, usize)>;

/// Takes in the lines of all `logs`. Returns how many there were.
pub fn follow(
    logs: Vec<Log>,
    converter: &mut Converter<'_>,
    complaints: &mut Complaints,
) -> Result<u64, ConvertError> {
    let mut readers: Vec<_> = logs
        .into_iter()
        .map(|log| Reader {
            log,
            now: Dated { time: i64::MIN, ..Dated::default() },
            next: None,
            before_next: None,
            pending: None,
        })
        .collect();
    // Of what happens at the same time, what older tasks do goes first.
    readers.sort_by_key(|reader| reader.log.task);
    let mut printing = Printing { cost: SLOWEST };
    let mut moments: BinaryHeap<Moment> = BinaryHeap::new();
    for (place, reader) in readers.iter_mut().enumerate() {
        reader.read_ahead(converter, complaints)?;
        if reader.advance(converter, complaints)? {
            moments.push(Reverse((reader.now.time, true, place)));
        }
    }
    while let Some(Reverse((_, is_beginning, place))) = moments.pop() {
        let reader = &mut readers[place];
        if is_beginning && let Some(end) = reader.begin(&mut printing, converter, complaints)? {
            moments.push(Reverse((end, false, place)));
            continue;
        }
        if !is_beginning {
            reader.end(converter, complaints)?;
        }
        if reader.advance(converter, complaints)? {
            moments.push(Reverse((reader.now.time, true, place)));
        }
    }
    Ok(readers.iter().map(|reader| reader.log.lines.number).sum())
}

impl Reader {
    /// Goes on to the next line that tells something; says whether there is one.
    fn advance(
        &mut self,
        converter: &mut Converter<'_>,
        complaints: &mut Complaints,
    ) -> Result<bool, ConvertError> {
        let Some(next) = self.next.take() else { return Ok(false) };
        self.now = next;
        self.read_ahead(converter, complaints)?;
        Ok(true)
    }

    /// Reads the line behind this one.
    fn read_ahead(
        &mut self,
        converter: &mut Converter<'_>,
        complaints: &mut Complaints,
    ) -> Result<(), ConvertError> {
        let Log { path, lines, clock, .. } = &mut self.log;
        self.before_next = None;
        let mut time = self.now.time;
        loop {
            let number = lines.number + 1;
            let line = lines.next().map_err(|error| {
                let path = path.clone();
                ConvertError::Read { path, error }
            })?;
            let line = match line {
                None => return Ok(()),
                Some(Line::TooLong) => {
                    complaints.add(path, number, "a line that is too long".to_owned())?;
                    continue;
                }
                Some(Line::Whole(line)) => line,
            };
            let Some((prefix, body)) = split(line) else {
                complaints.add(path, number, NOT_STRACE.to_owned())?;
                continue;
            };
            match prefix.stamp {
                Some(Stamp::Relative(_)) | None if matches!(body, Body::Call { .. }) => {
                    return Err(ConvertError::NoOrder { path: path.clone() });
                }
                Some(stamp) => time = clock.time(Some(stamp)),
                None => {}
            }
            if prefix.stamp.is_some() {
                self.before_next.get_or_insert(time);
            }
            if matches!(body, Body::Aside) {
                continue;
            }
            let is_call = matches!(body, Body::Call { .. } | Body::Entered { .. });
            let is_of_day = matches!(prefix.stamp, Some(Stamp::Day(_)));
            converter.counts.without_date += u64::from(is_call && is_of_day);
            let line = line.to_vec();
            self.next = Some(Dated { line, number, time });
            return Ok(());
        }
    }

    /// The line's moment has come. Returns when its call ends, if it is one that has.
    fn begin(
        &mut self,
        printing: &mut Printing,
        converter: &mut Converter<'_>,
        complaints: &mut Complaints,
    ) -> Result<Option<i64>, ConvertError> {
        let Dated { line, number, time } = &self.now;
        let Some((prefix, body)) = split(line) else { return Ok(None) };
        let taken = match body {
            Body::Call { name, text } => {
                let task = converter.task_of(&prefix, self.log.task);
                match converter.enter(task, name, text, *time) {
                    Ok(pending) => {
                        let end = self.end_of(text, &pending, printing, converter);
                        self.pending = Some((task, pending));
                        return Ok(Some(end));
                    }
                    Err(malformed) => Err(malformed),
                }
            }
            _ => converter.line(&prefix, &body, self.log.task, *time),
        };
        match taken {
            Ok(()) => Ok(None),
            Err(what) => {
                complaints.add(&self.log.path, *number, what.to_string())?;
                Ok(None)
            }
        }
    }

    /// When the line's call returned.
    fn end_of(
        &self,
        text: &[u8],
        pending: &Pending,
        printing: &mut Printing,
        converter: &Converter<'_>,
    ) -> i64 {
        let lasted = duration(text).unwrap_or(0);
        let earliest = self.now.time.saturating_add(lasted);
        let Some(latest) = self.before_next else { return earliest };
        let room = latest.saturating_sub(earliest);
        if duration(text).is_none() || room <= 0 {
            return earliest;
        }
        printing.learn(text.len(), room);
        // What waited must not end before that for which it did began: better too late.
        if lasted >= WAITED && converter.may_wait(pending) {
            return latest;
        }
        let printed = match converter.is_printed_before(pending) {
            true => printing.time(text.len()),
            false => 0,
        };
        earliest.saturating_add(printed.min(room))
    }

    /// The line's call has returned.
    fn end(
        &mut self,
        converter: &mut Converter<'_>,
        complaints: &mut Complaints,
    ) -> Result<(), ConvertError> {
        let Some((task, mut pending)) = self.pending.take() else { return Ok(()) };
        let Dated { line, number, time } = &self.now;
        let Some((_, Body::Call { text, .. })) = split(line) else { return Ok(()) };
        let time = if *time == i64::MIN { UNKNOWN_TIME } else { *time };
        match converter.leave(task, &mut pending, text, time, false) {
            Ok(()) => Ok(()),
            Err(what) => complaints.add(&self.log.path, *number, what.to_string()),
        }
    }
}
