//! Opens a plugin's library: the edge where a file becomes code.
//!
//! Two steps. [`read_header`] reads names and versions from the file alone, so that a foreign, damaged
//! or outdated file is refused with a sentence before any of its code runs. [`Loader::load`] then opens
//! the library, checks that both sides mean the same by the module, and reads the declarations. A library
//! is never closed.
//!
//! A plugin comes in one of three ways, which are tried in this order: as a stub whose code is in a library
//! of several, as a library with a described layout (the SDK makes those), or in plain C.

mod dynamic;
mod elf;
mod plain;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use abi::abi_stable::StableAbi;
use abi::abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi::abi_stable::library::AbiHeader;
use abi::abi_stable::type_layout::TypeLayout;
use abi::{
    ABI_MAJOR, ABI_MINOR, Code, Exported, Header, List, MAGIC, ModuleRef, OptionValue, Part, Parts,
    PlainEntry, SCHEMA_MAJOR, SCHEMA_MINOR, flag,
};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use replay_schema::{Call, Claimed, DeclarationError};
use sha2::{Digest, Sha256};

use crate::crash::InPlugin;
use crate::manifest::Pin;
use crate::settings::{Declared, Value, crossing};

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
    /// It says of itself what isn't so.
    #[error("the library is damaged: {0}")]
    Damaged(&'static str),
    /// A library, but no plugin.
    #[error("a library, but not a plugin: it doesn't export `{}`", abi::HEADER_SYMBOL)]
    NotAPlugin,
    /// A header, and nothing that it belongs to.
    #[error(
        "it has a plugin's header and no module: it exports neither `{}` nor `{}`",
        abi::MODULE_SYMBOL,
        abi::PLAIN_SYMBOL
    )]
    NoModule,
    /// A plugin's header with something wrong in it.
    #[error("its header is damaged: {0}")]
    Header(&'static str),
    /// Another ABI.
    #[error(
        "it was built for plugin ABI {major}.{minor}, this is {ABI_MAJOR}.{ABI_MINOR}: {}",
        remedy(*major, *minor)
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
    /// What it hands over as its module is none.
    #[error("its module makes no sense: {0}")]
    Module(String),
    /// A stub without its library.
    #[error("its code is in {}, which can't be used: {why}", path.display())]
    Code {
        /// The library.
        path: PathBuf,
        /// Why not.
        why: String,
    },
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
        "`{call}` is already provided by {by}; say which is to have it in the manifest, with \
         `[syscall.{call}] plugin = \"NAME\"` or a `priority` of one of the two"
    )]
    Taken {
        /// The call.
        call: String,
        /// The plugin that has it.
        by: String,
    },
    /// Another plugin of its folder has its name.
    #[error("another plugin is named `{name}` too, {}: take one of them away", other.display())]
    SameName {
        /// The name of both.
        name: String,
        /// The other one's file.
        other: PathBuf,
    },
    /// The manifest names a file that isn't there.
    #[error("it isn't there, and {place} names it")]
    NotThere {
        /// File, line and column of the manifest.
        place: String,
    },
    /// The manifest names its file, for another plugin: what it says of that would mean nothing.
    #[error("it is the plugin `{name}`, and {place} takes it for `{taken_for}`")]
    OtherName {
        /// The plugin's name.
        name: String,
        /// The name in the manifest.
        taken_for: String,
        /// File, line and column of the manifest.
        place: String,
    },
    /// Not the file that the manifest pins.
    #[error("its SHA-256 is {found}, not the pinned {pinned}")]
    Pin {
        /// As computed.
        found: Pin,
        /// As the manifest has it.
        pinned: Pin,
    },
    /// The manifest requires pins and has none for it.
    #[error(
        "the manifest requires pins and has none for it: to trust this file, add \
         `[plugin.{name}] sha256 = \"{found}\"`"
    )]
    NotPinned {
        /// The plugin's name.
        name: String,
        /// The file's SHA-256.
        found: Pin,
    },
    /// Others than root could change what root is to run.
    #[error("{0}; --allow-unsafe-plugins takes it all the same")]
    Unsafe(String),
    /// Its options make no sense.
    #[error("its options make no sense: {0}")]
    Options(String),
}

