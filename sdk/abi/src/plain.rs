//! The way in for plugins that aren't written in Rust: plain C, without a described layout.
//!
//! Such a plugin exports its [`Header`](crate::Header) like any other, and beside it a function named
//! [`PLAIN_SYMBOL`]. A host calls that once; what it returns is read with the same care as everything
//! else, and stays in the plugin's memory for the life of the process. `sdk/include/replay_plugin.h`
//! says all of this in C; `cargo xtask header` writes it.

use crate::declaration::{Call, List};
use crate::options::{OptionDeclaration, OptionValue};

/// The symbol of a plain plugin's entry function, [`PlainEntry`]. Its number is [`crate::ABI_MAJOR`].
pub const PLAIN_SYMBOL: &str = "replay_plugin_v1";

/// Gives the host a plugin's module; null if the plugin doesn't want this host.
pub type PlainEntry = unsafe extern "C" fn(about: *const About) -> *const PlainModule;

/// Who asks for a module.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Bytes of this structure.
    pub size: u32,
    /// The host's [`crate::ABI_MAJOR`].
    pub abi_major: u16,
    /// The host's [`crate::ABI_MINOR`]; never below the one in the plugin's header.
    pub abi_minor: u16,
    /// Bytes of the host's [`crate::Host`]. All functions that the plugin's header file knows are there.
    pub host_size: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a plain plugin has.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PlainModule {
    /// Bytes of this structure, as the plugin was built.
    pub size: u32,
    /// Bytes of each of `calls`, as the plugin was built; what newer fields would follow are zero.
    pub call_size: u32,
    /// Its calls, in the order of the header's claims.
    pub calls: *const Call,
    /// Number of `calls`.
    pub call_count: usize,
    /// What people may set of it.
    pub options: List<OptionDeclaration>,
    /// Takes the options' values, as [`Module::configure`](crate::Module::configure) does; null if there are
    /// none.
    pub configure: Option<unsafe extern "C" fn(values: List<OptionValue>)>,
}

// SAFETY: a module is constant data, and what its pointer leads to is too.
unsafe impl Sync for PlainModule {}
