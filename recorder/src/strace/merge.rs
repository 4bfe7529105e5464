//! Several logs at once, one per task (`-ff`): their lines are taken in by their times.
//!
//! A call's beginning and its end are two moments. Of two at the same time the end goes first: strace's clock
//! counts microseconds, and what returned has made room for what is called.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::event::UNKNOWN_TIME;
use crate::strace::convert::{Converter, Pending};
use crate::strace::input::Line;
use crate::strace::line::{Body, Stamp, split};
use crate::strace::log::{Complaints, ConvertError, Log, NOT_STRACE};
use crate::strace::result::duration;

/// A log, and the line that is its next.
struct Reader {
    log: Log,
    line: Vec<u8>,
    number: u64,
    time: i64,
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
        .map(|log| Reader { log, line: Vec::new(), number: 0, time: i64::MIN, pending: None })
        .collect();
    let mut moments: BinaryHeap<Moment> = BinaryHeap::new();
    for (place, reader) in readers.iter_mut().enumerate() {
        if reader.advance(converter, complaints)? {
            moments.push(Reverse((reader.time, true, place)));
        }
    }
    while let Some(Reverse((_, is_beginning, place))) = moments.pop() {
        let reader = &mut readers[place];
        if is_beginning && let Some(end) = reader.begin(converter, complaints)? {
            moments.push(Reverse((end, false, place)));
            continue;
        }
        if !is_beginning {
            reader.end(converter, complaints)?;
        }
        if reader.advance(converter, complaints)? {
            moments.push(Reverse((reader.time, true, place)));
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
        let Log { path, lines, clock, .. } = &mut self.log;
        loop {
            self.number = lines.number + 1;
            let line = lines.next().map_err(|error| {
                let path = path.clone();
                ConvertError::Read { path, error }
            })?;
            let line = match line {
                None => return Ok(false),
                Some(Line::TooLong) => {
                    complaints.add(path, self.number, "a line that is too long".to_owned())?;
                    continue;
                }
                Some(Line::Whole(line)) => line,
            };
            let Some((prefix, body)) = split(line) else {
                complaints.add(path, self.number, NOT_STRACE.to_owned())?;
                continue;
            };
            if matches!(body, Body::Aside) {
                continue;
            }
            match prefix.stamp {
                Some(Stamp::Relative(_)) | None if matches!(body, Body::Call { .. }) => {
                    return Err(ConvertError::NoOrder { path: path.clone() });
                }
                Some(stamp) => self.time = clock.time(Some(stamp)),
                None => {}
            }
            let is_call = matches!(body, Body::Call { .. } | Body::Entered { .. });
            let is_of_day = matches!(prefix.stamp, Some(Stamp::Day(_)));
            converter.counts.without_date += u64::from(is_call && is_of_day);
            self.line.clear();
            self.line.extend_from_slice(line);
            return Ok(true);
        }
    }

    /// The line's moment has come. Returns when its call ends, if it is one that has.
    fn begin(
        &mut self,
        converter: &mut Converter<'_>,
        complaints: &mut Complaints,
    ) -> Result<Option<i64>, ConvertError> {
        let Some((prefix, body)) = split(&self.line) else { return Ok(None) };
        let taken = match body {
            Body::Call { name, text } => {
                let task = converter.task_of(&prefix, self.log.task);
                match converter.enter(task, name, text, self.time) {
                    Ok(pending) => {
                        self.pending = Some((task, pending));
                        let lasted = duration(text).unwrap_or(0);
                        return Ok(Some(self.time.saturating_add(lasted)));
                    }
                    Err(malformed) => Err(malformed),
                }
            }
            _ => converter.line(&prefix, &body, self.log.task, self.time),
        };
        match taken {
            Ok(()) => Ok(None),
            Err(what) => {
                complaints.add(&self.log.path, self.number, what.to_string())?;
                Ok(None)
            }
        }
    }

    /// The line's call has returned.
    fn end(
        &mut self,
        converter: &mut Converter<'_>,
        complaints: &mut Complaints,
    ) -> Result<(), ConvertError> {
        let Some((task, mut pending)) = self.pending.take() else { return Ok(()) };
        let Some((_, Body::Call { text, .. })) = split(&self.line) else { return Ok(()) };
        let time = if self.time == i64::MIN { UNKNOWN_TIME } else { self.time };
        match converter.leave(task, &mut pending, text, time, false) {
            Ok(()) => Ok(()),
            Err(what) => complaints.add(&self.log.path, self.number, what.to_string()),
        }
    }
}
