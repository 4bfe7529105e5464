//! What was seen of one call, and the columns' values computed from it.

use abi::{Place, condition, place};

use crate::call::{Column, Condition, Op, Source};
use crate::{Element, Elements};

/// What was seen of one call, by a recorder or by a replay.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The arguments, as the registers held them.
    pub arguments: [u64; 6],
    /// Return value (−1 on failure) and positive errno (0 on success), if the call returned.
    pub returned: Option<(i64, i32)>,
    /// The memory of each declared fetch, where it was copied.
    pub memory: &'a [Option<&'a [u8]>],
    /// The item that an element row is about.
    pub element: Option<Element<'a>>,
}

/// A column's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// None: null, or zero where the column can't be.
    Null,
    /// An integer or boolean.
    Number(i64),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl Condition {
    /// Always.
    pub const ALWAYS: Self = Self::constant(condition::ALWAYS);

    /// Never.
    pub const NEVER: Self = Self::constant(condition::NEVER);

    const fn constant(op: u32) -> Self {
        let place = Place { kind: place::NONE, index: 0, width: 0, signed: 0, offset: 0 };
        Self(abi::Condition { op, place, mask: 0, value: 0 })
    }

    /// Whether it holds. One that looks at something which wasn't seen doesn't.
    #[inline]
    pub fn holds(&self, observed: &Observed<'_>) -> bool {
        holds(&self.0, observed)
    }

    /// Whether it holds of every call.
    pub fn always_holds(&self) -> bool {
        self.0.op == condition::ALWAYS
    }
}

/// Whether a raw condition holds; see [`Condition::holds`].
#[inline]
pub(crate) fn holds(condition: &abi::Condition, observed: &Observed<'_>) -> bool {
    let (mask, value) = (condition.mask, condition.value);
    match condition.op {
        condition::ALWAYS => return true,
        condition::NEVER => return false,
        condition::SUCCESS => return observed.succeeded(),
        condition::FAILURE => return observed.returned.is_some_and(|(_, errno)| errno != 0),
        _ => {}
    }
    let Some(number) = observed.number(condition.place) else { return false };
    match condition.op {
        condition::EQUAL => number & mask == value,
        condition::NOT_EQUAL => number & mask != value,
        condition::ANY => number & mask != 0,
        condition::ONE_OF => (number as u32) < 64 && mask >> (number as u32) & 1 != 0,
        _ => false,
    }
}

impl Source {
    /// The value that it has if it is the one that applies.
    pub fn value<'a>(&self, observed: &Observed<'a>) -> Value<'a> {
        observed.evaluate(self).unwrap_or(Value::Null)
    }
}

impl<'a> Observed<'a> {
    /// Whether the call returned without an error.
    pub fn succeeded(&self) -> bool {
        self.returned.is_some_and(|(_, errno)| errno == 0)
    }

    /// Whether a fetch is to be made.
    pub fn applies(&self, condition: &abi::Condition) -> bool {
        holds(condition, self)
    }

    /// The number at `place`, its bits as the program had them; none if it wasn't seen.
    #[inline]
    pub fn number(&self, place: Place) -> Option<u64> {
        match place.kind {
            place::CONSTANT => Some(place.offset.into()),
            place::ARGUMENT => self.arguments.get(usize::from(place.index)).copied(),
            place::RETURN => self.returned.map(|(value, _)| value as u64),
            place::ERRNO => self.returned.map(|(_, errno)| errno as u64),
            place::ARGUMENT_BITS => {
                let argument = self.arguments.get(usize::from(place.index))?;
                Some(argument >> place.offset.min(63) & ((1 << u64::from(place.width.min(63))) - 1))
            }
            place::ARGUMENT_TIMES => {
                let argument = self.arguments.get(usize::from(place.index))?;
                Some(argument.saturating_mul(place.offset.into()))
            }
            place::RETURN_TIMES => {
                let (value, _) = self.returned?;
                Some(if value < 0 { -1 } else { value.saturating_mul(place.offset.into()) } as u64)
            }
            place::LENGTH => self.bytes(place.index.into()).map(|bytes| bytes.len() as u64),
            place::MEMORY => number_in(self.at(place)?, place),
            place::ELEMENT => {
                number_in(self.element?.structure.get(place.offset as usize..)?, place)
            }
            _ => None,
        }
    }

