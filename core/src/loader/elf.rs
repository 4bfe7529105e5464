//! What is read of a library's file before the dynamic linker may have it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endian, Endianness, Object, ObjectSymbol, ReadCache, ReadRef};

use super::Refused;

/// Files up to this size are read at once.
const SMALL: u64 = 64 << 10;

#[cfg(target_arch = "x86_64")]
const HOST_MACHINE: object::elf::Machine = object::elf::EM_X86_64;
#[cfg(target_arch = "aarch64")]
const HOST_MACHINE: object::elf::Machine = object::elf::EM_AARCH64;

/// Checks that file `path` is a whole shared library for this machine, and returns the bytes of those of
/// `symbols` that it exports, each with the size that is asked for.
///
/// # Errors
/// It isn't.
pub fn read_symbols<const N: usize>(
    path: &Path,
    symbols: [(&str, usize); N],
) -> Result<[Option<Vec<u8>>; N], Refused> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Refused::NotALibrary("not a regular file".to_owned()));
    }
    let length = metadata.len();
    if length <= SMALL {
        let mut bytes = Vec::with_capacity(length as usize);
        (&mut file).take(SMALL).read_to_end(&mut bytes)?;
        return symbols_of(&bytes[..], bytes.len() as u64, symbols);
    }
    symbols_of(&ReadCache::new(file), length, symbols)
}

fn symbols_of<'d, R: ReadRef<'d>, const N: usize>(
    data: R,
    length: u64,
    symbols: [(&str, usize); N],
) -> Result<[Option<Vec<u8>>; N], Refused> {
    let not_a_library = |error: object::Error| Refused::NotALibrary(error.to_string());
    let elf = ElfFile64::<Endianness, _>::parse(data).map_err(not_a_library)?;
    let endian = elf.endian();
    let header = elf.elf_header();
    if header.e_machine(endian) != HOST_MACHINE
        || header.e_type(endian) != object::elf::ET_DYN
        || endian.is_big_endian() != cfg!(target_endian = "big")
    {
        return Err(Refused::NotALibrary("an ELF file of another kind".to_owned()));
    }
    let loaded = || {
        let segments = elf.elf_program_headers().iter();
        segments.filter(|segment| segment.p_type(endian) == object::elf::PT_LOAD)
    };
    // The linker maps what the program headers say; past the end of the file that is a SIGBUS.
    for segment in loaded() {
        let (offset, size) = segment.file_range(endian);
        if offset.checked_add(size).is_none_or(|end| end > length) {
            return Err(Refused::CutOff(format!(
                "it has {length} bytes, and a segment of {size} at {offset}"
            )));
        }
    }
    let bytes_at = |address: u64, wanted: usize| {
        let offset = loaded().find_map(|segment| {
            let (start, size) = segment.file_range(endian);
            let into = address.checked_sub(segment.p_vaddr(endian))?;
            (into < size && wanted as u64 <= size - into).then(|| start + into)
        })?;
        Some(data.read_bytes_at(offset, wanted as u64).ok()?.to_vec())
    };
    let mut found = [const { None }; N];
    for symbol in elf.dynamic_symbols() {
        let Ok(name) = symbol.name() else { continue };
        if let Some(which) = symbols.iter().position(|(wanted, _)| *wanted == name)
            && symbol.is_definition()
        {
            let bytes = bytes_at(symbol.address(), symbols[which].1);
            found[which] = Some(bytes.ok_or(Refused::Header("it lies outside of the file"))?);
        }
    }
    Ok(found)
}
