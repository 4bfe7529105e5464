//! Whether the dynamic linker can take a library without a crash.
//!
//! It trusts what a library says of itself: an offset that leads nowhere is a segmentation fault in it, or a
//! failed assertion that ends the program. So all that it is going to follow is followed here first: the
//! dynamic section, symbols and their hash table, versions, relocations, initialisers. What code does when
//! it runs, nobody can check.

mod numbers;

use std::collections::BTreeSet;

use super::Refused;
use numbers::*;

/// No library of ours takes more of the address space.
const LARGEST: u64 = 1 << 34;

/// More versions than any library has.
const MOST_VERSIONS: u64 = 4096;

type Checked<T = ()> = Result<T, &'static str>;

struct Segment {
    flags: u32,
    offset: u64,
    address: u64,
    in_file: u64,
    in_memory: u64,
}

/// A library, as the linker sees it.
struct Library<'b> {
    bytes: &'b [u8],
    segments: Vec<Segment>,
    tags: Vec<(u64, u64)>,
}

/// Checks the library of which `bytes` are all; that it is one of this machine is known.
///
/// # Errors
/// What of it leads nowhere.
pub fn check(bytes: &[u8]) -> Result<(), Refused> {
    Library::read(bytes).and_then(|library| library.check()).map_err(Refused::Damaged)
}

fn word<const N: usize>(bytes: &[u8], at: u64) -> Checked<[u8; N]> {
    let at = usize::try_from(at).map_err(|_| "an offset")?;
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .ok_or("an offset leads past its end")
}

fn short(bytes: &[u8], at: u64) -> Checked<u64> {
    Ok(u16::from_ne_bytes(word(bytes, at)?).into())
}

fn int(bytes: &[u8], at: u64) -> Checked<u64> {
    Ok(u32::from_ne_bytes(word(bytes, at)?).into())
}

fn long(bytes: &[u8], at: u64) -> Checked<u64> {
    Ok(u64::from_ne_bytes(word(bytes, at)?))
}

impl<'b> Library<'b> {
    fn read(bytes: &'b [u8]) -> Checked<Self> {
        let (table, size, count) = (long(bytes, 32)?, short(bytes, 54)?, short(bytes, 56)?);
        if size != 56 {
            return Err("the size of its program headers");
        }
        let (mut segments, mut dynamic, mut others) = (Vec::<Segment>::new(), None, Vec::new());
        for number in 0..count {
            let at = table.checked_add(number * size).ok_or("its program headers")?;
            let kind = int(bytes, at)? as u32;
            let segment = Segment {
                flags: int(bytes, at + 4)? as u32,
                offset: long(bytes, at + 8)?,
                address: long(bytes, at + 16)?,
                in_file: long(bytes, at + 32)?,
                in_memory: long(bytes, at + 40)?,
            };
            let align = long(bytes, at + 48)?;
            let end = segment.address.checked_add(segment.in_memory);
            let fits =
                segment.in_file <= segment.in_memory && end.is_some_and(|end| end <= LARGEST);
            let is_aligned = align == 0
                || (align.is_power_of_two() && segment.address % align == segment.offset % align);
            match kind {
                PT_LOAD => {
                    let follows = segments
                        .last()
                        .is_none_or(|last| last.address + last.in_memory <= segment.address);
                    if !fits || !is_aligned || !follows {
                        return Err("its segments");
                    }
                    segments.push(segment);
                }
                PT_DYNAMIC => dynamic = Some(segment),
                PT_TLS | PT_NOTE | PT_GNU_PROPERTY | PT_GNU_RELRO if !fits => {
                    return Err("its segments");
                }
                // What is made zero behind a thread's variables is in no segment.
                PT_TLS => others.push((segment.address, segment.in_file, 0)),
                PT_NOTE | PT_GNU_PROPERTY => others.push((segment.address, segment.in_memory, 0)),
                PT_GNU_RELRO => others.push((segment.address, segment.in_memory, WRITABLE)),
                _ => {}
            }
        }
        let mut library = Self { bytes, segments, tags: Vec::new() };
        for (address, size, flags) in others {
            if library.memory(address, size, flags).is_none() {
                return Err("a segment in none that is loaded");
            }
        }
        let Segment { address, in_memory, .. } = dynamic.ok_or("it has no dynamic section")?;
        let start = library.file(address, in_memory).ok_or("its dynamic section")?;
        for number in 0..in_memory / 16 {
            let (tag, value) =
                (long(bytes, start + 16 * number)?, long(bytes, start + 16 * number + 8)?);
            if tag == 0 {
                return Ok(library);
            }
            library.tags.push((tag, value));
        }
        Err("its dynamic section has no end")
    }

