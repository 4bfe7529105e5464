//! Replays a trace.
fn main() {}
