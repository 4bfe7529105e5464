//! Writes the pages of `docs/` that are made from what the plugins declare; `cargo xtask docs` runs it.

use std::process::ExitCode;

use replay_tests::docs::{PAGES, Page};

fn main() -> ExitCode {
    for page in PAGES {
        if let Err(error) = write(page) {
            eprintln!("docs/{}: {error}", page.name);
            return ExitCode::FAILURE;
        }
        println!("docs/{}", page.name);
    }
    ExitCode::SUCCESS
}

fn write(page: &Page) -> Result<(), Box<dyn std::error::Error>> {
    Ok(std::fs::write(page.path(), page.text()?)?)
}
