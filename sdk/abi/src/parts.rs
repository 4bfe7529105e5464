//! Several plugins whose code is in one library.
//!
//! Each is a small file of its own all the same, a *stub*, so that people list, copy, replace and delete
//! plugins one by one. A stub exports its [`Header`] and, as [`CODE_SYMBOL`], which file has the code.
//! Nothing of a stub is ever run: a host reads both from the file, and opens the library.

use abi_stable::library::AbiHeader;
use abi_stable::type_layout::TypeLayout;

use crate::{Header, List, ModuleRef};

/// The symbol under which a stub exports its [`Code`].
pub const CODE_SYMBOL: &str = "SYSCALL_PLUGIN_CODE";

/// The symbol under which a library of several plugins exports its [`Parts`].
pub const PARTS_SYMBOL: &str = "SYSCALL_PLUGIN_PARTS";

/// Where a stub's code is, as 256 bytes without a pointer in them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Size of this structure in bytes.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// SHA-256 of the library: so a stub's own digest stands for its code too.
    pub sha256: [u8; 32],
    /// The library's path beneath the stub's folder, padded with NUL.
    pub path: [u8; 216],
}

/// A plugin in a library of several.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Part {
    /// Its header, as the stub has it.
    pub header: &'static Header,
    /// Its module.
    pub module: ModuleRef,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("header", self.header).finish_non_exhaustive()
    }
}

/// The plugins in a library, and what a host needs to check that both mean the same by a module.
#[repr(C)]
pub struct Parts {
    /// Which abi_stable described the layout.
    pub abi_stable: AbiHeader,
    /// Layout of the modules as the library was built.
    pub layout: &'static TypeLayout,
    /// The plugins.
    pub parts: List<Part>,
}
