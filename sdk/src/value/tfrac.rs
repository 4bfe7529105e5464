//! Times, as a trace has them.

use abi::{display, kind};

use super::{Cell, Value};

/// A time in units of 2⁻³² s since the epoch, as the trace schema stores file times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tfrac(pub i64);

const NANOSECONDS: i128 = 1_000_000_000;

impl Tfrac {
    /// `seconds` and `nanoseconds`, to the nearest unit. What overflows is cut off at the end of the
    /// range, in January 2038.
    pub fn new(seconds: i64, nanoseconds: i64) -> Self {
        let units = (i128::from(seconds) << 32)
            + ((i128::from(nanoseconds) << 32) + NANOSECONDS / 2).div_euclid(NANOSECONDS);
        Self(units.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// Seconds and nanoseconds, to the nearest nanosecond.
    pub fn timespec(self) -> (i64, i64) {
        let fraction = i128::from(self.0 as u32);
        let nanoseconds = (fraction * NANOSECONDS + (1 << 31)) >> 32;
        let seconds = self.0 >> 32;
        if nanoseconds == NANOSECONDS { (seconds + 1, 0) } else { (seconds, nanoseconds as i64) }
    }

    /// Seconds and microseconds, to the nearest microsecond.
    pub fn timeval(self) -> (i64, i64) {
        let (seconds, nanoseconds) = self.timespec();
        let microseconds = (nanoseconds + 500) / 1000;
        if microseconds == 1_000_000 { (seconds + 1, 0) } else { (seconds, microseconds) }
    }

    /// Whole seconds.
    pub fn seconds(self) -> i64 {
        self.0 >> 32
    }
}

impl<'t> Value<'t> for Tfrac {
    const KIND: u32 = kind::INT64;
    const WIDTH: u32 = 16;
    const DISPLAY: u32 = display::TIME;

    fn read(cell: Cell<'t>) -> Self {
        Self(cell.int64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_to_the_nanosecond() {
        for (seconds, nanoseconds) in
            [(0, 0), (1_795_485_935, 510_804_687), (1, 999_999_999), (-1, 1), (-7, 500_000_000)]
        {
            assert_eq!(Tfrac::new(seconds, nanoseconds).timespec(), (seconds, nanoseconds));
        }
    }

    #[test]
    fn a_time_is_in_units_of_two_to_the_minus_32_seconds() {
        assert_eq!(Tfrac::new(1, 500_000_000), Tfrac(0x1_8000_0000));
    }

    #[test]
    fn a_rounded_time_is_still_one() {
        assert_eq!(Tfrac::new(3, 999_999_700).timeval(), (4, 0));
        assert_eq!(Tfrac::new(-7, 500_000).timeval(), (-7, 500));
    }

    #[test]
    fn a_time_past_the_range_stops_at_its_end() {
        assert_eq!(Tfrac::new(i64::MAX, 0), Tfrac(i64::MAX));
    }
}
