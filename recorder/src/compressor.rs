//! How extents are compressed: always with one codec, or as well as there is time for.
//!
//! A program that calls faster than its data can be compressed has to wait for the recorder, and what
//! is recorded isn't the program as it was. So with [`Choice::Auto`] extents that pile up are written in
//! the way that has taken less time of late, which depends on the data and on the disk: compressed, or
//! as they are. Each extent says in its prefix what it is; readers see no difference.

use std::str::FromStr;
use std::time::{Duration, Instant};

use dataseries::{Codec, Compression, Packed, UnknownCodec};

/// Which codec extents get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// lz4, but where the recorder falls behind whichever of lz4 and none is faster.
    #[default]
    Auto,
    /// This one.
    Always(Codec),
}

impl FromStr for Choice {
    type Err = UnknownCodec;

    fn from_str(name: &str) -> Result<Self, UnknownCodec> {
        if name == "auto" { Ok(Self::Auto) } else { name.parse().map(Self::Always) }
    }
}

/// After so many waves in haste the slower way is tried anew.
const RETRY: u32 = 64;

/// A way that takes more than this of what the other one takes isn't clearly faster: a busy machine makes such
/// differences by itself, and what is compressed is smaller.
const CLEARLY: f64 = 0.75;

/// What becomes smaller than this of itself is compressed in any case: that is fast, and there is little to write.
const LITTLE: f64 = 0.125;

/// Compresses extents, wave by wave.
#[derive(Debug)]
pub struct Compressor {
    usual: Compression,
    /// How it is done in haste, if there is a choice.
    hasty: Option<Hasty>,
}

/// Two ways, and what they cost of late.
#[derive(Debug)]
struct Hasty {
    plain: Compression,
    /// Nanoseconds per byte: compressed, and as it is.
    costs: [Option<f64>; 2],
    /// What compression left of a byte of late.
    ratio: Option<f64>,
    waves: u32,
    /// Extents that weren't compressed.
    plain_extents: u64,
}

/// Extents that are compressed and written together.
#[derive(Debug)]
pub struct Wave {
    is_plain: bool,
    in_haste: bool,
    extents: usize,
    bytes: usize,
    begun: Instant,
}

impl Compressor {
    /// Compresses as `choice` says.
    pub fn new(choice: Choice) -> Self {
        let only = |codec| Compression::new(&[codec]).unwrap_or_else(|_| Compression::none());
        let hasty = || Hasty {
            plain: Compression::none(),
            costs: [None; 2],
            ratio: None,
            waves: 0,
            plain_extents: 0,
        };
        match choice {
            Choice::Auto => Self { usual: only(Codec::Lz4), hasty: Some(hasty()) },
            Choice::Always(codec) => Self { usual: only(codec), hasty: None },
        }
    }

    /// How it is done where there is time.
    pub fn usual(&self) -> &Compression {
        &self.usual
    }

    /// Extents that weren't compressed, for want of time.
    pub fn plain_extents(&self) -> u64 {
        self.hasty.as_ref().map_or(0, |hasty| hasty.plain_extents)
    }

    /// Decides for `extents`, `in_haste` if more are waiting than should.
    pub fn begin(&mut self, extents: &[Packed], in_haste: bool) -> Wave {
        let is_plain = match &mut self.hasty {
            Some(hasty) if in_haste => hasty.choose(),
            _ => false,
        };
        let bytes = extents.iter().map(Packed::byte_count).sum();
        Wave { is_plain, in_haste, extents: extents.len(), bytes, begun: Instant::now() }
    }

    /// How the extents of `wave` are compressed.
    pub fn compression(&self, wave: &Wave) -> &Compression {
        match &self.hasty {
            Some(hasty) if wave.is_plain => &hasty.plain,
            _ => &self.usual,
        }
    }

    /// Learns what `wave` has cost, which is written and took `stored` bytes.
    pub fn end(&mut self, wave: &Wave, stored: usize) {
        let Some(hasty) = &mut self.hasty else { return };
        if !wave.is_plain && wave.bytes > 0 {
            hasty.ratio = Some(average(hasty.ratio, stored as f64 / wave.bytes as f64));
        }
        if wave.in_haste {
            hasty.learn(wave.is_plain, wave.bytes, wave.begun.elapsed());
            hasty.plain_extents += if wave.is_plain { wave.extents as u64 } else { 0 };
        }
    }
}

impl Hasty {
    /// Whether the next wave is written as it is.
    fn choose(&mut self) -> bool {
        self.waves += 1;
        match (self.costs, self.ratio) {
            (_, None) => false,
            (_, Some(ratio)) if ratio < LITTLE => false,
            ([_, None], _) => true,
            ([None, _], _) => false,
            ([Some(packed), Some(plain)], _) => {
                (plain < CLEARLY * packed) != self.waves.is_multiple_of(RETRY)
            }
        }
    }

    fn learn(&mut self, is_plain: bool, bytes: usize, took: Duration) {
        let cost = &mut self.costs[usize::from(is_plain)];
        *cost = Some(average(*cost, took.as_nanos() as f64 / bytes.max(1) as f64));
    }
}

/// The average of what was measured of late.
fn average(before: Option<f64>, now: f64) -> f64 {
    before.map_or(now, |before| (before + now) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The choices of `count` waves of a megabyte, which take so many milliseconds each.
    fn choices(compressor: &mut Compressor, count: usize, packed: u64, plain: u64) -> Vec<bool> {
        let hasty = compressor.hasty.as_mut().expect("there is a choice");
        let wave = |_| {
            let is_plain = hasty.choose();
            let took = Duration::from_millis(if is_plain { plain } else { packed });
            hasty.learn(is_plain, 1 << 20, took);
            is_plain
        };
        (0..count).map(wave).collect()
    }

    #[test]
    fn in_haste_the_faster_way_is_taken_and_the_other_tried_now_and_then() {
        let mut compressor = Compressor::new(Choice::Auto);
        let wave = compressor.begin(&[], false);
        compressor.end(&Wave { bytes: 1000, ..wave }, 500);
        let first = choices(&mut compressor, 256, 2, 1);
        assert_eq!(first[..2], [true, false], "both are tried");
        assert_eq!(first.iter().filter(|is_plain| !**is_plain).count(), 1 + 4);
        // The disk becomes slow: the next waves show it.
        let then = choices(&mut compressor, 256, 2, 50);
        assert!(then.iter().filter(|is_plain| **is_plain).count() <= 8, "{then:?}");
        // And fast again.
        let last = choices(&mut compressor, 1280, 2, 1);
        assert!(last[640..].iter().filter(|is_plain| **is_plain).count() >= 620);
    }

    #[test]
    fn what_becomes_very_small_is_compressed_in_any_case() {
        let mut compressor = Compressor::new(Choice::Auto);
        let wave = compressor.begin(&[], false);
        compressor.end(&Wave { bytes: 1000, ..wave }, 50);
        assert!(!choices(&mut compressor, 200, 2, 1).contains(&true));
    }

    #[test]
    fn where_there_is_time_and_where_a_codec_was_named_all_is_compressed() {
        let mut auto = Compressor::new(Choice::Auto);
        let wave = auto.begin(&[], false);
        assert!(!wave.is_plain);
        let mut lz4 = Compressor::new("lz4".parse().expect("there is such a codec"));
        let wave = lz4.begin(&[], true);
        assert!(!wave.is_plain);
        assert_eq!("auto".parse(), Ok(Choice::Auto));
        assert!("zip".parse::<Choice>().is_err());
    }
}
