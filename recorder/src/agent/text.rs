//! What was found in the programs' code: once for each file, and for each place where it is mapped.

use std::collections::HashMap;
use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::rc::Rc;

use super::x86_64::sites;
use super::x86_64::stubs::{self, Stub};
use super::x86_64::supervised::is_supervised;

/// The most code that is looked at in one piece.
const LARGEST: u64 = 512 << 20;

/// A piece of a file that is mapped, as /proc/PID/maps has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// Address behind it.
    pub end: u64,
    /// Executable, and private to the process.
    pub is_private_code: bool,
    /// Where in the file it begins.
    pub offset: u64,
    /// The file; 0 if there is none.
    pub inode: u64,
    /// The file's path, or what the kernel says.
    pub path: String,
}

/// The mappings of `pid`.
pub fn mappings(pid: i32) -> Vec<Mapping> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    maps.lines().filter_map(mapping).collect()
}

fn mapping(line: &str) -> Option<Mapping> {
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let access = fields.next()?;
    let offset = hex(fields.next()?)?;
    let inode = fields.nth(1)?.parse().ok()?;
    let path = fields.next().unwrap_or_default().trim_start().to_owned();
    Some(Mapping {
        start: hex(start)?,
        end: hex(end)?,
        is_private_code: access.ends_with("xp") && !access.contains('w'),
        offset,
        inode,
        path,
    })
}

/// What was found in a piece of code.
#[derive(Debug, Default)]
pub struct Found {
    /// Stubs for what can be rewritten, by where it is.
    pub stubs: Vec<Stub>,
    /// Calls that can't.
    pub left: usize,
    /// It sets the segment that the hook needs.
    pub sets_segment: bool,
}

impl Found {
    fn new(code: &[u8], functions: &[Range<usize>]) -> Self {
        let found = sites::find(code, functions, is_supervised);
        let mut left = found.left;
        let mut stubs = Vec::with_capacity(found.sites.len());
        for site in &found.sites {
            match Stub::new(site) {
                Some(stub) => stubs.push(stub),
                None => left += 1,
            }
        }
        Self { stubs, left, sets_segment: sites::sets_segment(code) }
    }

    /// Bytes that the stubs take.
    pub fn size(&self) -> u64 {
        (self.stubs.len() * stubs::SIZE) as u64
    }

    /// The stub whose site, or what was moved with it, is at `offset`.
    pub fn around(&self, offset: usize) -> Option<(usize, &Stub)> {
        let next = self.stubs.partition_point(|stub| stub.at <= offset);
        let number = next.checked_sub(1)?;
        let stub = &self.stubs[number];
        (offset < stub.at + stub.length).then_some((number, stub))
    }
}

/// What makes a file's code the same code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
    offset: u64,
    length: u64,
}

/// All that was found, by file.
#[derive(Debug, Default)]
pub struct Files {
    known: HashMap<Identity, Rc<Found>>,
}

