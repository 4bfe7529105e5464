//! Tests from outside: real programs recorded, replayed and compared. Run them with `cargo xtask test`,
//! which builds the programs and plugins that they use.
//!
//! The tests that stand beside the plugins' code run here too, all in one binary.

pub mod built;
pub mod case;
pub mod docs;
pub mod families;
pub mod folder;
pub mod forge;
pub mod original;
pub mod outside;
pub mod rows;
pub mod strace;
pub mod tool;
pub mod trace;
pub mod tree;
pub mod users;

#[cfg(test)]
#[allow(dead_code, reason = "without hosts nobody calls what a plugin exports")]
mod plugins {
    include!(concat!(env!("OUT_DIR"), "/plugins.rs"));
}
