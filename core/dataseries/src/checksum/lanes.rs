//! The hash over unpacked bytes, of several extents side by side.
//!
//! Each step of a hash waits for the one before it, so a processor that makes one hash at a time
//! mostly waits. The hashes of different extents don't depend on each other: eight of them, step by
//! step together, fill its vector units and take little more time than one.

use super::GOLDEN;
use super::LENGTH_BATCH;
use super::UNPACKED_SEED;
use super::last;
use super::mix;
use crate::bytes::array;
use crate::header::ByteOrder;
use crate::pool;
use crate::pool::BadPool;

/// Hashes that are made side by side.
const LANES: usize = 8;
/// Bytes that go into one mix.
const GROUP: usize = 12;
/// Groups of each lane that are laid out at a time.
const BLOCK: usize = 32;

/// A word of each lane.
type Words = [u32; LANES];

/// The unpacked parts of an extent, in file order.
#[derive(Debug)]
pub(crate) struct Subject<'p> {
    pub fixed: &'p [u8],
    pub variable: &'p [u8],
    /// The length words of the variable part; see [`lengths`].
    pub lengths: &'p [u8],
}

/// The length words of a variable part.
///
/// # Errors
/// Its entries do not fill it exactly.
pub(crate) fn lengths(variable: &[u8], order: ByteOrder) -> Result<Vec<u8>, BadPool> {
    let mut lengths = Vec::new();
    pool::walk(variable, order, |word| lengths.extend_from_slice(&variable[word..word + 4]))?;
    Ok(lengths)
}

impl Subject<'_> {
    /// What is hashed, one after the other. The last round happens even with nothing left for it.
    fn piece(&self, number: usize) -> Option<&[u8]> {
        const BATCH: usize = 4 * LENGTH_BATCH;
        match number {
            0 => Some(self.fixed),
            1 => Some(self.variable),
            batch => {
                let rest = self.lengths.get((batch - 2) * BATCH..)?;
                Some(&rest[..rest.len().min(BATCH)])
            }
        }
    }
}

/// One of the hashes that are being made.
struct Lane<'s> {
    subject: &'s Subject<'s>,
    /// Where the result belongs.
    result: usize,
    piece: usize,
    length: usize,
    rest: &'s [u8],
}

impl<'s> Lane<'s> {
    fn begin(subject: &'s Subject<'s>, result: usize, piece: usize) -> Option<Lane<'s>> {
        let rest = subject.piece(piece)?;
        Some(Lane { subject, result, piece, length: rest.len(), rest })
    }
}

/// The hashes over the parts of each subject (FORMAT.md §5.3).
pub(crate) fn unpacked_each(subjects: &[Subject<'_>]) -> Vec<u32> {
    let mut results = vec![0; subjects.len()];
    let mut waiting = subjects.iter().enumerate();
    let mut lanes: [Option<Lane<'_>>; LANES] = [const { None }; LANES];
    let mut state = [[0; LANES]; 3];
    let mut words = [[[0; LANES]; 3]; BLOCK];
    loop {
        let mut groups = usize::MAX;
        for (number, place) in lanes.iter_mut().enumerate() {
            // A piece without a whole group left is done; the next one goes on from its hash.
            while place.as_ref().is_none_or(|lane| lane.rest.len() < GROUP) {
                *place = match place.take() {
                    Some(lane) => {
                        let [a, b, c] = state.map(|word| word[number]);
                        let hash = last(a, b, c, lane.rest, lane.length);
                        start(&mut state, number, hash);
                        results[lane.result] = hash;
                        Lane::begin(lane.subject, lane.result, lane.piece + 1)
                    }
                    None => {
                        let Some((result, subject)) = waiting.next() else { break };
                        start(&mut state, number, UNPACKED_SEED);
                        Lane::begin(subject, result, 0)
                    }
                };
            }
            groups = place.as_ref().map_or(groups, |lane| groups.min(lane.rest.len() / GROUP));
        }
        if groups == usize::MAX {
            return results;
        }
        while groups > 0 {
            let block = groups.min(BLOCK);
            lay_out(&mut lanes, &mut words[..block]);
            mix_each(&mut state, &words[..block]);
            groups -= block;
        }
    }
}

/// Begins a hash in lane `number`.
fn start(state: &mut [Words; 3], number: usize, seed: u32) {
    for (word, value) in state.iter_mut().zip([GOLDEN, GOLDEN, seed]) {
        word[number] = value;
    }
}

/// Takes groups from each lane, word beside word. Where there is no lane the words are of no use.
fn lay_out(lanes: &mut [Option<Lane<'_>>; LANES], words: &mut [[Words; 3]]) {
    for (number, lane) in lanes.iter_mut().enumerate() {
        let Some(lane) = lane else { continue };
        let (now, rest) = lane.rest.split_at(words.len() * GROUP);
        for (words, group) in words.iter_mut().zip(now.chunks_exact(GROUP)) {
            for (at, word) in words.iter_mut().enumerate() {
                word[number] = u32::from_le_bytes(array(group, 4 * at));
            }
        }
        lane.rest = rest;
    }
}

/// Mixes groups into each lane's state. The compiler makes vector instructions of it.
fn mix_each(state: &mut [Words; 3], words: &[[Words; 3]]) {
    let [mut a, mut b, mut c] = *state;
    for [first, second, third] in words {
        for lane in 0..LANES {
            (a[lane], b[lane], c[lane]) = mix(
                a[lane].wrapping_add(first[lane]),
                b[lane].wrapping_add(second[lane]),
                c[lane].wrapping_add(third[lane]),
            );
        }
    }
    *state = [a, b, c];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::unpacked;

    /// A variable part with `entries` of all lengths.
    fn strings(entries: usize) -> Vec<u8> {
        let mut pool = vec![0; 4];
        for entry in 1..=entries {
            pool::append(&mut pool, &vec![entry as u8; entry % 40 + 1]);
        }
        pool
    }

    #[test]
    fn hashes_made_side_by_side_are_those_made_alone() {
        // Fewer and more than there are lanes; empty, uneven and much longer ones among them.
        for count in [0, 1, 7, 8, 9, 30] {
            let parts: Vec<_> = (0..count)
                .map(|n| {
                    let fixed: Vec<u8> =
                        (0..n * n * 37 % 9000).map(|at| (at * 7 + n) as u8).collect();
                    (fixed, strings([0, 3, 1024, 5, 2048, 1500][n % 6]))
                })
                .collect();
            let order = ByteOrder::HOST;
            let words: Vec<_> =
                parts.iter().map(|(_, pool)| lengths(pool, order).unwrap()).collect();
            let subjects: Vec<_> = parts
                .iter()
                .zip(&words)
                .map(|((fixed, variable), lengths)| Subject { fixed, variable, lengths })
                .collect();
            let alone: Vec<_> =
                parts.iter().map(|(fixed, pool)| unpacked(fixed, pool, order).unwrap()).collect();
            assert_eq!(unpacked_each(&subjects), alone, "{count}");
        }
    }
}
