//! Times of a trace: which unit they have, and how people write them (trace schema, §4).

use std::time::Duration;

/// For dates from 2000 to 2096, times in units of 2⁻³² s are above this and nanoseconds below.
const TFRAC: i64 = 4_000_000_000_000_000_000;

/// Whole seconds of this century and the next are below this, and nanoseconds far above; so many seconds are still a
/// number of nanoseconds.
const SECONDS: i64 = 9_000_000_000;

const NANOSECONDS: i128 = 1_000_000_000;

/// A time in nanoseconds since the epoch, its unit told by its magnitude: nanoseconds, units of 2⁻³² s
/// of old traces, or the whole seconds of their first record.
pub fn nanoseconds(time: i64) -> i64 {
    match time {
        TFRAC.. => {
            let nanoseconds = (i128::from(time) * NANOSECONDS + (1 << 31)) >> 32;
            // 2^63 units are less than 2^63 nanoseconds.
            nanoseconds as i64
        }
        1..SECONDS => time * NANOSECONDS as i64,
        _ => time,
    }
}

/// Whether a time is in whole seconds, or none at all.
pub fn is_coarse(time: i64) -> bool {
    time < SECONDS
}

/// A date and time of day, in UTC, with nanoseconds.
pub fn date(nanoseconds: i64) -> String {
    let (seconds, fraction) =
        (nanoseconds.div_euclid(1_000_000_000), nanoseconds.rem_euclid(1_000_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z")
}

/// Seconds with nanoseconds.
pub fn seconds(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let magnitude = nanoseconds.unsigned_abs();
    format!("{sign}{}.{:09}", magnitude / 1_000_000_000, magnitude % 1_000_000_000)
}

/// A length of time for people.
pub fn duration(nanoseconds: u64) -> String {
    let duration = Duration::from_nanos(nanoseconds);
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{:.1} µs", nanoseconds as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", nanoseconds as f64 / 1e6),
        _ => format!("{:.3} s", duration.as_secs_f64()),
    }
}

/// Year, month and day of a number of days since the epoch.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years that begin in March end with the leap day; 400 of them have a fixed length.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Days since the epoch of a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A point in a trace as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nanoseconds since the epoch.
    At(i64),
    /// Nanoseconds after the first call.
    After(i64),
}

impl When {
    /// The nanoseconds since the epoch, in a trace that begins at `first`.
    pub fn since_epoch(self, first: i64) -> i64 {
        match self {
            Self::At(time) => time,
            Self::After(time) => first.saturating_add(time),
        }
    }
}

/// `+1.5s`, `+20ms`, `1700000000.25` or `2026-11-24T20:15:00.5Z`.
///
/// # Errors
/// What is wrong with it.
pub fn when(text: &str) -> Result<When, String> {
    let wrong = || {
        format!(
            "{text:?} is no time: write +1.5s (after the first call), 1700000000.25 (seconds since \
             the epoch) or 2026-11-24T20:15:00Z"
        )
    };
    if let Some(after) = text.strip_prefix('+') {
        let digits = after.trim_end_matches(|letter: char| letter.is_alphabetic());
        let unit = match &after[digits.len()..] {
            "" | "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" | "µs" => 1_000,
            "ns" => 1,
            "m" | "min" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(wrong()),
        };
        return Ok(When::After(decimal(digits, unit).ok_or_else(wrong)?));
    }
    if let Some((date, time)) = text.split_once(['T', ' ']) {
        return moment(date, time.trim_end_matches('Z')).map(When::At).ok_or_else(wrong);
    }
    match decimal(text, 1_000_000_000) {
        Some(time) => Ok(When::At(time)),
        None => moment(text, "00:00:00").map(When::At).ok_or_else(wrong),
    }
}

/// `12.5` times `unit`, exactly as far as the unit goes.
fn decimal(text: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || text.len() > 40 || whole.is_empty() {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let digits: i128 = format!("{fraction:0<18}").get(..18)?.parse().ok()?;
    let total = whole * i128::from(unit) + digits * i128::from(unit) / 10i128.pow(18);
    total.try_into().ok()
}

fn moment(date: &str, time: &str) -> Option<i64> {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let mut parts = time.split(':');
    let (hour, minute) = (parts.next()?.parse::<i64>().ok()?, parts.next()?.parse::<i64>().ok()?);
    let second = decimal(parts.next().unwrap_or("0"), 1_000_000_000)?;
    let is_date =
        (1..=12).contains(&month) && (1..=31).contains(&day) && (0..=9999).contains(&year);
    if !is_date || !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let minutes = (days(year, month, day) * 24 + hour) * 60 + minute;
    minutes.checked_mul(60_000_000_000)?.checked_add(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_by_magnitude() {
        let time = 1_600_000_000_123_456_789;
        assert_eq!(nanoseconds(time), time);
        let tfrac = ((1_600_000_000_i64) << 32) + (1 << 31);
        assert_eq!(nanoseconds(tfrac), 1_600_000_000_500_000_000);
        assert_eq!(nanoseconds(1_600_000_000), 1_600_000_000_000_000_000);
        assert_eq!((nanoseconds(0), nanoseconds(-5)), (0, -5));
        assert!(nanoseconds(i64::MAX) > 0);
    }

    #[test]
    fn no_time_is_too_large_or_small() {
        assert_eq!(nanoseconds(SECONDS - 1), 8_999_999_999_000_000_000);
        for time in [SECONDS, 99_999_999_999, TFRAC - 1, i64::MIN] {
            assert_eq!(nanoseconds(time), time);
        }
    }

    #[test]
    fn dates_are_written_and_read() {
        for (text, time) in [
            ("1970-01-01T00:00:00.000000000Z", 0),
            ("2000-02-29T12:34:56.000000001Z", 951_827_696_000_000_001),
            ("2026-11-24T20:15:00.500000000Z", 1_795_551_300_500_000_000),
            ("2100-03-01T00:00:00.000000000Z", 4_107_542_400_000_000_000),
            ("1969-12-31T23:59:59.999999999Z", -1),
        ] {
            assert_eq!(date(time), text);
            assert_eq!(when(text), Ok(When::At(time)), "{text}");
        }
    }

    #[test]
    fn times_are_written_in_several_ways() {
        assert_eq!(when("+1.5s"), Ok(When::After(1_500_000_000)));
        assert_eq!(when("+20ms"), Ok(When::After(20_000_000)));
        assert_eq!(when("+2"), Ok(When::After(2_000_000_000)));
        assert_eq!(when("1700000000.000000001"), Ok(When::At(1_700_000_000_000_000_001)));
        assert_eq!(when("2026-11-24"), when("2026-11-24T00:00:00Z"));
        assert_eq!(when("2026-11-24 20:15"), when("2026-11-24T20:15:00"));
        for wrong in ["", "soon", "+", "+5 parsecs", "2026-13-01", "1e9", "-5", "2026-11-24T25:00"]
        {
            assert!(when(wrong).is_err(), "{wrong}");
        }
        assert_eq!(When::After(5).since_epoch(100), 105);
    }

    #[test]
    fn durations_are_readable() {
        assert_eq!(duration(999), "999 ns");
        assert_eq!(duration(1_500), "1.5 µs");
        assert_eq!(duration(2_500_000), "2.5 ms");
        assert_eq!(duration(61_000_000_000), "61.000 s");
        assert_eq!(seconds(-1_500_000_000), "-1.500000000");
    }
}
