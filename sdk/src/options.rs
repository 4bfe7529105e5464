//! What people may set of a plugin, in the manifest or with `--set plugin.option=value`.
//!
//! A struct declares the options: a field each, with its type, its default, and for help its comment.
//! The host checks what people set before the plugin sees it.
//!
//! ```
//! use sdk::prelude::*;
//!
//! #[derive(Options)]
//! struct Settings {
//!     /// How often each call is made
//!     #[option(default = 1, minimum = 1, maximum = 100)]
//!     times: u32,
//!     /// What is done with the data
//!     #[option(default = "keep", choices("keep", "zero"))]
//!     data: &'static str,
//!     /// Where the calls are written down; nowhere if it is empty
//!     #[option(default = "")]
//!     journal: &'static std::path::Path,
//!     /// Leave the call out
//!     skip: bool,
//! }
//!
//! #[derive(Record)]
//! #[record(syscall = "fsync")]
//! struct Fsync {
//!     #[arg(0)]
//!     descriptor: Fd,
//! }
//!
//! impl<'t> Replay<'t> for Fsync {
//!     fn replay(&self, process: &mut Process<'t>) -> Replayed {
//!         let settings: Settings = process.options();
//!         if settings.skip { Err(Skip::SIMULATED) } else { Ok(Ok(settings.times.into())) }
//!     }
//! }
//!
//! export_plugin!(Fsync; options = Settings);
//! # fn main() {}
//! ```
//!
//! Types: `bool`; `i64` and narrower integers; `&'static str`; `&'static std::path::Path`; and with
//! `choices` a `&'static str` that is one of them.

use std::path::Path;
use std::sync::atomic::{AtomicPtr, Ordering};

use abi::{List, OptionDeclaration, OptionValue, Text, option};

/// The options of a plugin, as `#[derive(Options)]` makes them.
pub trait Options: Copy + Default + Send + Sync + 'static {
    /// What they are.
    const DECLARATIONS: &'static [OptionDeclaration];

    /// Takes the values, in the order of their declaration; one that is missing is the default.
    fn read(values: Values<'_>) -> Self;
}

/// The options of a plugin that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOptions;

impl Options for NoOptions {
    const DECLARATIONS: &'static [OptionDeclaration] = &[];

    fn read(_: Values<'_>) -> Self {
        Self
    }
}

/// The value of an option of `kind`.
const fn value(kind: u32, number: i64, text: &'static str) -> OptionValue {
    OptionValue { kind, reserved: 0, number, text: Text::new(text) }
}

/// True or false.
pub const fn boolean(default: bool) -> OptionValue {
    value(option::BOOL, default as i64, "")
}

/// An integer.
pub const fn integer(default: i64) -> OptionValue {
    value(option::INTEGER, default, "")
}

/// A string.
pub const fn string(default: &'static str) -> OptionValue {
    value(option::STRING, 0, default)
}

/// A path.
pub const fn path(default: &'static str) -> OptionValue {
    value(option::PATH, 0, default)
}

/// One of several strings.
pub const fn choice(default: &'static str) -> OptionValue {
    value(option::CHOICE, 0, default)
}

/// The declaration of an option.
///
/// # Panics
/// At compile time, if the default isn't among the values that are taken.
pub const fn declaration(
    name: &'static str,
    help: &'static str,
    default: OptionValue,
    choices: &'static [Text],
    (minimum, maximum): (i64, i64),
) -> OptionDeclaration {
    let is_within = default.number >= minimum && default.number <= maximum;
    assert!(default.kind != option::INTEGER || is_within, "the default is out of range");
    let help = Text::new(help.trim_ascii());
    let (name, choices) = (Text::new(name), List::new(choices));
    OptionDeclaration { name, help, default, choices, minimum, maximum }
}

/// Hands out the options' values, one after the other.
#[derive(Clone, Copy)]
pub struct Values<'v> {
    values: &'v [OptionValue],
}

impl<'v> Values<'v> {
    /// The values that a host hands over.
    ///
    /// # Safety
    /// The texts in `values` must stay readable and unchanged for the life of the process.
    pub unsafe fn new(values: &'v [OptionValue]) -> Self {
        Self { values }
    }

    /// The next one.
    pub fn take<T: OptionType>(&mut self) -> Option<T> {
        let (first, rest) = self.values.split_first()?;
        self.values = rest;
        T::read(first)
    }
}

/// A type that an option can have.
pub trait OptionType: Sized {
    /// The value, if it is one of this type.
    fn read(value: &OptionValue) -> Option<Self>;
}

