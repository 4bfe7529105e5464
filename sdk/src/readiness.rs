//! Calls that wait for one of several descriptors to be ready, where a replay has a network.
//!
//! A replay waits for what was ready when the call was recorded, and never long: what else is ready is up to the
//! moment. Where something that was ready isn't, the call counts as one that depends on it.

use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use libc::{POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, c_short, epoll_event, pollfd};

use crate::declare::{Size, items_filled};
use crate::{Errno, Fd, Process, Replayed, Skip, sys};

/// How long is waited for what somebody was asked to do.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long nothing is done where something else is ready meanwhile.
const PAUSE: Duration = Duration::from_micros(200);

/// What tells that a descriptor is to be read: data, a visitor, or the end.
const TO_READ: c_short = POLLIN | POLLRDHUP | POLLHUP | POLLERR;

/// The events that a replay looks for; epoll(7) has the same numbers.
const EVENTS: c_short = TO_READ | POLLOUT;

/// What the kernel fills in of events that epoll_wait(2) and its kin tell, by how many they are.
pub const EPOLL_EVENTS: &[Size] = &items_filled(size_of::<epoll_event>() as u32);

/// Descriptors in an array, or events, that are looked at at the most.
const MOST: usize = 1024;

/// A descriptor that a call waits for: which events it is asked for, and which came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    /// The descriptor.
    pub traced: Fd,
    /// What was asked for; see poll(2).
    pub asked: c_short,
    /// What came.
    pub came: c_short,
}

/// The descriptors in `array`, one of `struct pollfd` as the kernel left it.
pub fn of_array(array: &[u8]) -> impl Iterator<Item = Waited> + '_ {
    array.as_chunks::<8>().0.iter().map(|entry| {
        let [a, b, c, d, e, f, g, h] = *entry;
        Waited {
            traced: Fd(i32::from_ne_bytes([a, b, c, d])),
            asked: c_short::from_ne_bytes([e, f]),
            came: c_short::from_ne_bytes([g, h]),
        }
    })
}

/// The descriptors in sets of the first 64 that select(2) is given, to be read and to be written, and what it left
/// of those.
pub fn of_sets(asked: [Option<i64>; 2], came: [Option<i64>; 2]) -> impl Iterator<Item = Waited> {
    let has = |set: Option<i64>, number: i32| set.unwrap_or(0) >> number & 1 != 0;
    let events = move |[to_read, to_write]: [Option<i64>; 2], number| {
        let if_in = |set, event| if has(set, number) { event } else { 0 };
        if_in(to_read, POLLIN) | if_in(to_write, POLLOUT)
    };
    (0..64)
        .map(move |number| Waited {
            traced: Fd(number),
            asked: events(asked, number),
            came: events(came, number),
        })
        .filter(|waited| waited.asked != 0)
}

/// Whether there is something to read from `open`, or is within `patience` milliseconds.
pub fn is_readable(open: RawFd, patience: i32) -> bool {
    let mut poll = pollfd { fd: open, events: POLLIN, revents: 0 };
    // SAFETY: the kernel reads and writes the one structure that it is told of.
    unsafe { libc::poll(&raw mut poll, 1, patience) > 0 && poll.revents & POLLIN != 0 }
}

/// What is still missing of what was ready.
struct Missing<T> {
    /// What may come by itself, or was there already.
    others: Vec<T>,
    /// What somebody was asked for.
    asked_for: Vec<T>,
}

impl<T: Copy> Missing<T> {
    fn new() -> Self {
        Self { others: Vec::new(), asked_for: Vec::new() }
    }

    fn add(&mut self, one: T, is_asked_for: bool) {
        if is_asked_for { &mut self.asked_for } else { &mut self.others }.push(one);
    }

    fn is_empty(&self) -> bool {
        self.others.is_empty() && self.asked_for.is_empty()
    }

    /// Looks again and again, until nothing is missing that somebody was asked for, or it takes too long. `look`
    /// waits so many milliseconds for anything, and says what is ready by telling which of those missing are.
    fn look(
        &mut self,
        mut look: impl FnMut(i32) -> Result<Vec<T>, Errno>,
        is_same: impl Fn(&T, &T) -> bool,
    ) -> Result<(), Errno> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let patience = if self.asked_for.is_empty() { 0 } else { left.as_millis() as i32 };
            let ready = look(patience)?;
            let is_missing = |one: &T| !ready.iter().any(|ready| is_same(one, ready));
            self.others.retain(is_missing);
            self.asked_for.retain(is_missing);
            if self.asked_for.is_empty() || left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// The outcome of a call of which nothing is missing.
fn settled(process: &Process<'_>, is_as_recorded: bool) -> Replayed {
    match process.recorded().outcome() {
        Ok(ready) if is_as_recorded => Ok(Ok(ready)),
        _ => Err(Skip::TIMING),
    }
}

impl Process<'_> {
    /// Makes a call again that waits for `all`, by poll(2) whichever it was.
    ///
    /// # Errors
    /// There is no network; none of the descriptors is a real one; the call failed, or what was ready isn't.
    pub fn poll_again(&mut self, all: impl Iterator<Item = Waited>) -> Replayed {
        if !self.has_network() || !self.recorded().succeeded() {
            return Err(Skip::SIMULATED);
        }
        let (mut polls, mut missing) = (Vec::new(), Missing::new());
        let mut skipped = None;
        for Waited { traced, asked, came } in all.take(MOST).filter(|waited| waited.traced.0 >= 0) {
            match self.fd(traced) {
                Ok(fd) => {
                    let is_asked_for = came & TO_READ != 0 && self.bring(traced, fd);
                    if came != 0 {
                        missing.add((fd, came & EVENTS), is_asked_for);
                    }
                    polls.push(pollfd { fd, events: asked, revents: 0 });
                }
                // What isn't there won't be ready.
                Err(skip) if came != 0 => return Err(skip),
                Err(skip) => skipped = Some(skip),
            }
        }
        if let Some(skip) = skipped.filter(|_| polls.is_empty()) {
            return Err(skip);
        }
        let mut seen = 0;
        let looked = missing.look(
            |patience| {
                // SAFETY: the kernel reads and writes as many structures as it is told of.
                let ready = unsafe { libc::poll(polls.as_mut_ptr(), polls.len() as u64, patience) };
                if ready < 0 {
                    return Err(last_error());
                }
                seen = ready;
                Ok(polls.iter().map(|poll| (poll.fd, poll.revents)).collect())
            },
            |(fd, came), (ready, revents)| fd == ready && revents & came != 0,
        );
        if let Err(error) = looked {
            return Ok(Err(error));
        }
        let is_as_recorded = self.recorded().return_value > 0 || seen == 0;
        settled(self, is_as_recorded && missing.is_empty())
    }

