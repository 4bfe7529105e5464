//! Doubles stored as multiples of a scale (`pack_scale`).

use crate::bytes::array;
use crate::layout::Bit;

/// A scaled field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scaled {
    offset: usize,
    scale: f64,
    multiplier: f64,
    skip: Option<Bit>,
}

impl Scaled {
    pub fn new(offset: u32, scale: f64, skip: Option<Bit>) -> Scaled {
        Scaled { offset: offset as usize, scale, multiplier: 1.0 / scale, skip }
    }

    pub fn undo(&self, records: &mut [u8], record_size: usize) {
        for record in records.chunks_exact_mut(record_size) {
            self.change(record, |x| x * self.scale);
        }
    }

    pub fn apply(&self, records: &mut [u8], record_size: usize) {
        for record in records.chunks_exact_mut(record_size) {
            // A null is zero and has to stay +0.0, which a negative scale would not give.
            if !self.skip.is_some_and(|null| null.is_set(record)) {
                self.change(record, |x| (x * self.multiplier).round());
            }
        }
    }

    #[inline]
    fn change(&self, record: &mut [u8], f: impl Fn(f64) -> f64) {
        let value = f(f64::from_ne_bytes(array(record, self.offset)));
        record[self.offset..self.offset + 8].copy_from_slice(&value.to_ne_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_multiples_and_come_back() {
        let scaled = Scaled::new(0, 0.25, None);
        let mut records: Vec<u8> =
            [1.5_f64, -0.3, 1e6].iter().flat_map(|x| x.to_ne_bytes()).collect();
        scaled.apply(&mut records, 8);
        let stored: Vec<f64> =
            records.chunks(8).map(|bytes| f64::from_ne_bytes(array(bytes, 0))).collect();
        assert_eq!(stored, [6.0, -1.0, 4e6]);
        scaled.undo(&mut records, 8);
        let plain: Vec<f64> =
            records.chunks(8).map(|bytes| f64::from_ne_bytes(array(bytes, 0))).collect();
        assert_eq!(plain, [1.5, -0.25, 1e6]);
    }

    #[test]
    fn halves_go_away_from_zero() {
        let scaled = Scaled::new(0, 1.0, None);
        let mut record = (-2.5_f64).to_ne_bytes();
        scaled.apply(&mut record, 8);
        assert_eq!(f64::from_ne_bytes(record), -3.0);
    }
}
