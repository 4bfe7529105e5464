//! Takes records out of the rings and events from the tracer, and hands them on in the order of their ids.
//!
//! A record's id is taken before the record is there to be seen, so that of two threads the later id may
//! be seen first. Each thread says beforehand that it is about to take one (`area::BOUND`); what is below
//! all such bounds, and below the counter as it was before they were read, is complete.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use super::clock::Clock;
use super::shared::Shared;
use super::table::Layout;
use super::x86_64::hook::{self, area, record};
use crate::event::{Batch, Blob, CallEvent, Event};
use crate::pipeline::Producer;
use crate::snapshot::ContentEvent;

/// Most bytes that are taken out of one ring before the next one's turn.
const TURN: u64 = 1 << 20;

/// How long the merger sleeps when there is something to do now and then.
const SHORT: Duration = Duration::from_micros(500);
/// How long when there isn't.
const LONG: Duration = Duration::from_millis(20);

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Calls that came through rings.
    pub calls: u64,
    /// How often the program damaged a ring: what was in it is lost.
    pub damaged: u64,
}

/// The thread that merges.
#[derive(Debug)]
pub struct Merger {
    thread: JoinHandle<Merged>,
}

impl Merger {
    /// Starts it: events go to `producer`.
    ///
    /// # Errors
    /// There are no more threads.
    pub fn start(
        shared: Arc<Shared>,
        layouts: Vec<Option<Layout>>,
        fetches: Vec<usize>,
        producer: Producer,
    ) -> std::io::Result<Self> {
        let merge = Merge {
            shared,
            layouts,
            fetches,
            producer,
            events: Vec::new(),
            memory: Batch::default(),
            counted: 1,
            merged: Merged::default(),
        };
        let thread =
            std::thread::Builder::new().name("merger".into()).spawn(move || merge.run())?;
        Ok(Self { thread })
    }

    /// Waits until all is merged; the tracer is done.
    pub fn join(self) -> Merged {
        self.thread.join().expect("the merger's own invariants hold")
    }
}

/// An event with the id that gives it its place, and its memory in [`Merge::memory`].
#[derive(Debug)]
struct Waiting {
    id: u64,
    event: Event,
}

struct Merge {
    shared: Arc<Shared>,
    layouts: Vec<Option<Layout>>,
    /// How many fetches each plan has.
    fetches: Vec<usize>,
    producer: Producer,
    events: Vec<Waiting>,
    /// Blobs and bytes of the events that wait.
    memory: Batch,
    /// The counter as it was last seen.
    counted: u64,
    merged: Merged,
}

impl Merge {
    fn run(mut self) -> Merged {
        let mut idle = SHORT;
        loop {
            let finished = self.shared.is_finished();
            let (moved, complete) = self.round(finished);
            if finished && complete {
                break;
            }
            idle = if moved { SHORT } else { (idle * 2).min(LONG) };
            if complete {
                self.shared.sleep(idle);
            }
        }
        self.producer.finish();
        self.merged
    }

    /// Whether anything was there, and whether that was all.
    fn round(&mut self, finished: bool) -> (bool, bool) {
        // In this order: see above.
        let mut below = self.count();
        below = below.min(self.shared.bound());
        let (live, closing) = self.shared.areas();
        for (number, _) in &live {
            if !closing.contains(number) {
                below = below.min(self.shared.arena.area(*number).get(area::BOUND));
            }
        }
        let mut complete = true;
        let mut moved = false;
        let shared = self.shared.clone();
        let clock = shared.clock();
        for (number, task) in &live {
            let before = self.merged.calls;
            let next = self.drain(*number, *task, &clock);
            moved |= self.merged.calls != before;
            if let Some(next) = next {
                complete = false;
                below = below.min(next);
            } else if closing.contains(number) {
                shared.free(*number);
            }
        }
        drop(clock);
        if moved {
            shared.made_room();
        }
        for batch in shared.take_events() {
            moved = true;
            self.add(batch);
        }
        self.hand_on(if finished && complete { u64::MAX } else { below });
        (moved, complete)
    }

    /// The counter; it never goes back, whatever the program does to it.
    fn count(&mut self) -> u64 {
        let counter = self.shared.arena.counter();
        self.counted = self.counted.max(counter.load(Ordering::SeqCst));
        if self.counted > i64::MAX as u64 / 2 {
            self.counted = i64::MAX as u64 / 2;
        }
        counter.fetch_max(self.counted, Ordering::SeqCst);
        self.counted
    }