    /// What stands for the events that `epoll` tells of with `data`, if it is known.
    fn watched(&mut self, epoll: Fd, data: u64) -> Option<Fd> {
        let key = self.watch_key(epoll, data)?;
        let traced = self.recall(&key)?;
        Some(Fd(i32::from_ne_bytes(*traced.first_chunk()?)))
    }

    fn watch_key(&mut self, epoll: Fd, data: u64) -> Option<Vec<u8>> {
        let [number, ..] = *self.note(epoll)?;
        Some([&b"epoll"[..], &number.to_ne_bytes(), &data.to_ne_bytes()].concat())
    }

    /// The descriptor that the call returned is a new epoll(7) instance's.
    pub fn begin_watch(&mut self) {
        let (number, epoll) = (self.unique_id() as u64, self.recorded().return_value as i32);
        if let Some(note) = self.note(Fd(epoll)) {
            note[0] = number;
        }
    }

    /// `epoll` tells of what happens to `traced` with `data`.
    pub fn watch(&mut self, epoll: Fd, traced: Fd, data: u64) {
        if let Some(key) = self.watch_key(epoll, data) {
            self.remember(&key, &traced.0.to_ne_bytes());
        }
    }

    /// Makes a call again that waits for events of `epoll`, by epoll_wait(2) whichever it was; `events` are those
    /// that came, an array of `struct epoll_event`.
    ///
    /// # Errors
    /// As [`Self::poll_again`].
    pub fn epoll_again(&mut self, epoll: Fd, events: Option<&[u8]>) -> Replayed {
        if !self.has_network() || !self.recorded().succeeded() {
            return Err(Skip::SIMULATED);
        }
        let fd = self.fd(epoll)?;
        let array = events.unwrap_or_default().chunks_exact(size_of::<epoll_event>());
        let mut missing = Missing::new();
        for event in array.take(MOST) {
            let data = &event[std::mem::offset_of!(epoll_event, u64)..];
            let came = c_short::from_ne_bytes([event[0], event[1]]) & EVENTS;
            let data = data.first_chunk().map_or(0, |data| u64::from_ne_bytes(*data));
            let is_asked_for = came & TO_READ != 0
                && self.watched(epoll, data).is_some_and(|traced| {
                    self.fd(traced).is_ok_and(|open| self.bring(traced, open))
                });
            missing.add((data, came), is_asked_for);
        }
        let mut seen = 0;
        let mut room = [epoll_event { events: 0, u64: 0 }; 64];
        let looked = missing.look(
            |patience| {
                let words = [fd as usize, room.as_mut_ptr() as usize, 64, patience as usize, 0, 0];
                // SAFETY: there is room for so many events, and no mask of signals.
                seen = unsafe { sys::call(libc::SYS_epoll_pwait, words) }?;
                let ready = room.iter().take(seen as usize);
                Ok(ready.map(|event| (event.u64, event.events as c_short)).collect())
            },
            |(data, came), (ready, events)| data == ready && events & came != 0,
        );
        if let Err(error) = looked {
            return Ok(Err(error));
        }
        let is_as_recorded = self.recorded().return_value > 0 || seen == 0;
        settled(self, is_as_recorded && missing.is_empty())
    }
}

fn last_error() -> Errno {
    // SAFETY: the location is this thread's own and always valid.
    Errno(unsafe { *libc::__errno_location() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_found_in_arrays_and_sets() {
        let array =
            [3i32.to_ne_bytes(), [1, 0, 0, 0], (-1i32).to_ne_bytes(), [4, 0, 4, 0]].concat();
        let waited = |traced, asked, came| Waited { traced: Fd(traced), asked, came };
        assert_eq!(
            of_array(&array).collect::<Vec<_>>(),
            [waited(3, POLLIN, 0), waited(-1, POLLOUT, POLLOUT)]
        );
        let sets = of_sets([Some(0b1010), Some(i64::MIN)], [Some(0b1000), None]);
        assert_eq!(
            sets.collect::<Vec<_>>(),
            [waited(1, POLLIN, 0), waited(3, POLLIN, POLLIN), waited(63, POLLOUT, 0)]
        );
    }
}
