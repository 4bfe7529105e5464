//! Opens a plugin's library: the edge where a file becomes code.
//!
//! Two steps. [`read_header`] reads names and versions from the file alone, so that a foreign, damaged
//! or outdated file is refused with a sentence before any of its code runs. [`load`] then opens the
//! library, checks that both sides mean the same by the module, and reads the declarations. A library
//! is never closed.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use abi::abi_stable::StableAbi;
use abi::abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi::{ABI_MAJOR, ABI_MINOR, Exported, Header, MAGIC, ModuleRef, SCHEMA_MAJOR, SCHEMA_MINOR};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol, ReadCache, ReadRef};
use replay_schema::{Call, DeclarationError};

/// Why a file isn't taken as a plugin.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file can't be read.
    #[error("{0}")]
    Unreadable(#[from] std::io::Error),
    /// Not a shared library for this machine.
    #[error("not a shared library for this machine ({0})")]
    NotALibrary(String),
    /// The file ends before what it says it holds.
    #[error("the library is cut off: {0}")]
    CutOff(String),
    /// A library, but no plugin.
    #[error("a library, but not a plugin: it doesn't export `{}`", abi::HEADER_SYMBOL)]
    NotAPlugin,
    /// A plugin's header with something wrong in it.
    #[error("its header is damaged: {0}")]
    Header(&'static str),
    /// Another ABI.
    #[error(
        "it was built for plugin ABI {major}.{minor}, this is {ABI_MAJOR}.{ABI_MINOR}: {}",
        remedy(*major)
    )]
    Abi {
        /// The plugin's major version.
        major: u16,
        /// The plugin's minor version.
        minor: u16,
    },
    /// Another record schema.
    #[error(
        "it speaks record schema {major}.{minor}, this is {SCHEMA_MAJOR}.{SCHEMA_MINOR}: \
         take a plugin and a program of the same release"
    )]
    Schema {
        /// The plugin's major version.
        major: u16,
        /// The plugin's minor version.
        minor: u16,
    },
    /// Says the versions fit, but its layout doesn't.
    #[error("its layout isn't that of plugin ABI {ABI_MAJOR}.{ABI_MINOR}: build it again")]
    Layout(String),
    /// The dynamic linker won't have it.
    #[error("it can't be loaded: {0}")]
    Linker(String),
    /// Its declaration makes no sense.
    #[error("its declaration makes no sense: {0}")]
    Declaration(#[from] DeclarationError),
    /// It claims one thing in its header and another in its module.
    #[error("its header claims {header}, its module {module}")]
    Claims {
        /// What the header says.
        header: String,
        /// What the module says.
        module: String,
    },
    /// Another plugin has the call already.
    #[error(
        "`{call}` is already provided by {by}; say which is to have it with \
         `[syscall.{call}] plugin = \"NAME\"` in the manifest"
    )]
    Taken {
        /// The call.
        call: String,
        /// The plugin that has it.
        by: String,
    },
    /// Not the file that the manifest pins.
    #[error("its SHA-256 is {found}, not the pinned {pinned}")]
    Pin {
        /// As computed.
        found: String,
        /// As the manifest has it.
        pinned: String,
    },
}

fn remedy(major: u16) -> &'static str {
    if major > ABI_MAJOR {
        "take a newer release of this program"
    } else {
        "build the plugin with the SDK of this release"
    }
}

/// A record type that a plugin has, and the system calls that are recorded in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name of the extent, without the common prefix.
    pub extent: String,
    /// Kernel names of the calls.
    pub syscalls: Vec<String>,
}

/// What a plugin's header says.
#[derive(Clone, Debug)]
pub struct PluginHeader {
    /// The plugin's name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// Its record types.
    pub claims: Vec<Claim>,
    /// The ABI that it was built for.
    pub abi: (u16, u16),
}

/// Reads the header of the plugin in file `path`, without loading it.
///
/// # Errors
/// Why the file is no plugin for this program.
pub fn read_header(path: &Path) -> Result<PluginHeader, Refused> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Refused::NotALibrary("not a regular file".to_owned()));
    }
    let cache = ReadCache::new(file);
    let not_a_library = |error: object::Error| Refused::NotALibrary(error.to_string());
    let elf = ElfFile64::<Endianness, _>::parse(&cache).map_err(not_a_library)?;
    let endian = elf.endian();
    let elf_header = elf.elf_header();
    if elf_header.e_machine(endian) != HOST_MACHINE
        || elf_header.e_type(endian) != object::elf::ET_DYN
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
        if offset.checked_add(size).is_none_or(|end| end > metadata.len()) {
            return Err(Refused::CutOff(format!(
                "it has {} bytes, and a segment of {size} at {offset}",
                metadata.len()
            )));
        }
    }
    let symbol = elf.dynamic_symbols().find(|symbol| symbol.name() == Ok(abi::HEADER_SYMBOL));
    let address = symbol.ok_or(Refused::NotAPlugin)?.address();
    let offset = loaded().find_map(|segment| {
        let (start, size) = segment.file_range(endian);
        let into = address.checked_sub(segment.p_vaddr(endian))?;
        (into < size).then(|| start + into)
    });
    let offset = offset.ok_or(Refused::Header("it lies outside of the file"))?;
    let bytes = (&cache).read_bytes_at(offset, size_of::<Header>() as u64);
    parse_header(bytes.map_err(|()| Refused::Header("it ends too early"))?)
}

