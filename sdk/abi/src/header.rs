//! The part of a plugin that is read before anything of it is trusted.

use abi_stable::library::AbiHeader;
use abi_stable::type_layout::TypeLayout;

use crate::ModuleRef;

/// The first bytes of every [`Header`].
pub const MAGIC: [u8; 16] = *b"syscall-plugin\r\n";

/// Raised when something that crosses changes or goes: plugins must be built again.
pub const ABI_MAJOR: u16 = 1;

/// Raised when something is added. A host takes every plugin of its major version whose minor
/// version isn't above its own.
///
/// 1.1: options, plain C plugins, stubs, what a plugin last panicked of.
pub const ABI_MINOR: u16 = 1;

/// Major version of the record schema (names and meaning of columns) that this ABI's plugins declare.
pub const SCHEMA_MAJOR: u16 = 1;

/// Minor version of the record schema: raised when columns or record types are added.
pub const SCHEMA_MINOR: u16 = 1;

/// The symbol under which a plugin exports its [`Header`].
pub const HEADER_SYMBOL: &str = "SYSCALL_PLUGIN_HEADER";

/// The symbol under which a plugin exports its [`Exported`] module.
pub const MODULE_SYMBOL: &str = "SYSCALL_PLUGIN_MODULE";

/// Bits of [`Header::flags`].
pub mod flag {
    /// Built and tested together with the hosts of its release: they don't look after each of its calls.
    pub const STOCK: u32 = 1;
}

const NAME_ROOM: usize = 64;
const VERSION_ROOM: usize = 32;
const CLAIMS_ROOM: usize = 896;

/// Names and versions of a plugin, as 1024 bytes without a pointer in them.
///
/// A host finds it by [`HEADER_SYMBOL`] and reads it straight from the file.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 16],
    /// Size of this structure in bytes.
    pub size: u32,
    /// [`ABI_MAJOR`] at the time the plugin was built.
    pub abi_major: u16,
    /// [`ABI_MINOR`] at the time the plugin was built.
    pub abi_minor: u16,
    /// [`SCHEMA_MAJOR`] at the time the plugin was built.
    pub schema_major: u16,
    /// [`SCHEMA_MINOR`] at the time the plugin was built.
    pub schema_minor: u16,
    /// See [`flag`]; an unknown bit means nothing.
    pub flags: u32,
    /// The plugin's name, padded with NUL.
    pub name: [u8; NAME_ROOM],
    /// The plugin's own version, padded with NUL.
    pub version: [u8; VERSION_ROOM],
    /// One line per record type, `extent=syscall,syscall\n`, padded with NUL. A type that no system
    /// call makes has none behind the `=`.
    pub claims: [u8; CLAIMS_ROOM],
}

impl Header {
    /// The header of a plugin; `claims` has a pair for each of its calls: the extent's name and the
    /// system calls that are recorded in it.
    ///
    /// # Panics
    /// If a text does not fit; evaluated at compile time, so a plugin with such a header doesn't build.
    pub const fn new(name: &str, version: &str, claims: &[(&str, &[&str])]) -> Self {
        let mut header = Self {
            magic: MAGIC,
            size: size_of::<Self>() as u32,
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            schema_major: SCHEMA_MAJOR,
            schema_minor: SCHEMA_MINOR,
            flags: 0,
            name: [0; NAME_ROOM],
            version: [0; VERSION_ROOM],
            claims: [0; CLAIMS_ROOM],
        };
        put(&mut header.name, 0, name);
        put(&mut header.version, 0, version);
        let mut at = 0;
        let mut claim = 0;
        while claim < claims.len() {
            let (extent, syscalls) = claims[claim];
            at = put(&mut header.claims, at, extent);
            at = put(&mut header.claims, at, "=");
            let mut syscall = 0;
            while syscall < syscalls.len() {
                if syscall > 0 {
                    at = put(&mut header.claims, at, ",");
                }
                at = put(&mut header.claims, at, syscalls[syscall]);
                syscall += 1;
            }
            at = put(&mut header.claims, at, "\n");
            claim += 1;
        }
        header
    }
}

/// Copies `text` to `room[at..]` and returns where it ends; one byte of padding always stays.
const fn put<const N: usize>(room: &mut [u8; N], at: usize, text: &str) -> usize {
    let bytes = text.as_bytes();
    assert!(
        at + bytes.len() < N,
        "the plugin's name, version or claims are too long for its header"
    );
    let mut i = 0;
    while i < bytes.len() {
        room[at + i] = bytes[i];
        i += 1;
    }
    at + bytes.len()
}

/// A plugin's root module together with what a host needs to check that both mean the same by it.
#[repr(C)]
pub struct Exported {
    /// Which abi_stable described the layout.
    pub abi_stable: AbiHeader,
    /// Layout of the module as the plugin was built.
    pub layout: &'static TypeLayout,
    /// The module itself.
    pub module: ModuleRef,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_one_line_per_record_type() {
        const HEADER: Header =
            Header::new("exit", "1.2.3", &[("exit", &["exit", "exit_group"]), ("x", &[])]);
        assert!(HEADER.claims.starts_with(b"exit=exit,exit_group\nx=\n\0"));
        assert!(HEADER.name.starts_with(b"exit\0"));
        assert!(HEADER.version.starts_with(b"1.2.3\0"));
    }
}