fn remedy(major: u16, minor: u16) -> &'static str {
    if (major, minor) > (ABI_MAJOR, ABI_MINOR) {
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

/// Reads the header of the plugin in file `path`, which is really at `real`, without loading it.
///
/// # Errors
/// Why the file is no plugin for this program.
pub fn read_header(path: &Path, real: &Path) -> Result<PluginHeader, Refused> {
    let wanted = [(abi::HEADER_SYMBOL, size_of::<Header>()), (abi::CODE_SYMBOL, size_of::<Code>())];
    let [header, code] = elf::read_symbols(path, wanted)?;
    let header = parse_header(&header.ok_or(Refused::NotAPlugin)?)?;
    let code = code.map(|bytes| parse_code(&bytes, real)).transpose()?;
    Ok(PluginHeader { code, ..header })
}

/// Where the code is, from the bytes of a [`Code`] of the stub that really is in file `stub`.
fn parse_code(bytes: &[u8], stub: &Path) -> Result<CodeFile, Refused> {
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
    let path = match beside.is_file() {
        true => beside,
        false => installed().find(|path| path.is_file()).unwrap_or(beside),
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

/// A plugin's code, loaded.
#[derive(Debug)]
pub struct Loaded {
    /// Its calls, in the order of its claims.
    pub calls: Vec<Arc<Call>>,
    /// What people may set of it.
    pub options: Vec<Declared>,
    configure: Option<ConfigureFn>,
}

type ConfigureFn = unsafe extern "C" fn(List<OptionValue>);

impl Loaded {
    /// Hands the plugin the values of its options, in their order.
    pub fn configure(&self, values: &[Value]) {
        if let Some(configure) = self.configure {
            let values = crossing(&self.options, values).leak();
            // SAFETY: the values, and the texts in them, stay for ever.
            unsafe { configure(List::new(values)) };
        }
    }
}

/// A module as it was read.
struct Read {
    calls: Vec<Call>,
    options: Vec<Declared>,
    configure: Option<ConfigureFn>,
}

/// Opens libraries, each of them once.
#[derive(Debug, Default)]
pub struct Loader {
    /// Libraries of several plugins that are open and checked.
    open: Mutex<BTreeMap<PathBuf, &'static [Part]>>,
}

impl Loader {
    /// Loads the plugin in file `path`, whose header was read before.
    ///
    /// # Errors
    /// Why its code isn't taken.
    pub fn load(&self, path: &Path, header: &PluginHeader) -> Result<Loaded, Refused> {
        let _in_plugin = InPlugin::loading(path);
        let Read { mut calls, options, configure } = match &header.code {
            Some(code) => described(self.part(code, &header.name)?.module)?,
            None => open(path)?,
        };
        let name: &str = header.name.clone().leak();
        for call in &mut calls {
            (call.plugin, call.is_stock) = (name, header.is_stock);
        }
        let claims: Vec<Claim> = calls
            .iter()
            .map(|call| Claim { extent: call.extent.clone(), syscalls: call.syscalls.clone() })
            .collect();
        if claims != header.claims {
            return Err(Refused::Claims { header: list(&header.claims), module: list(&claims) });
        }
        let calls = calls.into_iter().map(Arc::new).collect();
        Ok(Loaded { calls, options, configure })
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<PathBuf, &'static [Part]>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plugin called `name` in a library of several.
    fn part(&self, code: &CodeFile, name: &str) -> Result<Part, Refused> {
        let refused = |why: String| Refused::Code { path: code.path.clone(), why };
        let known = self.open().get(&code.path).copied();
        let parts = match known {
            Some(parts) => parts,
            None => {
                let parts = open_parts(code).map_err(|error| refused(error.to_string()))?;
                self.open().insert(code.path.clone(), parts);
                parts
            }
        };
        let named = |part: &&Part| {
            part.header.name.split(|byte| *byte == 0).next() == Some(name.as_bytes())
        };
        let part = parts.iter().find(named).copied();
        part.ok_or_else(|| refused(format!("it has no plugin `{name}`")))
    }
}

/// Opens the library of several plugins that `code` tells.
fn open_parts(code: &CodeFile) -> Result<&'static [Part], Refused> {
    let bytes = std::fs::read(&code.path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            std::io::Error::other("it isn't there; it is to be copied along with its plugins")
        }
        _ => error,
    })?;
    if Sha256::digest(&bytes)[..] != code.sha256 {
        let why = "it is damaged, or of another release than the plugin's file";
        return Err(Refused::NotALibrary(why.to_owned()));
    }
    drop(bytes);
    elf::read_symbols(&code.path, [])?;
    let library = open_library(&code.path)?;
    // SAFETY: the file is just what was made for these stubs, which have this under this name.
    let parts = unsafe { library.get::<*const Parts>(abi::PARTS_SYMBOL) };
    let parts = parts.map_err(|_| Refused::NotAPlugin)?;
    // SAFETY: as above; the library stays loaded.
    let parts: &'static Parts = unsafe { &**parts };
    std::mem::forget(library);
    check_layout(&parts.abi_stable, parts.layout)?;
    // SAFETY: the list is the library's own, which stays loaded.
    Ok(unsafe { parts.parts.items() })
}

/// Opens the library in file `path`.
fn open_library(path: &Path) -> Result<Library, Refused> {
    let absolute = std::path::absolute(path)?;
    let flags = RTLD_NOW | RTLD_LOCAL | libc::RTLD_NODELETE;
    // SAFETY: a plugin is trusted code: its initialisers run here. What was read of the file showed that it
    // is whole, is for this machine and means to be a plugin of this ABI.
    let library = unsafe { Library::open(Some(&absolute), flags) };
    library.map_err(|error| Refused::Linker(error.to_string()))
}

/// The module of the plugin whose code is in file `path` itself.
fn open(path: &Path) -> Result<Read, Refused> {
    dynamic::check(&std::fs::read(path)?)?;
    let library = open_library(path)?;
    // SAFETY: a file with a plugin's header exports a plugin's module under this name, if any.
    let exported = unsafe { library.get::<*const Exported>(abi::MODULE_SYMBOL) };
    if let Ok(exported) = exported {
        // SAFETY: the header's ABI version fixes the type; the library stays loaded.
        let exported: &'static Exported = unsafe { &**exported };
        std::mem::forget(library);
        check_layout(&exported.abi_stable, exported.layout)?;
        return described(exported.module);
    }
    // SAFETY: as above.
    let entry = unsafe { library.get::<PlainEntry>(abi::PLAIN_SYMBOL) };
    let entry = *entry.map_err(|_| Refused::NoModule)?;
    std::mem::forget(library);
    // SAFETY: the header's ABI version fixes what the function takes; the library stays loaded.
    unsafe { plain::read(entry) }
}

/// A module whose layout was checked.
fn described(module: ModuleRef) -> Result<Read, Refused> {
    // SAFETY: the layout was checked, and the library stays loaded.
    let calls = unsafe { (module.calls())().items() };
    let calls = calls.iter().map(|call| {
        // SAFETY: as above.
        let call = unsafe { Call::read(*call)? };
        Ok::<_, DeclarationError>(Call { last_words: module.last_words(), ..call })
    });
    let calls = calls.collect::<Result<_, _>>()?;
    let options = match module.options() {
        // SAFETY: as above.
        Some(options) => unsafe { Declared::read(options()) }.map_err(Refused::Options)?,
        None => Vec::new(),
    };
    Ok(Read { calls, options, configure: module.configure() })
}

/// Either side may be the older one: what one has at the end of a structure, the other may lack.
fn check_layout(abi_stable: &AbiHeader, theirs: &'static TypeLayout) -> Result<(), Refused> {
    if !abi_stable.is_valid() {
        return Err(Refused::Layout("another abi_stable".to_owned()));
    }
    let ours = <ModuleRef as StableAbi>::LAYOUT;
    if check_layout_compatibility(ours, theirs).is_ok() {
        return Ok(());
    }
    check_layout_compatibility(theirs, ours).map_err(|errors| Refused::Layout(errors.to_string()))
}

fn list(claims: &[Claim]) -> String {
    if claims.is_empty() {
        return "nothing".to_owned();
    }
    let claims = claims.iter().map(|Claim { extent, syscalls }| {
        let syscalls: Vec<_> = syscalls.iter().map(Claimed::to_string).collect();
        format!("{extent}={}", syscalls.join(","))
    });
    claims.collect::<Vec<_>>().join(" ")
}