impl OptionType for bool {
    fn read(value: &OptionValue) -> Option<Self> {
        (value.kind == option::BOOL).then_some(value.number != 0)
    }
}

macro_rules! integers {
    ($($integer:ty)+) => {$(
        impl OptionType for $integer {
            fn read(value: &OptionValue) -> Option<Self> {
                (value.kind == option::INTEGER).then(|| value.number.try_into().ok()).flatten()
            }
        }
    )+};
}

integers!(i8 i16 i32 i64 u8 u16 u32);

impl OptionType for &'static str {
    fn read(value: &OptionValue) -> Option<Self> {
        if !matches!(value.kind, option::STRING | option::PATH | option::CHOICE) {
            return None;
        }
        // SAFETY: `Values::new` was promised that the texts stay.
        std::str::from_utf8(unsafe { value.text.bytes() }).ok()
    }
}

impl OptionType for &'static Path {
    fn read(value: &OptionValue) -> Option<Self> {
        <&'static str>::read(value).map(Path::new)
    }
}

/// The options of this library as they were set.
#[derive(Debug)]
pub struct Store<T>(AtomicPtr<T>);

impl<T: Options> Store<T> {
    /// Nobody set any yet.
    pub const fn new() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()))
    }

    /// They are these from now on.
    pub fn set(&self, options: T) {
        // Whoever reads the former ones may keep them: they stay.
        self.0.store(Box::leak(Box::new(options)), Ordering::Release);
    }

    /// What they are, if they were set.
    #[inline]
    pub fn get(&self) -> Option<&'static T> {
        // SAFETY: what `set` stored stays for ever.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }
}

impl<T: Options> Default for Store<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::testing::Stage;

    #[derive(Options, Debug, PartialEq)]
    struct Settings {
        /// How often
        #[option(default = 2, minimum = 1)]
        times: u8,
        /// How
        #[option(default = "fast", choices("fast", "safe"))]
        mode: &'static str,
        /// Where
        #[option(default = "/tmp")]
        folder: &'static std::path::Path,
        loud: bool,
    }

    #[test]
    fn a_struct_declares_options() {
        let declared: Vec<_> = Settings::DECLARATIONS
            .iter()
            .map(|option| {
                // SAFETY: the texts are constants.
                let text = |text: Text| unsafe { std::str::from_utf8(text.bytes()).unwrap() };
                let number = (option.default.number, option.minimum, option.maximum);
                let default = text(option.default.text);
                (text(option.name), text(option.help), option.default.kind, default, number)
            })
            .collect();
        let any = (0, i64::MIN, i64::MAX);
        assert_eq!(
            declared,
            [
                ("times", "How often", option::INTEGER, "", (2, 1, 255)),
                ("mode", "How", option::CHOICE, "fast", any),
                ("folder", "Where", option::PATH, "/tmp", any),
                ("loud", "", option::BOOL, "", any),
            ]
        );
        assert_eq!(Settings::DECLARATIONS[1].choices.count, 2);
    }

    #[test]
    fn values_are_read_in_order_and_what_is_missing_is_the_default() {
        let read = |values: &[OptionValue]| {
            // SAFETY: the texts are constants.
            Settings::read(unsafe { Values::new(values) })
        };
        assert_eq!(read(&[]), Settings::default());
        let all = [integer(7), choice("safe"), path("/var"), boolean(true)];
        let folder = std::path::Path::new("/var");
        assert_eq!(read(&all), Settings { times: 7, mode: "safe", folder, loud: true });
        assert_eq!(read(&[integer(300), integer(1)]), Settings::default());
    }

    #[derive(Record)]
    #[record(syscall = "alarm")]
    struct Alarm {}

    impl<'t> Replay<'t> for Alarm {
        fn replay(&self, process: &mut Process<'t>) -> Replayed {
            Ok(Ok(process.options::<Settings>().times.into()))
        }
    }

    #[test]
    fn a_stage_has_the_options_that_it_is_given_or_else_the_defaults() {
        Stage::new().replay(&Alarm {}).returns(2);
        Stage::new()
            .options(Settings { times: 9, ..Settings::default() })
            .replay(&Alarm {})
            .returns(9);
    }

    #[test]
    fn a_store_has_what_was_set_last() {
        static STORE: Store<Settings> = Store::new();
        assert_eq!(STORE.get(), None);
        STORE.set(Settings::default());
        STORE.set(Settings { loud: true, ..Settings::default() });
        assert_eq!(STORE.get(), Some(&Settings { loud: true, ..Settings::default() }));
    }
}
