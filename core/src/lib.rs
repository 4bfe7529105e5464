//! Loads plugins, and replays the system calls of a trace through them.

pub mod loader;
pub mod manifest;
pub mod registry;