    /// Takes records out of the ring of area `number`, and returns the id of the next one if there are more.
    fn drain(&mut self, number: u32, task: i32, clock: &Clock) -> Option<u64> {
        let shared = self.shared.clone();
        let ring = shared.arena.area(number);
        let (head, tail) = (ring.get(area::HEAD), ring.get(area::TAIL));
        let mut at = tail;
        let mut next = None;
        while at != head {
            if at.wrapping_sub(tail) >= TURN {
                // Its id, which is checked when its turn comes.
                let wraps = ring.get(hook::RING + at % hook::RING_SIZE) == record::WRAP;
                let place = if wraps { 0 } else { at % hook::RING_SIZE };
                next = Some(ring.get(hook::RING + (place + 8 * 3) % hook::RING_SIZE));
                break;
            }
            match self.take(number, task, clock, at, head) {
                Some(size) => at = at.wrapping_add(size),
                None => {
                    // Nothing in it can be believed; what comes now may be sound again.
                    self.merged.damaged += 1;
                    at = head;
                    break;
                }
            }
        }
        ring.word(area::TAIL).store(at, Ordering::SeqCst);
        next
    }

    /// Takes the record at `at`, and returns its size; none if it can't be one.
    fn take(&mut self, number: u32, task: i32, clock: &Clock, at: u64, head: u64) -> Option<u64> {
        const HEADER: u64 = 8 * record::HEADER_WORDS as u64;
        let shared = self.shared.clone();
        let ring = shared.arena.area(number);
        let used = head.wrapping_sub(at);
        let place = at % hook::RING_SIZE;
        if used > hook::RING_SIZE || !at.is_multiple_of(8) || !head.is_multiple_of(8) {
            return None;
        }
        let size = ring.get(hook::RING + place);
        let contiguous = hook::RING_SIZE - place;
        if size == record::WRAP {
            return (contiguous <= used).then_some(contiguous);
        }
        let is_sound = (HEADER..=used.min(contiguous)).contains(&size) && size.is_multiple_of(8);
        if !is_sound || size > hook::LARGEST_RECORD {
            return None;
        }
        let mut words = [0; record::HEADER_WORDS - 1];
        for (word, at) in words.iter_mut().zip(1..) {
            *word = ring.get(hook::RING + place + 8 * at);
        }
        let [call, called_id, returned_id, time_called, time_returned, result, arguments @ ..] =
            words;
        let layout = self.layouts.get(usize::try_from(call).ok()?)?.as_ref()?;
        // The programs' threads take ids from the counter all the time: it is left alone as long as it can be.
        if returned_id >= self.counted {
            self.counted = self.counted.max(shared.arena.counter().load(Ordering::SeqCst));
        }
        if called_id >= returned_id || returned_id >= self.counted {
            return None;
        }
        let start = self.memory.bytes.len();
        ring.copy(place + HEADER, size - HEADER, &mut self.memory.bytes);
        let first = self.memory.blobs.len();
        self.memory.blobs.resize(first + self.fetches[layout.plan], Blob::Absent);
        let mut rest = start..self.memory.bytes.len();
        for fetch in layout.early.iter().chain(&layout.late) {
            let length = u64::from_ne_bytes(*self.memory.bytes.get(rest.clone())?.first_chunk()?);
            rest.start += 8;
            // A fetch that was left for later comes again.
            if [record::ABSENT, record::DEFERRED].contains(&length) {
                continue;
            }
            let length = usize::try_from(length).ok().filter(|length| *length <= rest.len())?;
            let copied = rest.start..rest.start + length;
            rest.start += length.next_multiple_of(8).min(rest.len());
            let copied = match layout.vectors.contains(fetch) {
                true => vectors(&mut self.memory.bytes, copied)?,
                false => copied,
            };
            self.memory.blobs[first + fetch] = Blob::Copied(copied);
        }
        self.merged.calls += 1;
        self.events.push(Waiting {
            id: returned_id,
            event: Event::Call(CallEvent {
                plan: layout.plan,
                number: call as u32,
                task,
                called_id: called_id as i64,
                returned_id: returned_id as i64,
                time_called: clock.time(time_called),
                time_returned: clock.time(time_returned),
                arguments,
                returned: Some(returned(result as i64)),
                blobs: first..self.memory.blobs.len(),
            }),
        });
        Some(size)
    }

    /// Adds what the tracer saw.
    fn add(&mut self, batch: Batch) {
        for event in batch.events {
            let id = match &event {
                Event::Entered { called_id } | Event::Abandoned { called_id } => *called_id,
                Event::Call(call) => call.returned_id,
                Event::Task(task) => task.last_id,
                Event::File(file) => file.first_id,
                // After all that has happened; the program may make no call any more.
                Event::Dump(_) => self.counted as i64 - 1,
                // A content stands for itself, and is too much to wait.
                Event::Content(_) => 0,
            };
            let event = moved(event, &batch.blobs, &batch.bytes, &mut self.memory);
            self.events.push(Waiting { id: id.max(0) as u64, event });
        }
    }

