//! Code 7: a raw LZ4 block, made by looking longer for good matches. It is read like code 6.

use crate::bytes::array;

/// Shortest match that the format can say.
const MIN_MATCH: usize = 4;
/// The block ends with at least this many literals.
const LAST_LITERALS: usize = 5;
/// No match begins closer to the end than this.
const MATCH_LIMIT: usize = 12;
/// Farthest back that a match can reach.
const MAX_DISTANCE: usize = 65_535;
/// log2 of the number of chains.
const TABLE_BITS: u32 = 16;
/// Lengths of this and more go on in further bytes.
const LONG: usize = 15;

/// Compresses into `out`; `None` if that is too short.
pub(super) fn compress(part: &[u8], level: u32, out: &mut [u8]) -> Option<usize> {
    let mut output = Output { out, end: 0 };
    let mut literals = 0;
    if let Some(last) = part.len().checked_sub(MATCH_LIMIT) {
        let mut finder = Finder::new(part, 1 << level.min(9));
        let mut at = 0;
        while at <= last {
            let Some(mut found) = finder.longest(at) else {
                at += 1;
                continue;
            };
            // A literal more is worth it where it buys a longer match.
            while at < last {
                match finder.longest(at + 1) {
                    Some(next) if next.length > found.length + 1 => {
                        at += 1;
                        found = next;
                    }
                    _ => break,
                }
            }
            output.sequence(&part[literals..at], Some(found))?;
            at += found.length;
            literals = at;
        }
    }
    output.sequence(&part[literals..], None)?;
    Some(output.end)
}

#[derive(Clone, Copy)]
struct Match {
    distance: usize,
    length: usize,
}

/// Finds matches by chains of places that begin with the same bytes.
struct Finder<'a> {
    part: &'a [u8],
    attempts: usize,
    /// The last place of each chain, plus one.
    heads: Vec<u32>,
    /// The place before in its chain, plus one, of the last places.
    before: Vec<u32>,
    /// Places up to here are in their chains.
    known: usize,
}

impl<'a> Finder<'a> {
    fn new(part: &'a [u8], attempts: usize) -> Finder<'a> {
        let (heads, before) = (vec![0; 1 << TABLE_BITS], vec![0; MAX_DISTANCE + 1]);
        Finder { part, attempts, heads, before, known: 0 }
    }

    fn head(&mut self, at: usize) -> &mut u32 {
        let word = u32::from_le_bytes(array(self.part, at));
        &mut self.heads[(word.wrapping_mul(0x9e37_79b1) >> (32 - TABLE_BITS)) as usize]
    }

    /// The longest match for the bytes at `at`; places must be asked for in ascending order, and
    /// four bytes must be there.
    fn longest(&mut self, at: usize) -> Option<Match> {
        while self.known < at {
            let place = self.known;
            let head = self.head(place);
            let before = std::mem::replace(head, place as u32 + 1);
            self.before[place & MAX_DISTANCE] = before;
            self.known += 1;
        }
        let mut best = Match { distance: 0, length: MIN_MATCH - 1 };
        let mut candidate = *self.head(at) as usize;
        let target = &self.part[at..self.part.len() - LAST_LITERALS];
        for _ in 0..self.attempts {
            let Some(from) = candidate.checked_sub(1).filter(|from| at - from <= MAX_DISTANCE)
            else {
                break;
            };
            // Only what also agrees one byte further than the best so far can be better.
            if self.part[from + best.length] == self.part[at + best.length] {
                let length = common_length(&self.part[from..], target);
                if length > best.length {
                    best = Match { distance: at - from, length };
                    if length == target.len() {
                        break;
                    }
                }
            }
            candidate = self.before[from & MAX_DISTANCE] as usize;
        }
        (best.length >= MIN_MATCH).then_some(best)
    }
}

fn common_length(a: &[u8], b: &[u8]) -> usize {
    let words = a.chunks_exact(8).zip(b.chunks_exact(8));
    let whole = 8 * words.take_while(|(a, b)| a == b).count();
    whole + a[whole..].iter().zip(&b[whole..]).take_while(|(a, b)| a == b).count()
}

/// Room for the compressed bytes; every step gives `None` once it is used up.
struct Output<'a> {
    out: &'a mut [u8],
    end: usize,
}

impl Output<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        self.out.get_mut(self.end..self.end + bytes.len())?.copy_from_slice(bytes);
        self.end += bytes.len();
        Some(())
    }

    /// Literals, and the match that follows them unless they are the last.
    fn sequence(&mut self, literals: &[u8], found: Option<Match>) -> Option<()> {
        let more = found.map_or(0, |found| found.length - MIN_MATCH);
        let token = (literals.len().min(LONG) << 4 | more.min(LONG)) as u8;
        self.put(&[token])?;
        self.length(literals.len())?;
        self.put(literals)?;
        if let Some(found) = found {
            self.put(&(found.distance as u16).to_le_bytes())?;
            self.length(more)?;
        }
        Some(())
    }

    /// What of a length is more than the token says.
    fn length(&mut self, length: usize) -> Option<()> {
        let Some(mut rest) = length.checked_sub(LONG) else { return Some(()) };
        while rest >= 255 {
            self.put(&[255])?;
            rest -= 255;
        }
        self.put(&[rest as u8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::lz4;

    fn comes_back(plain: &[u8]) -> usize {
        let mut stored = vec![0; plain.len() + plain.len() / 255 + 16];
        let length = compress(plain, 9, &mut stored).expect("there is room");
        let mut out = vec![0; plain.len()];
        let actual = lz4::decompress(&stored[..length], &mut out).expect("it is a good block");
        assert_eq!((actual, &out[..]), (plain.len(), plain));
        length
    }

    #[test]
    fn short_blocks_of_every_length_come_back() {
        for length in 0..100 {
            comes_back(&vec![7; length]);
            comes_back(&(0..length as u8).collect::<Vec<u8>>());
        }
    }

    #[test]
    fn long_runs_and_far_matches_come_back() {
        let mut plain = vec![7; 100_000];
        plain.extend((0..30_000_u32).flat_map(|i| (i * i).to_le_bytes()));
        plain.extend_from_within(160_000..220_000);
        let length = comes_back(&plain);
        assert!(length < 125_000, "{length}");
    }

    #[test]
    fn it_packs_text_tighter_than_the_fast_compressor() {
        let text: Vec<u8> = (0..20_000_u32)
            .flat_map(|i| {
                format!("open /usr/share/{}/{} = {}\n", i % 97, i * 31 % 1009, i % 7).into_bytes()
            })
            .collect();
        let mut fast = vec![0; lz4::max_compressed(text.len())];
        let fast = lz4::compress(&text, &mut fast).unwrap();
        let slow = comes_back(&text);
        assert!(slow < fast * 9 / 10, "{slow} and {fast}");
    }

    #[test]
    fn too_little_room_is_noticed() {
        let plain: Vec<u8> = (0..200_u8).collect();
        assert_eq!(compress(&plain, 9, &mut [0; 150]), None);
    }
}