    fn bytes(&self, fetch: usize) -> Option<&'a [u8]> {
        *self.memory.get(fetch)?
    }

    fn at(&self, place: Place) -> Option<&'a [u8]> {
        self.bytes(place.index.into())?.get(place.offset as usize..)
    }

    fn words(&self, place: Place) -> Option<(i64, i64)> {
        let (first, rest) = self.at(place)?.split_first_chunk()?;
        Some((i64::from_ne_bytes(*first), i64::from_ne_bytes(*rest.first_chunk()?)))
    }

    /// The value of `column`.
    pub fn value(&self, column: &Column) -> Value<'a> {
        let sources = if self.element.is_some() { &column.elements } else { &column.sources };
        self.first(sources)
    }

    /// The value of the first of `sources` that applies.
    #[inline]
    pub fn first(&self, sources: &[Source]) -> Value<'a> {
        for source in sources {
            if source.applies(self) {
                return source.value(self);
            }
        }
        Value::Null
    }

    #[inline]
    fn evaluate(&self, source: &Source) -> Option<Value<'a>> {
        let Source { place, mask, value, .. } = *source;
        Some(match source.op {
            Op::Number => {
                let number = self.number(place)?;
                Value::Number((if mask == 0 { number } else { number & mask }) as i64)
            }
            Op::Equal => Value::Number((self.number(place)? & mask == value).into()),
            Op::Any => Value::Number((self.number(place)? & mask != 0).into()),
            Op::Bytes => {
                let bytes = self.bytes(value as usize)?;
                Value::Bytes(match place.kind {
                    place::NONE => bytes,
                    _ => {
                        let limit = self.number(place)? as i64;
                        if limit < 0 {
                            return None;
                        }
                        &bytes[..bytes.len().min(limit as usize)]
                    }
                })
            }
            Op::Timespec => {
                let (seconds, nanoseconds) = self.words(place)?;
                let named = [UTIME_NOW, UTIME_OMIT].contains(&nanoseconds);
                Value::Number(tfrac(if named { 0 } else { seconds }, nanoseconds))
            }
            Op::Timeval => {
                let (seconds, microseconds) = self.words(place)?;
                Value::Number(tfrac(seconds, microseconds.saturating_mul(1000)))
            }
            Op::Seconds => {
                let seconds = i64::from_ne_bytes(*self.at(place)?.first_chunk()?);
                Value::Number(tfrac(seconds, 0))
            }
            Op::ElementNumber => Value::Number(self.element?.number as i64),
            Op::ElementAddress => Value::Number(self.element?.address as i64),
            Op::ElementLength => Value::Number(self.element?.length as i64),
            Op::ElementBytes => Value::Bytes(self.element?.bytes?),
            Op::Beside => {
                let items = self.bytes(value as usize)?;
                let item = Elements::new(items, place.offset).nth(self.element?.number)?;
                Value::Bytes(item.bytes?)
            }
        })
    }
}

/// In place of nanoseconds: the time at which the call is made. Beside it and [`UTIME_OMIT`] the seconds
/// may be anything, and mean nothing.
const UTIME_NOW: i64 = (1 << 30) - 1;
/// In place of nanoseconds: the time stays as it was.
const UTIME_OMIT: i64 = (1 << 30) - 2;

/// The number at the start of `bytes`, as wide as `place` says.
#[inline]
fn number_in(bytes: &[u8], place: Place) -> Option<u64> {
    let width = usize::from(place.width);
    let number = match width {
        8 => u64::from_ne_bytes(*bytes.first_chunk()?),
        4 => u32::from_ne_bytes(*bytes.first_chunk()?).into(),
        2 => u16::from_ne_bytes(*bytes.first_chunk()?).into(),
        1 => (*bytes.first()?).into(),
        _ => return None,
    };
    let unused = 64 - 8 * width as u32;
    let signed = || ((number << unused) as i64 >> unused) as u64;
    Some(if place.signed == 0 { number } else { signed() })
}

/// A time in units of 2⁻³² s, to the nearest; what overflows stops at the end of the range.
fn tfrac(seconds: i64, nanoseconds: i64) -> i64 {
    match (seconds, nanoseconds) {
        // As times are: 64 bits are enough, which are divided faster than 128.
        (0..0x7fff_ffff, 0..1_000_000_000) => {
            (seconds << 32) + ((nanoseconds << 32) + 500_000_000) / 1_000_000_000
        }
        _ => wide_tfrac(seconds, nanoseconds),
    }
}

