//! Plugins in plain C: nobody but us checks what they hand over.

use std::path::Path;

use abi::{ABI_MAJOR, ABI_MINOR};
use abi::{About, Call, Header, Host, List, OptionDeclaration, PlainEntry, PlainModule, Text};
use replay_schema::Call as Checked;

use super::{Read, Refused};
use crate::settings::Declared;

/// More calls than a header has room to claim.
const MOST_CALLS: usize = size_of::<Header>();

/// More items than any list of a declaration has.
const MOST_ITEMS: usize = 1 << 16;

/// What must be there of a call's declaration: all that ABI 1.1 has.
const LEAST_CALL: usize = std::mem::offset_of!(Call, encode) + size_of::<usize>();

/// Asks `entry` for its module, and reads the declarations in it: of calls, and of what people may set.
///
/// # Safety
/// `entry` must be the entry function of a plugin that is never unloaded.
///
/// # Errors
/// What of it makes no sense.
pub unsafe fn read(entry: PlainEntry) -> Result<Read, Refused> {
    let about = About {
        size: size_of::<About>() as u32,
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        host_size: size_of::<Host>() as u32,
        reserved: 0,
    };
    // SAFETY: the function takes what the header file says; the caller vouches for it.
    let module = unsafe { entry(&raw const about) };
    if module.is_null() {
        return Err(Refused::Module("it gives none, so it doesn't want this program".to_owned()));
    }
    let memory = Memory::now();
    memory.check(module, 1, "the module")?;
    // SAFETY: the memory is there, and its bytes mean something as numbers whatever they are.
    let PlainModule { size, call_size, calls, call_count, options, configure } =
        unsafe { module.read() };
    let call_size = call_size as usize;
    if (size as usize) < size_of::<PlainModule>()
        || call_size < LEAST_CALL
        || !call_size.is_multiple_of(8)
    {
        return Err(Refused::Module(format!(
            "its sizes are {size} and {call_size}, and no version has those"
        )));
    }
    if call_count > MOST_CALLS {
        return Err(Refused::Module(format!("it says that it has {call_count} calls")));
    }
    memory.check(calls.cast::<u8>(), call_count * call_size, "its calls")?;
    memory.check(calls, 0, "its calls")?;
    let mut read = Vec::new();
    for number in 0..call_count {
        // SAFETY: so many bytes are there, as checked.
        let call = unsafe { copy(calls.cast::<u8>().add(number * call_size), call_size) };
        let call = call.ok_or_else(|| {
            Refused::Module(format!("call {number} has no function that replays it"))
        })?;
        memory.check_call(&call)?;
        // SAFETY: everything that it points to is there, as checked, and stays.
        read.push(unsafe { Checked::read_plain(call)? });
    }
    memory.check_options(options)?;
    // SAFETY: as above.
    let options = unsafe { Declared::read(options) }.map_err(Refused::Options)?;
    if !options.is_empty() && configure.is_none() {
        let why = "its `configure` is null, which takes their values";
        return Err(Refused::Options(why.to_owned()));
    }
    Ok(Read { calls: read, options, configure })
}

/// The call in `size` bytes at `start`; what a newer one has behind them is zero.
///
/// # Safety
/// They must be there.
unsafe fn copy(start: *const u8, size: usize) -> Option<Call> {
    let mut call = std::mem::MaybeUninit::<Call>::zeroed();
    let size = size.min(size_of::<Call>());
    // SAFETY: the caller vouches for the bytes; there is room for them.
    unsafe { call.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(start, size) };
    // SAFETY: the field lies within, and its bytes are initialised.
    let replay = unsafe { (&raw const (*call.as_ptr()).replay).cast::<usize>().read() };
    // SAFETY: all other fields may be zero; numbers and pointers mean something whatever they are.
    (replay != 0).then(|| unsafe { call.assume_init() })
}

/// Which memory of this process can be read.
struct Memory {
    /// From where to where, in ascending order; none if it isn't known.
    ranges: Vec<(usize, usize)>,
}

