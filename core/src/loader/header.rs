//! What a plugin says of itself before any code of it runs: names, versions and claims, read from its file.

use std::path::{Path, PathBuf};

use abi::{ABI_MAJOR, ABI_MINOR, Code, Header, MAGIC, SCHEMA_MAJOR, SCHEMA_MINOR, flag};
use replay_schema::Claimed;

use super::{Refused, elf};

/// A record type that a plugin has, and the system calls that are recorded in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name of the extent, without the common prefix.
    pub extent: String,
    /// The calls.
    pub syscalls: Vec<Claimed>,
}

impl Claim {
    /// The names that it has whole: of the calls that it doesn't have some calls of only, and of its extent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let whole = self.syscalls.iter().filter(|claimed| claimed.selector.is_none());
        whole.map(|claimed| &*claimed.call).chain([&*self.extent])
    }
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
    /// The record schema that it speaks.
    pub schema: (u16, u16),
    /// Whether it was built and tested together with the hosts of its release.
    pub is_stock: bool,
    /// Where its code is, if that isn't its own file.
    pub code: Option<CodeFile>,
}

/// The library that has a stub's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFile {
    /// Its path.
    pub path: PathBuf,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

/// Reads the header of the plugin in file `path`, which is really at `real`, without loading it. `is_file` says where
/// there are files.
///
/// # Errors
/// Why the file is no plugin for this program.
pub fn read_header(
    path: &Path,
    real: &Path,
    is_file: impl FnMut(&Path) -> bool,
) -> Result<PluginHeader, Refused> {
    let wanted = [(abi::HEADER_SYMBOL, size_of::<Header>()), (abi::CODE_SYMBOL, size_of::<Code>())];
    let [header, code] = elf::read_symbols(path, wanted)?;
    let header = parse_header(&header.ok_or(Refused::NotAPlugin)?)?;
    let code = code.map(|bytes| parse_code(&bytes, real, is_file)).transpose()?;
    Ok(PluginHeader { code, ..header })
}

/// Where the code is, from the bytes of a [`Code`] of the stub that really is in file `stub`.
fn parse_code(
    bytes: &[u8],
    stub: &Path,
    mut is_file: impl FnMut(&Path) -> bool,
) -> Result<CodeFile, Refused> {
    let path = &bytes[std::mem::offset_of!(Code, path)..];
    let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
    let path = std::str::from_utf8(&path[..end]).map(Path::new);
    let path = path.map_err(|_| Refused::Header("its library's path isn't text"))?;
    let is_beneath = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if path.as_os_str().is_empty() || !is_beneath {
        return Err(Refused::Header("its library isn't beneath its folder"));
    }
    // A stub may be reached by a link; its library is beneath the folder where it really is.
    let beside = stub.parent().unwrap_or(Path::new("/")).join(path);
    // One that was copied alone finds the library of this program's installation: the digest tells whether it
    // is the one.
    let installed = || installed_folders().map(|folder| folder.join(path)).into_iter();
    let path = match is_file(&beside) {
        true => beside,
        false => installed().find(|path| is_file(path)).unwrap_or(beside),
    };
    let sha256 = &bytes[std::mem::offset_of!(Code, sha256)..][..32];
    Ok(CodeFile { path, sha256: sha256.try_into().expect("32 bytes are 32 bytes") })
}

/// The folders in which an installation may have its plugins: as packages lay them out, beside the programs, and
/// beside the programs' folder.
pub fn installed_folders() -> [PathBuf; 3] {
    let program = std::env::current_exe().unwrap_or_default();
    let programs = program.parent().unwrap_or(Path::new(""));
    let prefix = programs.parent().unwrap_or(programs);
    [prefix.join("lib/replayer/plugins"), programs.join("plugins"), prefix.join("plugins")]
}

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
    let flags = &bytes[offset_of!(Header, flags)..][..4];
    let flags = u32::from_ne_bytes(flags.try_into().expect("4 bytes are 4 bytes"));
    let name_at = offset_of!(Header, name);
    let version_at = offset_of!(Header, version);
    let claims_at = offset_of!(Header, claims);
    let claims = text(claims_at, size_of::<Header>(), "its claims aren't text")?;
    let claims = claims.lines().map(|line| {
        let (extent, calls) = line.split_once('=').ok_or(Refused::Header("a claim has no `=`"))?;
        let syscalls = calls.split_terminator(',').map(str::parse);
        let syscalls = syscalls.collect::<Result<_, _>>().map_err(Refused::Header)?;
        Ok(Claim { extent: extent.to_owned(), syscalls })
    });
    Ok(PluginHeader {
        name: text(name_at, version_at, "its name isn't text")?.to_owned(),
        version: text(version_at, claims_at, "its version isn't text")?.to_owned(),
        claims: claims.collect::<Result<_, Refused>>()?,
        abi: (major, minor),
        schema,
        is_stock: flags & flag::STOCK != 0,
        code: None,
    })
}