/// The same of any numbers.
fn wide_tfrac(seconds: i64, nanoseconds: i64) -> i64 {
    const NANOSECONDS: i128 = 1_000_000_000;
    let units = (i128::from(seconds) << 32)
        + ((i128::from(nanoseconds) << 32) + NANOSECONDS / 2).div_euclid(NANOSECONDS);
    units.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(memory: &'static [Option<&'static [u8]>]) -> Observed<'static> {
        let arguments = [3, 0x1000, 10, 0xffff_ffff_ffff_ff9c, 5, 0];
        Observed { arguments, returned: Some((4, 0)), memory, element: None }
    }

    fn place(kind: u8, index: u8, width: u8, offset: u32) -> Place {
        Place { kind, index, width, signed: 1, offset }
    }

    #[test]
    fn a_word_in_memory_keeps_its_sign() {
        let observed = seen(&[Some(&[0xfe, 0xff, 0xff, 0xff, 7, 0, 0, 0])]);
        assert_eq!(observed.number(place(place::MEMORY, 0, 4, 0)), Some(-2i64 as u64));
        assert_eq!(observed.number(place(place::MEMORY, 0, 4, 4)), Some(7));
        assert_eq!(observed.number(place(place::MEMORY, 0, 8, 4)), None, "past the end");
        assert_eq!(observed.number(place(place::MEMORY, 9, 4, 0)), None, "no such fetch");
    }

    #[test]
    fn numbers_are_made_of_arguments_and_results() {
        let observed = seen(&[]);
        assert_eq!(observed.number(place(place::ARGUMENT_BITS, 1, 4, 12)), Some(1));
        assert_eq!(observed.number(place(place::ARGUMENT_TIMES, 2, 0, 8)), Some(80));
        assert_eq!(observed.number(place(place::RETURN_TIMES, 0, 0, 12)), Some(48));
        let failed = Observed { returned: Some((-1, 9)), ..observed };
        assert_eq!(failed.number(place(place::RETURN_TIMES, 0, 0, 12)), Some(u64::MAX));
    }

    #[test]
    fn an_item_is_its_structure_and_its_buffer() {
        let mut fetched = Vec::new();
        for word in [0x1000u64, 9, 3, 7] {
            fetched.extend(word.to_ne_bytes());
        }
        fetched.extend(b"abc");
        let item = Elements::new(&fetched, 8).next().expect("there is one");
        assert_eq!((item.length, item.bytes), (9, Some(&b"abc"[..])));
        let observed = Observed { element: Some(item), ..seen(&[]) };
        assert_eq!(observed.number(place(place::ELEMENT, 0, 4, 0)), Some(7));
        assert_eq!(observed.number(place(place::ELEMENT, 0, 4, 8)), None, "past its end");
    }

    #[test]
    fn data_is_cut_to_what_the_call_took() {
        let observed = seen(&[Some(b"0123456789")]);
        let source = Source {
            op: Op::Bytes,
            place: place(place::RETURN, 0, 0, 0),
            mask: 0,
            value: 0,
            when: [Condition::ALWAYS; 2],
        };
        assert_eq!(observed.first(&[source]), Value::Bytes(b"0123"));
        let failed = Observed { returned: Some((-1, 9)), ..observed };
        assert_eq!(failed.first(&[source]), Value::Null);
        let never_returned = Observed { returned: None, ..observed };
        assert_eq!(never_returned.first(&[source]), Value::Null);
    }

    #[test]
    fn a_time_that_is_only_named_has_no_seconds() {
        let column = |seconds: i64, nanoseconds: i64| {
            let time = [seconds.to_ne_bytes(), nanoseconds.to_ne_bytes()].concat();
            let memory = [Some(&time[..])];
            let place = place(place::MEMORY, 0, 8, 0);
            let when = [Condition::ALWAYS; 2];
            let source = Source { op: Op::Timespec, place, mask: 0, value: 0, when };
            Observed { memory: &memory, ..seen(&[]) }.first(&[source])
                == Value::Number(tfrac(0, nanoseconds))
        };
        assert!(column(i64::MAX, UTIME_NOW));
        assert!(column(-1, UTIME_OMIT));
        assert!(!column(1, 5));
    }

    #[test]
    fn usual_times_are_computed_as_all_others() {
        for nanoseconds in [0, 1, 2, 499_999_999, 500_000_000, 999_999_998, 999_999_999] {
            for seconds in [0, 1, 1_800_000_000, 0x7fff_fffe] {
                assert_eq!(tfrac(seconds, nanoseconds), wide_tfrac(seconds, nanoseconds));
            }
        }
    }
}
