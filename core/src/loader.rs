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
mod header;
mod plain;
mod refused;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use abi::abi_stable::StableAbi;
use abi::abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi::abi_stable::library::AbiHeader;
use abi::abi_stable::type_layout::TypeLayout;
use abi::{Exported, List, ModuleRef, OptionValue, Part, Parts, PlainEntry};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use replay_schema::{Call, Claimed, DeclarationError};

pub use header::{Claim, CodeFile, PluginHeader, installed_folders, read_header};
pub use refused::Refused;

use crate::crash::InPlugin;
use crate::manifest::Pin;
use crate::registry::fingerprint;
use crate::settings::{Declared, Value, crossing};

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
    /// Libraries of several plugins that are open and checked, and the plugins by their names.
    open: Mutex<BTreeMap<PathBuf, Named>>,
}

type Named = Arc<HashMap<&'static [u8], Part>>;

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

    fn open(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Named>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plugin called `name` in a library of several.
    fn part(&self, code: &CodeFile, name: &str) -> Result<Part, Refused> {
        let refused = |why: String| Refused::Code { path: code.path.clone(), why };
        let mut open = self.open();
        let parts = match open.get(&code.path) {
            Some(parts) => parts.clone(),
            None => {
                let parts = open_parts(code).map_err(|error| refused(error.to_string()))?;
                let named = parts.iter().map(|part| {
                    let name = part.header.name.split(|byte| *byte == 0).next();
                    (name.unwrap_or_default(), *part)
                });
                // Of two of one name the first is meant.
                let named: Named = Arc::new(named.rev().collect());
                open.insert(code.path.clone(), named.clone());
                named
            }
        };
        drop(open);
        let part = parts.get(name.as_bytes()).copied();
        part.ok_or_else(|| refused(format!("it has no plugin `{name}`")))
    }
}

/// Opens the library of several plugins that `code` tells.
fn open_parts(code: &CodeFile) -> Result<&'static [Part], Refused> {
    let Pin(digest) = fingerprint(&code.path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            std::io::Error::other("it isn't there; it is to be copied along with its plugins")
        }
        _ => error,
    })?;
    if digest[..] != code.sha256 {
        let why = "it is damaged, or of another release than the plugin's file";
        return Err(Refused::NotALibrary(why.to_owned()));
    }
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