impl Memory {
    /// As the kernel tells it now.
    fn now() -> Self {
        let text = std::fs::read_to_string(Path::new("/proc/self/maps")).unwrap_or_default();
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            let Some((from, to)) = words.next().and_then(|range| range.split_once('-')) else {
                continue;
            };
            let number = |text| usize::from_str_radix(text, 16).unwrap_or(0);
            let (from, to) = (number(from), number(to));
            if !words.next().is_some_and(|rights| rights.starts_with('r')) {
                continue;
            }
            match ranges.last_mut() {
                Some(last) if last.1 == from => last.1 = to,
                _ => ranges.push((from, to)),
            }
        }
        Self { ranges }
    }

    /// That `count` values at `start` can be read.
    fn check<T>(&self, start: *const T, count: usize, what: &str) -> Result<(), Refused> {
        let gone = || Refused::Module(format!("{what} is at {start:?}, where nothing is"));
        let (from, length) = (start.addr(), count.checked_mul(size_of::<T>()).ok_or_else(gone)?);
        if from % align_of::<T>() != 0 {
            return Err(Refused::Module(format!("{what} is at {start:?}, in between words")));
        }
        let to = from.checked_add(length).ok_or_else(gone)?;
        if length == 0 || self.ranges.is_empty() {
            return Ok(());
        }
        let next = self.ranges.partition_point(|range| range.0 <= from);
        match next.checked_sub(1).map(|at| self.ranges[at]) {
            Some(range) if to <= range.1 => Ok(()),
            _ => Err(gone()),
        }
    }

    fn check_text(&self, text: Text, what: &str) -> Result<(), Refused> {
        if text.length > MOST_ITEMS {
            return Err(Refused::Module(format!("{what} is {} bytes long", text.length)));
        }
        if text.start.is_null() && text.length > 0 {
            return Err(Refused::Module(format!("{what} is null and not empty")));
        }
        self.check(text.start, text.length, what)
    }

    fn items<T>(&self, list: List<T>, what: &str) -> Result<&'static [T], Refused> {
        if list.count > MOST_ITEMS {
            return Err(Refused::Module(format!("{what} has {} items", list.count)));
        }
        if list.start.is_null() && list.count > 0 {
            return Err(Refused::Module(format!("{what} is null and not empty")));
        }
        self.check(list.start, list.count, what)?;
        // SAFETY: the items are there, as checked, and a plugin's declaration stays as it is.
        Ok(unsafe { list.items() })
    }

    /// That all that `call` points to can be read.
    fn check_call(&self, call: &Call) -> Result<(), Refused> {
        self.check_text(call.extent, "the extent's name")?;
        self.check_text(call.simulated, "the reason why it is simulated")?;
        self.check_text(call.refused, "the reason why it is refused")?;
        self.check_text(call.hides, "what it hides")?;
        for syscall in self.items(call.syscalls, "the list of system calls")? {
            self.check_text(*syscall, "a system call's name")?;
        }
        for class in self.items(call.classes, "the list of classes")? {
            self.check_text(*class, "a class's name")?;
        }
        self.items(call.fetches, "the list of fetches")?;
        for column in self.items(call.columns, "the list of columns")? {
            self.check_text(column.name, "a column's name")?;
            self.items(column.sources, "a column's list of sources")?;
            self.items(column.elements, "a column's list of sources")?;
            for bit in self.items(column.bits, "a column's list of bits")? {
                self.check_text(bit.name, "a bit's name")?;
                self.check_text(bit.column, "the name of a bit's column")?;
            }
        }
        Ok(())
    }

    /// That all that `options` point to can be read.
    fn check_options(&self, options: List<OptionDeclaration>) -> Result<(), Refused> {
        for option in self.items(options, "the list of options")? {
            self.check_text(option.name, "an option's name")?;
            self.check_text(option.help, "an option's help")?;
            self.check_text(option.default.text, "an option's default")?;
            for choice in self.items(option.choices, "an option's list of choices")? {
                self.check_text(*choice, "an option's choice")?;
            }
        }
        Ok(())
    }
}