#[cfg(target_arch = "x86_64")]
const HOST_MACHINE: object::elf::Machine = object::elf::EM_X86_64;
#[cfg(target_arch = "aarch64")]
const HOST_MACHINE: object::elf::Machine = object::elf::EM_AARCH64;

/// The header, from the bytes of a [`Header`].
fn parse_header(bytes: &[u8]) -> Result<PluginHeader, Refused> {
    use std::mem::offset_of;
    let version = |at: usize| {
        let short = |at: usize| u16::from_ne_bytes([bytes[at], bytes[at + 1]]);
        (short(at), short(at + 2))
    };
    let text = |from: usize, to: usize, what| {
        let room = &bytes[from..to];
        let end = room.iter().position(|byte| *byte == 0).ok_or(Refused::Header(what))?;
        std::str::from_utf8(&room[..end]).map_err(|_| Refused::Header(what))
    };
    if bytes[..MAGIC.len()] != MAGIC {
        return Err(Refused::Header("it doesn't begin as one"));
    }
    let (major, minor) = version(offset_of!(Header, abi_major));
    if major != ABI_MAJOR || minor > ABI_MINOR {
        return Err(Refused::Abi { major, minor });
    }
    let schema = version(offset_of!(Header, schema_major));
    if schema.0 != SCHEMA_MAJOR || schema.1 > SCHEMA_MINOR {
        return Err(Refused::Schema { major: schema.0, minor: schema.1 });
    }
    let name_at = offset_of!(Header, name);
    let version_at = offset_of!(Header, version);
    let claims_at = offset_of!(Header, claims);
    let claims = text(claims_at, size_of::<Header>(), "its claims aren't text")?;
    let claims = claims.lines().map(|line| {
        let (extent, calls) = line.split_once('=').ok_or(Refused::Header("a claim has no `=`"))?;
        let syscalls = calls.split_terminator(',').map(str::to_owned).collect();
        Ok(Claim { extent: extent.to_owned(), syscalls })
    });
    Ok(PluginHeader {
        name: text(name_at, version_at, "its name isn't text")?.to_owned(),
        version: text(version_at, claims_at, "its version isn't text")?.to_owned(),
        claims: claims.collect::<Result<_, Refused>>()?,
        abi: (major, minor),
    })
}

/// Loads the plugin in file `path`, whose header was read before, and returns its calls.
///
/// # Errors
/// Why its code isn't taken.
pub fn load(path: &Path, header: &PluginHeader) -> Result<Vec<Arc<Call>>, Refused> {
    let absolute = std::path::absolute(path)?;
    let flags = RTLD_NOW | RTLD_LOCAL | libc::RTLD_NODELETE;
    // SAFETY: a plugin is trusted code: its initialisers run here. The header showed that the file is
    // whole, is for this machine and means to be a plugin of this ABI.
    let library = unsafe { Library::open(Some(&absolute), flags) };
    let library = library.map_err(|error| Refused::Linker(error.to_string()))?;
    // SAFETY: a file with a plugin's header exports a plugin's module under this name.
    let exported = unsafe { library.get::<*const Exported>(abi::MODULE_SYMBOL) };
    let exported = exported.map_err(|_| Refused::NotAPlugin)?;
    // SAFETY: the header's ABI version fixes the type; the library stays loaded.
    let exported: &'static Exported = unsafe { &**exported };
    std::mem::forget(library);
    if !exported.abi_stable.is_valid() {
        return Err(Refused::Layout("another abi_stable".to_owned()));
    }
    check_layout(exported)?;
    // SAFETY: the layout was checked, and the library stays loaded.
    let calls = unsafe { (exported.module.calls())().items() };
    let calls = calls.iter().map(|call| {
        // SAFETY: as above.
        unsafe { Call::read(*call) }.map(Arc::new)
    });
    let calls: Vec<Arc<Call>> = calls.collect::<Result<_, _>>()?;
    let claims: Vec<Claim> = calls
        .iter()
        .map(|call| Claim { extent: call.extent.clone(), syscalls: call.syscalls.clone() })
        .collect();
    if claims != header.claims {
        return Err(Refused::Claims { header: list(&header.claims), module: list(&claims) });
    }
    Ok(calls)
}

/// Either side may be the older one: what one has at the end of a structure, the other may lack.
fn check_layout(exported: &'static Exported) -> Result<(), Refused> {
    let ours = <ModuleRef as StableAbi>::LAYOUT;
    if check_layout_compatibility(ours, exported.layout).is_ok() {
        return Ok(());
    }
    check_layout_compatibility(exported.layout, ours)
        .map_err(|errors| Refused::Layout(errors.to_string()))
}

fn list(claims: &[Claim]) -> String {
    if claims.is_empty() {
        return "nothing".to_owned();
    }
    let names = claims.iter().map(|claim| format!("{}={}", claim.extent, claim.syscalls.join(",")));
    names.collect::<Vec<_>>().join(" ")
}
