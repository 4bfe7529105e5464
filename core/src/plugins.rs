//! `replayer plugins`: which plugins there are, what each of them knows, and what is wrong with a file.

mod describe;
mod doctor;
mod print;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::registry::{PluginOptions, Registry, RegistryError};
use describe::{Entry, Page};

/// Tell which plugins there are, what each of them knows, and what is wrong with one.
///
/// Exit status: 0; `doctor` ends with 1 if something is wrong; 2 if it couldn't be done.
#[derive(Debug, Parser)]
#[command(name = "replayer plugins", bin_name = "replayer plugins", max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Tell it as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    plugins: PluginOptions,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A line for each plugin that was found: name, version, calls, and whether it serves them [default]
    List {
        /// Print the SHA-256 of each as the manifest takes it
        #[arg(long)]
        pins: bool,
    },
    /// All that a plugin says of itself: columns, capture, roles, options
    Show {
        /// A plugin, a system call, or a record type
        name: String,
    },
    /// Load plugins in a process of their own, and say what is wrong and what to do
    Doctor {
        /// Libraries [default: all that are found]
        paths: Vec<PathBuf>,
    },
    /// What a doctor's other process does
    #[command(hide = true)]
    Probe { path: PathBuf },
}

/// Why it can't be told.
#[derive(Debug, thiserror::Error)]
pub enum PluginsError {
    /// The plugins.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Nothing has the name.
    #[error(
        "{name}: no plugin, system call or record type has that name; `replayer plugins list` has them all"
    )]
    UnknownName {
        /// The name.
        name: String,
    },
    /// A process can't be started.
    #[error("cannot start a process to look at plugins: {0}")]
    Process(#[source] std::io::Error),
    /// A file can't be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl Arguments {
    /// Tells what was asked for; returns the exit status.
    ///
    /// # Errors
    /// It can't be told.
    pub fn run(self) -> Result<u8, PluginsError> {
        match self.what.unwrap_or(What::List { pins: false }) {
            What::List { pins: true } => {
                let registry = Registry::survey(&self.plugins)?;
                for plugin in registry.plugins() {
                    let path = plugin.path.clone();
                    let pin = crate::registry::fingerprint(&path)
                        .map_err(|error| PluginsError::Unreadable { path, error })?;
                    let name = &plugin.header.name;
                    print::say(&format!("[plugin.{name:?}]\nsha256 = \"{pin}\"\n\n"));
                }
            }
            What::List { pins: false } => {
                let registry = Registry::survey(&self.plugins)?;
                let entries = Entry::all(&registry);
                if self.json {
                    print_json(&entries);
                } else {
                    print::list(&entries);
                    registry.notes().iter().for_each(|note| print::say(&format!("note: {note}\n")));
                }
            }
            What::Show { name } => {
                let registry = Registry::survey(&self.plugins)?;
                let page = Page::of(&registry, &name)?.ok_or(PluginsError::UnknownName { name })?;
                if self.json {
                    print_json(&page);
                } else {
                    print::page(&page);
                }
            }
            What::Doctor { paths } => {
                let paths = match paths.as_slice() {
                    [] => doctor::all(&self.plugins)?,
                    _ => paths,
                };
                return Ok(u8::from(!doctor::examine(&paths, self.json)?));
            }
            What::Probe { path } => print_json(&doctor::probe(&path)),
        }
        Ok(0)
    }
}

fn print_json(value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("all of it is text and numbers");
    print::say(&format!("{text}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
