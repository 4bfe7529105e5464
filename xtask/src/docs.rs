//! The pages that are made from what the plugins declare.

use crate::cargo::{cargo, run};
use crate::{Result, dist};

/// Writes them.
///
/// # Errors
/// The plugins can't be built, or a page can't be written.
pub fn write() -> Result<()> {
    dist::for_tests()?;
    run(&mut cargo(&["run", "--quiet", "--package", "replay-tests", "--bin", "write-docs"]))
}