    /// The last value with this tag, as the linker takes it.
    fn tag(&self, tag: u64) -> Option<u64> {
        self.tags.iter().rev().find(|(known, _)| *known == tag).map(|(_, value)| *value)
    }

    /// Where `size` bytes at `address` are in the file.
    fn file(&self, address: u64, size: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let into = address.checked_sub(segment.address)?;
            let fits = into <= segment.in_file && size <= segment.in_file - into;
            fits.then(|| segment.offset + into)
        })
    }

    /// Whether `size` bytes at `address` are in a segment with these flags.
    fn memory(&self, address: u64, size: u64, flags: u32) -> Option<()> {
        let found = self.segments.iter().find(|segment| {
            let into = address.checked_sub(segment.address);
            into.is_some_and(|into| into <= segment.in_memory && size <= segment.in_memory - into)
        })?;
        (found.flags & flags == flags).then_some(())
    }

    /// The table that two tags tell of: where in the file it is, and its size, a multiple of `unit`.
    fn table(
        &self,
        start: u64,
        size: u64,
        unit: u64,
        what: &'static str,
    ) -> Checked<Option<(u64, u64)>> {
        let (Some(start), Some(size)) = (self.tag(start), self.tag(size)) else {
            return if self.tag(start) == self.tag(size) { Ok(None) } else { Err(what) };
        };
        if !size.is_multiple_of(unit) {
            return Err(what);
        }
        if size == 0 {
            return Ok(None);
        }
        self.file(start, size).map(|at| Some((at, size))).ok_or(what)
    }

    fn check(&self) -> Checked {
        if self.tags.iter().any(|(tag, _)| STRANGE.contains(tag)) {
            return Err("a tag in its dynamic section");
        }
        let strings = self.table(DT_STRTAB, DT_STRSZ, 1, "its table of strings")?;
        let (strings, strings_size) = strings.ok_or("it has no table of strings")?;
        if self.bytes[(strings + strings_size - 1) as usize] != 0 {
            return Err("its table of strings has no end");
        }
        for (tag, value) in &self.tags {
            if [DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH].contains(tag) && *value >= strings_size
            {
                return Err("a name in its dynamic section");
            }
        }
        let symbols = self.check_symbols(strings_size)?;
        self.check_versions(symbols, strings_size)?;
        let initialisers = self.initialisers()?;
        let relocated = self.check_relocations(symbols, &initialisers)?;
        if initialisers.iter().any(|slot| !relocated.contains(slot)) {
            return Err("an initialiser that isn't relocated");
        }
        Ok(())
    }

    /// Checks symbols and hash tables; returns how many symbols there are.
    fn check_symbols(&self, strings_size: u64) -> Checked<u64> {
        let b = self.bytes;
        let start = self.tag(DT_SYMTAB).ok_or("it has no symbols")?;
        if self.tag(DT_SYMENT).is_some_and(|size| size != SYMBOL) {
            return Err("the size of its symbols");
        }
        let mut count = 0;
        if let Some(address) = self.tag(DT_HASH) {
            let what = "its hash table";
            let at = self.file(address, 8).ok_or(what)?;
            let (buckets, chains) = (int(b, at)?, int(b, at + 4)?);
            self.file(address, 8 + 4 * (buckets + chains)).ok_or(what)?;
            for index in 0..buckets + chains {
                if int(b, at + 8 + 4 * index)? >= chains.max(1) {
                    return Err(what);
                }
            }
            count = chains;
        }
        if let Some(address) = self.tag(DT_GNU_HASH) {
            count = count.max(self.check_gnu_hash(address)?);
        }
        let table = self.file(start, count.checked_mul(SYMBOL).ok_or("its symbols")?);
        let table = table.ok_or("its symbols")?;
        for number in 0..count {
            let at = table + number * SYMBOL;
            let (name, info) = (int(b, at)?, b[(at + 4) as usize]);
            let (section, value) = (short(b, at + 6)?, long(b, at + 8)?);
            if name >= strings_size {
                return Err("a symbol's name");
            }
            let (is_indirect, is_thread_local) = (info & 15 == 10, info & 15 == 6);
            let needs = if is_indirect { EXECUTABLE } else { 0 };
            // An absolute symbol isn't an address.
            let is_address = section != 0 && section != 0xfff1 && !is_thread_local;
            if is_address && self.memory(value, 0, needs).is_none() {
                return Err("a symbol's address");
            }
        }
        Ok(count)
    }

    fn check_gnu_hash(&self, address: u64) -> Checked<u64> {
        let (b, what) = (self.bytes, "its hash table");
        let at = self.file(address, 16).ok_or(what)?;
        let (buckets, first) = (int(b, at)?, int(b, at + 4)?);
        let (filter, shift) = (int(b, at + 8)?, int(b, at + 12)?);
        if buckets == 0 || !filter.is_power_of_two() || shift >= 64 {
            return Err(what);
        }
        let head = 16 + 8 * filter + 4 * buckets;
        let at = self.file(address, head).ok_or(what)? + 16 + 8 * filter;
        let mut last = first;
        for bucket in 0..buckets {
            let symbol = int(b, at + 4 * bucket)?;
            if symbol != 0 && symbol < first {
                return Err(what);
            }
            last = last.max(symbol);
        }
        if last == first && (0..buckets).all(|bucket| int(b, at + 4 * bucket) == Ok(0)) {
            return Ok(first);
        }
        // The chain of the last bucket ends with the last symbol.
        loop {
            let link = head + 4 * (last - first);
            let at = self.file(address.checked_add(link).ok_or(what)?, 4).ok_or(what)?;
            last += 1;
            if int(b, at)? & 1 == 1 {
                return Ok(last);
            }
        }
    }

    fn check_versions(&self, symbols: u64, strings_size: u64) -> Checked {
        let (b, what) = (self.bytes, "its versions");
        let mut highest = 1;
        for (table, number, is_needed) in
            [(DT_VERNEED, DT_VERNEEDNUM, true), (DT_VERDEF, DT_VERDEFNUM, false)]
        {
            let Some(mut address) = self.tag(table) else { continue };
            let count = self.tag(number).filter(|count| *count <= MOST_VERSIONS).ok_or(what)?;
            for entry in 0..count {
                // Where the first of the entry's names is, its length, and where the next entry is.
                let at = self.file(address, if is_needed { 16 } else { 20 }).ok_or(what)?;
                let (names, next) = match is_needed {
                    true if int(b, at + 4)? < strings_size => (int(b, at + 8)?, int(b, at + 12)?),
                    true => return Err(what),
                    false => {
                        highest = highest.max(short(b, at + 4)? & 0x7fff);
                        (int(b, at + 12)?, int(b, at + 16)?)
                    }
                };
                let of_entry = short(b, at + if is_needed { 2 } else { 6 })?;
                let mut address_of_name = address.checked_add(names).ok_or(what)?;
                for name in 0..of_entry {
                    let at =
                        self.file(address_of_name, if is_needed { 16 } else { 8 }).ok_or(what)?;
                    let (text, next) = match is_needed {
                        true => {
                            highest = highest.max(short(b, at + 6)? & 0x7fff);
                            (int(b, at + 8)?, int(b, at + 12)?)
                        }
                        false => (int(b, at)?, int(b, at + 4)?),
                    };
                    let goes_on = name + 1 < of_entry;
                    if text >= strings_size || (goes_on == (next == 0)) {
                        return Err(what);
                    }
                    address_of_name = address_of_name.checked_add(next).ok_or(what)?;
                }
                if (entry + 1 < count) == (next == 0) {
                    return Err(what);
                }
                address = address.checked_add(next).ok_or(what)?;
            }
        }
        if let Some(address) = self.tag(DT_VERSYM) {
            let at = self.file(address, 2 * symbols).ok_or(what)?;
            for symbol in 0..symbols {
                if short(b, at + 2 * symbol)? & 0x7fff > highest {
                    return Err(what);
                }
            }
        }
        Ok(())
    }

    /// Where the addresses of functions are that run when the library is loaded, or when the program ends.
    fn initialisers(&self) -> Checked<BTreeSet<u64>> {
        for tag in [DT_INIT, DT_FINI] {
            if self.tag(tag).is_some_and(|at| self.memory(at, 1, EXECUTABLE).is_none()) {
                return Err("an initialiser");
            }
        }
        let mut slots = BTreeSet::new();
        for (start, size) in [(DT_INIT_ARRAY, DT_INIT_ARRAYSZ), (DT_FINI_ARRAY, DT_FINI_ARRAYSZ)] {
            if let Some((_, size)) = self.table(start, size, 8, "its initialisers")? {
                let start = self.tag(start).unwrap_or(0);
                slots.extend((0..size / 8).map(|number| start + 8 * number));
            }
        }
        Ok(slots)
    }

    /// Checks the relocations; returns the places that get an address of code.
    fn check_relocations(
        &self,
        symbols: u64,
        initialisers: &BTreeSet<u64>,
    ) -> Checked<BTreeSet<u64>> {
        let (b, what) = (self.bytes, "its relocations");
        if self.tag(DT_RELAENT).is_some_and(|size| size != RELOCATION)
            || self.tag(DT_PLTREL).is_some_and(|kind| kind != DT_RELA)
        {
            return Err(what);
        }
        let mut relocated = BTreeSet::new();
        for (table, size) in [(DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)] {
            let Some((start, size)) = self.table(table, size, RELOCATION, what)? else { continue };
            let relative = self.tag(DT_RELACOUNT).filter(|_| table == DT_RELA).unwrap_or(0);
            if relative > size / RELOCATION {
                return Err(what);
            }
            for number in 0..size / RELOCATION {
                let at = start + number * RELOCATION;
                let (place, info, addend) = (long(b, at)?, long(b, at + 8)?, long(b, at + 16)?);
                let (kind, symbol) = (info as u32, info >> 32);
                let is_known = KNOWN.contains(&kind) && symbol < symbols.max(1);
                let must_be_relative = number < relative && kind != RELATIVE;
                if !is_known || must_be_relative {
                    return Err(what);
                }
                if kind != 0 && self.memory(place, 8, WRITABLE).is_none() {
                    return Err("a relocation's place");
                }
                let is_initialiser = initialisers.contains(&place);
                let needs = if is_initialiser || kind == INDIRECT { EXECUTABLE } else { 0 };
                let is_own = kind == RELATIVE || kind == INDIRECT;
                if is_own && self.memory(addend, 0, needs).is_none() {
                    return Err("a relocation's address");
                }
                if kind == RELATIVE || kind == DIRECT {
                    relocated.insert(place);
                }
            }
        }
        self.check_packed(initialisers, &mut relocated)?;
        Ok(relocated)
    }

    /// Relative relocations as a bit map (DT_RELR).
    fn check_packed(&self, initialisers: &BTreeSet<u64>, relocated: &mut BTreeSet<u64>) -> Checked {
        let what = "its packed relocations";
        let Some((start, size)) = self.table(DT_RELR, DT_RELRSZ, 8, what)? else { return Ok(()) };
        let mut next = 0u64;
        for number in 0..size / 8 {
            let entry = long(self.bytes, start + 8 * number)?;
            let mut add = |place: u64| -> Checked {
                self.memory(place, 8, WRITABLE).ok_or(what)?;
                if initialisers.contains(&place) {
                    let at = self.file(place, 8).ok_or(what)?;
                    self.memory(long(self.bytes, at)?, 1, EXECUTABLE).ok_or("an initialiser")?;
                }
                relocated.insert(place);
                Ok(())
            };
            if entry & 1 == 0 {
                add(entry)?;
                next = entry.checked_add(8).ok_or(what)?;
                continue;
            }
            for bit in (1..64).filter(|bit| entry >> bit & 1 == 1) {
                add(next.checked_add(8 * (bit - 1)).ok_or(what)?)?;
            }
            next = next.checked_add(8 * 63).ok_or(what)?;
        }
        Ok(())
    }
}
