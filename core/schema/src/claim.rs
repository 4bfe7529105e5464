//! What a record type claims: a system call, or only those of its calls that have something in an argument.
//!
//! `ioctl` is all of ioctl(2). `ioctl:1=0x6600/0xff00` are the calls whose argument 1 has `0x66` in bits 8 to
//! 15: the value, and behind the slash the mask that is put over the argument first. Without a mask, 32 bits
//! are looked at.

use std::fmt;
use std::str::FromStr;

/// A system call, or some of its calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Kernel name of the call.
    pub call: String,
    /// Which of its calls; all if there is none.
    pub selector: Option<Selector>,
}

/// Which of a system call's calls are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The argument that is looked at, from 0.
    pub argument: u8,
    /// What the argument's masked bits must be.
    pub value: u64,
    /// Which of its bits.
    pub mask: u64,
}

impl Selector {
    /// Whether a call with these arguments is meant.
    #[inline]
    pub fn takes(&self, arguments: &[u64; 6]) -> bool {
        arguments[usize::from(self.argument)] & self.mask == self.value
    }

    /// Whether there are calls that both mean.
    pub fn overlaps(&self, other: &Self) -> bool {
        let differing = (self.value ^ other.value) & self.mask & other.mask;
        self.argument != other.argument || differing == 0
    }

    /// Whether this means some of the calls that `other` means, and no others.
    pub fn is_within(&self, other: &Self) -> bool {
        self.overlaps(other)
            && self.argument == other.argument
            && self.mask != other.mask
            && self.mask & other.mask == other.mask
    }
}

impl FromStr for Claimed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (call, selector) = match text.split_once(':') {
            None => (text, None),
            Some((call, selector)) => (call, Some(selector.parse()?)),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if call.is_empty() || !call.chars().all(plain) {
            return Err("a system call's name isn't one");
        }
        Ok(Self { call: call.to_owned(), selector })
    }
}

impl FromStr for Selector {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "what selects a call's calls isn't `ARGUMENT=VALUE/MASK`";
        let (argument, value) = text.split_once('=').ok_or(wrong)?;
        let (value, mask) = value.split_once('/').unwrap_or((value, "0xffffffff"));
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        let argument = argument.parse().ok().filter(|argument| *argument < 6).ok_or(wrong)?;
        let (value, mask) = number(value).zip(number(mask)).ok_or(wrong)?;
        if value & !mask != 0 {
            return Err("what selects a call's calls has bits beyond its mask");
        }
        Ok(Self { argument, value, mask })
    }
}

impl fmt::Display for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, selector } = self;
        match selector {
            None => write!(f, "{call}"),
            Some(Selector { argument, value, mask: 0xffff_ffff }) => {
                write!(f, "{call}:{argument}={value:#x}")
            }
            Some(Selector { argument, value, mask }) => {
                write!(f, "{call}:{argument}={value:#x}/{mask:#x}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(text: &str) -> Selector {
        text.parse().expect("it is one")
    }

    #[test]
    fn claims_are_read_as_they_are_written() {
        for text in ["ioctl", "ioctl:1=0x6600/0xff00", "prctl:0=0x2a"] {
            assert_eq!(text.parse::<Claimed>().expect("it is one").to_string(), text);
        }
        let exact: Claimed = "fcntl:1=1024".parse().expect("it is one");
        assert_eq!(exact.to_string(), "fcntl:1=0x400");
        for wrong in [
            "",
            ":",
            "ioctl:",
            "ioctl:1",
            "ioctl:6=1",
            "ioctl:x=1",
            "ioctl:1=",
            "ioctl:1=1/",
            "ioctl:1=0x100/0xff",
            "io ctl",
            "ioctl:1=-1",
            "ioctl:1=1/2/3",
        ] {
            assert!(wrong.parse::<Claimed>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_selector_takes_the_calls_that_it_means() {
        let family = selector("1=0x6600/0xff00");
        assert!(family.takes(&[3, 0x8004_6601, 0, 0, 0, 0]));
        assert!(!family.takes(&[3, 0x8004_6701, 0, 0, 0, 0]));
        // The kernel reads 32 bits of a request, and programs leave anything above them.
        assert!(selector("1=0x80046601").takes(&[3, 0xffff_ffff_8004_6601, 0, 0, 0, 0]));
    }

    #[test]
    fn what_two_selectors_have_in_common_is_known() {
        let (family, one) = (selector("1=0x6600/0xff00"), selector("1=0x80046601"));
        assert!(one.overlaps(&family) && family.overlaps(&one));
        assert!(one.is_within(&family) && !family.is_within(&one));
        assert!(!family.overlaps(&selector("1=0x6700/0xff00")));
        assert!(!selector("1=0x80046701").overlaps(&family));
        let elsewhere = selector("2=0x6600/0xff00");
        assert!(elsewhere.overlaps(&family) && !elsewhere.is_within(&family));
        let (low, high) = (selector("1=1/0xf"), selector("1=0x10/0xf0"));
        assert!(low.overlaps(&high) && !low.is_within(&high) && !high.is_within(&low));
        assert!(!family.is_within(&family));
    }
}
