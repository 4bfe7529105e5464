//! The pages that are made from what the plugins declare.

use crate::Result;
use crate::cargo::{cargo, run};

/// Writes them.
///
/// # Errors
/// The plugins can't be built, or a page can't be written.
pub fn write() -> Result<()> {
    run(&mut cargo(&["build", "--workspace", "--quiet"]))?;
    run(&mut cargo(&["run", "--quiet", "--package", "replay-tests", "--bin", "write-docs"]))
}
