//! The code of all stock plugins in one library.
//!
//! A plugin per file that links everything statically weighs 400 KB, and 260 of them load in a tenth of a
//! second. So what people install has the code once, and in the plugin folder a [`stub`] of a few
//! kilobytes for each plugin: listed, copied, replaced and deleted like any other plugin.
//!
//! The sources are the plugins' own; nothing in them knows of this.

// The plugins' sources say `sdk`. Here that is this crate, which has all of the SDK, and one thing else.
extern crate self as sdk;
pub use replay_sdk::*;

pub mod stub;

/// The SDK's prelude, except that a plugin is exported as a part of this library.
pub mod prelude {
    pub use replay_sdk::export_part as export_plugin;
    pub use replay_sdk::prelude::*;
}

pub use plugins::PARTS;

use replay_sdk::abi::Parts;

#[allow(dead_code, reason = "a plugin's source may have what only its tests use")]
mod plugins {
    use replay_sdk::abi::Part;

    include!(concat!(env!("OUT_DIR"), "/plugins.rs"));
}

/// The plugins, for a host.
#[unsafe(no_mangle)]
pub static SYSCALL_PLUGIN_PARTS: Parts = replay_sdk::export::parts(PARTS);