    /// Hands on what is below `below`.
    fn hand_on(&mut self, below: u64) {
        self.events.sort_by_key(|waiting| waiting.id);
        let count = self.events.partition_point(|waiting| waiting.id < below);
        if count == 0 {
            return;
        }
        // Those that have to wait take their memory with them.
        let mut memory = Batch::default();
        let later = self.events.split_off(count).into_iter().map(|Waiting { id, event }| {
            let event = moved(event, &self.memory.blobs, &self.memory.bytes, &mut memory);
            Waiting { id, event }
        });
        let later: Vec<_> = later.collect();
        let now = std::mem::replace(&mut self.events, later);
        let mut ready = std::mem::replace(&mut self.memory, memory);
        ready.events.extend(now.into_iter().map(|waiting| waiting.event));
        self.producer.send_batch(ready);
    }
}

/// `event`, with its memory moved from `blobs` and `bytes` to the end of `memory`.
fn moved(event: Event, blobs: &[Blob], bytes: &[u8], memory: &mut Batch) -> Event {
    match event {
        Event::Call(call) => Event::Call(copy(&call, blobs, bytes, memory)),
        Event::Content(content) => {
            let start = memory.bytes.len();
            memory.bytes.extend_from_slice(&bytes[content.bytes]);
            Event::Content(ContentEvent { bytes: start..memory.bytes.len(), ..content })
        }
        other => other,
    }
}

/// The same for a call.
fn copy(call: &CallEvent, blobs: &[Blob], bytes: &[u8], memory: &mut Batch) -> CallEvent {
    let first = memory.blobs.len();
    let mut moved = |range: &Range<usize>| {
        let start = memory.bytes.len();
        memory.bytes.extend_from_slice(&bytes[range.clone()]);
        start..memory.bytes.len()
    };
    let moved: Vec<_> = blobs[call.blobs.clone()]
        .iter()
        .map(|blob| match blob {
            Blob::Absent => Blob::Absent,
            Blob::Copied(range) => Blob::Copied(moved(range)),
            Blob::Failed(range) => Blob::Failed(moved(range)),
        })
        .collect();
    memory.blobs.extend(moved);
    CallEvent { blobs: first..memory.blobs.len(), ..call.clone() }
}

/// I/O vectors as the hook copied them, in the range `copied` of `bytes`, as items at its end; none if they
/// can't be any.
fn vectors(bytes: &mut Vec<u8>, copied: Range<usize>) -> Option<Range<usize>> {
    let array = copied.start + 8;
    let size = u64::from_ne_bytes(*bytes.get(copied.clone())?.first_chunk()?);
    let size = usize::try_from(size).ok().filter(|size| *size <= copied.end - array)?;
    let mut data = array + size..copied.end;
    let start = bytes.len();
    for at in (array..data.start).step_by(16) {
        let word = |at: usize| Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
        let (base, length) = (word(at)?, word(at + 8)?);
        let here = usize::try_from(length).unwrap_or(usize::MAX).min(data.len());
        for word in [base, length, here as u64] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend_from_within(data.start..data.start + here);
        data.start += here;
    }
    Some(start..bytes.len())
}

/// Return value and errno of a result as the kernel gives it.
pub fn returned(result: i64) -> (i64, i32) {
    if (-4095..0).contains(&result) { (-1, -result as i32) } else { (result, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replay_schema::Elements;

    fn copied(size: u64, array: &[(u64, u64)], data: &[u8]) -> Vec<u8> {
        let words = array.iter().flat_map(|(base, length)| [*base, *length]);
        let mut bytes: Vec<u8> =
            std::iter::once(size).chain(words).flat_map(u64::to_ne_bytes).collect();
        bytes.extend(data);
        bytes
    }

    #[test]
    fn vectors_become_items_as_far_as_their_bytes_go() {
        let mut bytes = copied(48, &[(0x10, 3), (0x20, 0), (0x30, 9)], b"abcde");
        let copied = 0..bytes.len();
        let range = vectors(&mut bytes, copied).expect("they are some");
        let items: Vec<_> = Elements::new(&bytes[range], 0)
            .map(|item| (item.address, item.length, item.bytes.map(<[u8]>::to_vec)))
            .collect();
        let expected = [(0x10, 3, &b"abc"[..]), (0x20, 0, b""), (0x30, 9, b"de")];
        assert_eq!(items, expected.map(|(a, l, bytes)| (a, l, Some(bytes.to_vec()))));
    }

    #[test]
    fn what_a_program_wrote_in_place_of_vectors_is_no_harm() {
        for size in [1, 15, 17, 4096, u64::MAX] {
            let mut bytes = copied(size, &[(0, u64::MAX)], b"abc");
            let all = 0..bytes.len();
            if let Some(range) = vectors(&mut bytes, all) {
                assert!(range.end == bytes.len() && range.len() < 100, "{size}");
            }
        }
        assert_eq!(vectors(&mut vec![0; 7], 0..7), None);
    }
}
