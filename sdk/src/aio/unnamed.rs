//! Requests of whose addresses a trace doesn't tell, since what it was made of showed none. They are given names
//! of ours, and an outcome is taken to be of the first of them that came to the same result.

use libc::EAGAIN;

use super::Submitted;
use crate::{Errno, Process};

/// A request that was submitted and of which nothing was heard.
#[derive(Clone, Copy)]
struct Open {
    context: u64,
    name: i64,
}

/// Them, in the order in which they were submitted.
#[derive(Default)]
struct Unnamed {
    /// The name that was given last; no address is negative.
    last: i64,
    open: Vec<Open>,
}

impl Unnamed {
    fn of(words: &[u8]) -> Self {
        let mut words = words.chunks_exact(8).filter_map(<[u8]>::first_chunk);
        let mut next = || words.next().map(|word| i64::from_ne_bytes(*word));
        let last = next().unwrap_or(0);
        let mut open = Vec::new();
        while let (Some(context), Some(name)) = (next(), next()) {
            open.push(Open { context: context as u64, name });
        }
        Self { last, open }
    }

    fn words(&self) -> Vec<u8> {
        let open = self.open.iter().flat_map(|open| [open.context as i64, open.name]);
        [self.last].into_iter().chain(open).flat_map(i64::to_ne_bytes).collect()
    }
}

impl Process<'_> {
    fn unnamed_key(&self) -> Vec<u8> {
        format!("aio unnamed {}", self.memory_number()).into_bytes()
    }

    fn unnamed(&mut self) -> Unnamed {
        let key = self.unnamed_key();
        self.recall(&key).map(Unnamed::of).unwrap_or_default()
    }

    fn keep_unnamed(&mut self, unnamed: &Unnamed) {
        let key = self.unnamed_key();
        self.remember(&key, &unnamed.words());
    }

    /// A name for the next request to `context`.
    pub(super) fn name_request(&mut self, context: u64) -> i64 {
        let mut unnamed = self.unnamed();
        unnamed.last -= 1;
        let name = unnamed.last;
        unnamed.open.push(Open { context, name });
        self.keep_unnamed(&unnamed);
        name
    }

    /// The name of the request that the one at `address` is, which came to `result`.
    ///
    /// # Errors
    /// The kernel's, when those that could be it are waited for.
    pub(super) fn named_request(
        &mut self,
        context: u64,
        address: i64,
        result: Option<i64>,
    ) -> Result<i64, Errno> {
        let key = self.request_key(address);
        if self.recall(&key).is_some() {
            return Ok(address);
        }
        let mut unnamed = self.unnamed();
        let (mut first, mut same) = (None, None);
        for (place, open) in unnamed.open.iter().enumerate() {
            if open.context != context {
                continue;
            }
            first = first.or(Some(place));
            if result.is_some() && self.result_of(context, open.name)? == result {
                same = Some(place);
                break;
            }
        }
        let Some(place) = same.or(first) else { return Ok(address) };
        let Open { name, .. } = unnamed.open.remove(place);
        self.keep_unnamed(&unnamed);
        Ok(name)
    }

    /// What came of the request of that name; none if it was never submitted.
    fn result_of(&mut self, context: u64, name: i64) -> Result<Option<i64>, Errno> {
        let key = self.request_key(name);
        loop {
            match self.recall(&key).and_then(Submitted::of) {
                None => return Ok(None),
                Some(Submitted { is_done: true, result, .. }) => return Ok(Some(result)),
                Some(_) => self.collect(context)?,
            }
        }
    }

    /// Makes room in `context`, which refused a request with `error`: the program took outcomes without a call,
    /// and nothing tells which. Says whether to try again.
    pub(super) fn makes_room(&mut self, context: u64, error: Errno) -> bool {
        if error != Errno(EAGAIN) {
            return false;
        }
        let unnamed = self.unnamed();
        // The last is the one that was refused.
        let mut open = unnamed.open.iter().filter(|open| open.context == context);
        let oldest = open.next().map(|open| open.name);
        oldest.is_some_and(|name| name != unnamed.last && self.give_up(context, name))
    }

    /// Waits for the request of that name, of which nobody will ask.
    fn give_up(&mut self, context: u64, name: i64) -> bool {
        let is_done = self.reap(context, name).is_ok();
        self.forget_name(name);
        is_done
    }

    /// Nobody will ask for the request of that name.
    pub(super) fn forget_name(&mut self, name: i64) {
        let mut unnamed = self.unnamed();
        unnamed.open.retain(|open| open.name != name);
        self.keep_unnamed(&unnamed);
    }
}
