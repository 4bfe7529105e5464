//! Loads plugins, and replays the system calls of a trace through them.

pub mod loader;
pub mod manifest;
pub mod pattern;
pub mod record;
pub mod registry;
pub mod show;
pub mod trace;
pub mod verify;