impl Files {
    /// What is in `mapping`, whose code `read` gets.
    pub fn find(
        &mut self,
        pid: i32,
        mapping: &Mapping,
        read: impl FnOnce(u64, u64) -> Option<Vec<u8>>,
    ) -> Option<Rc<Found>> {
        let length = mapping.end - mapping.start;
        if length > LARGEST {
            return None;
        }
        // A deleted file, or one that was replaced, has another inode or none.
        let file = File::open(format!("/proc/{pid}/root{}", mapping.path)).ok();
        let metadata = file.as_ref().and_then(|file| file.metadata().ok());
        let metadata = metadata.filter(|metadata| metadata.ino() == mapping.inode);
        let identity = metadata.map(|metadata| Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            offset: mapping.offset,
            length,
        });
        if let Some(found) = identity.as_ref().and_then(|identity| self.known.get(identity)) {
            return Some(found.clone());
        }
        let code = read(mapping.start, length)?;
        let functions = match (&identity, &file) {
            (Some(_), Some(file)) => {
                functions(file, mapping.offset, length, &sites::candidates(&code))
                    .unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let found = Rc::new(Found::new(&code, &functions));
        if let Some(identity) = identity {
            self.known.insert(identity, found.clone());
        }
        Some(found)
    }
}

/// Where the functions that `wanted` are in begin and end, in the piece of `file` from `offset` on, as
/// `.eh_frame` says; all from the beginning of the piece.
fn functions(file: &File, offset: u64, length: u64, wanted: &[usize]) -> Option<Vec<Range<usize>>> {
    const LOAD: u32 = 1;
    const EH_FRAME: u32 = 0x6474_e550;
    const EXECUTABLE: u32 = 1;
    let read = |at: u64, length: usize| {
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, at).ok()?;
        Some(bytes)
    };
    let header = read(0, 64)?;
    if header[..5] != [0x7f, b'E', b'L', b'F', 2] {
        return None;
    }
    let (table, size, count) = (u64_at(&header, 32)?, u16_at(&header, 54)?, u16_at(&header, 56)?);
    let mut segments = Vec::new();
    let mut frames = None;
    // The address of the piece's first byte.
    let mut code = None;
    for number in 0..u64::from(count) {
        let header = read(table.checked_add(number * u64::from(size))?, 56)?;
        let word = |at| u64_at(&header, at);
        // Offset, address, size in the file.
        let (at, address, size) = (word(8)?, word(16)?, word(32)?);
        match u32::from_le_bytes(*header.first_chunk()?) {
            LOAD => {
                if u32_at(&header, 4)? & EXECUTABLE != 0
                    && offset + length > at
                    && offset < at + size
                {
                    code = Some(address.wrapping_add(offset.wrapping_sub(at)));
                }
                segments.push((at, address, size));
            }
            EH_FRAME => frames = Some((address, at, size)),
            _ => {}
        }
    }
    let (base, at, size) = frames?;
    let code = code?;
    let size = usize::try_from(size).ok().filter(|size| *size <= 64 << 20)?;
    let index = read(at, size)?;
    // Version 1; a count in 4 bytes; pairs relative to the index in 4 bytes each (LSB, "Exception frames").
    if index.get(..1)? != [1] || index.get(2..4)? != [0x03, 0x3b] {
        return None;
    }
    let count = u32_at(&index, 8)?;
    let pairs = index.get(12..)?.chunks_exact(8).take(count as usize).map(|pair| {
        let word = |at| u32_at(pair, at).map_or(0, |word| i64::from(word as i32));
        (base.wrapping_add_signed(word(0)), base.wrapping_add_signed(word(4)))
    });
    let pairs: Vec<_> = pairs.collect();
    let mut functions: Vec<Range<usize>> = Vec::new();
    for wanted in wanted {
        let address = code + *wanted as u64;
        let next = pairs.partition_point(|(start, _)| *start <= address);
        let Some((start, entry)) = next.checked_sub(1).map(|number| pairs[number]) else {
            continue;
        };
        let known = functions.last().is_some_and(|last| last.contains(wanted));
        if known || start < code {
            continue;
        }
        let segment =
            segments.iter().find(|(_, from, size)| entry >= *from && entry - from < *size);
        let Some((at, from, _)) = segment else { continue };
        // Length, parent, start, size: the last two in 4 bytes each, as compilers write it.
        let Some(words) = read(at + (entry - from), 16) else { continue };
        let relative = i64::from(u32_at(&words, 8)? as i32);
        let is_start = entry.wrapping_add(8).wrapping_add_signed(relative) == start;
        let size = u64::from(u32_at(&words, 12)?);
        if is_start && size <= length - (start - code) {
            functions.push((start - code) as usize..(start - code + size) as usize);
        }
    }
    Some(functions)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_maps_is_read() {
        let line = "7f00-8f00 r-xp 00026000 08:01 1234   /usr/lib/lib c.so (x)";
        let read = mapping(line).expect("it is one");
        assert_eq!(
            (read.start, read.end, read.offset, read.inode),
            (0x7f00, 0x8f00, 0x26000, 1234)
        );
        assert!(read.is_private_code);
        assert_eq!(read.path, "/usr/lib/lib c.so (x)");
        assert!(!mapping("7f00-8f00 rwxp 0 00:00 0 ").expect("it is one").is_private_code);
        assert_eq!(mapping("nonsense"), None);
    }

    #[test]
    fn this_programs_own_functions_are_known() {
        let pid = std::process::id() as i32;
        let all = mappings(pid);
        let here = mappings as fn(i32) -> Vec<Mapping> as usize as u64;
        let own = all.iter().find(|mapping| (mapping.start..mapping.end).contains(&here));
        let own = own.expect("this code is mapped");
        let file = File::open(&own.path).expect("the test is a file");
        let at = (here - own.start) as usize;
        let functions = functions(&file, own.offset, own.end - own.start, &[at + 1]);
        let functions = functions.expect("there is a table");
        assert!(functions.iter().any(|function| function.start == at));
    }
}
