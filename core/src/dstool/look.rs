//! What all commands share: checks, colour, notes and progress.

use std::io::{IsTerminal, stderr, stdout};

use clap::ValueEnum;
use dataseries::Checks;
use indicatif::{ProgressBar, ProgressStyle};

use super::output::size;

/// When colour is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The options of all commands.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "All commands")]
pub struct Look {
    /// Don't check header, checksums, offsets, index and tail
    #[arg(long, global = true)]
    no_checks: bool,
    /// Refuse extents that unpack to more than SIZE in one of their two parts
    #[arg(long, global = true, value_name = "SIZE", default_value = "1GiB", value_parser = size)]
    max_extent: u64,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// No notes and no progress bar; check tells of damaged files only
    #[arg(short, long, global = true)]
    quiet: bool,
}

impl Look {
    /// The checks to make.
    pub fn checks(&self) -> Checks {
        let checks = if self.no_checks { Checks::NONE } else { Checks::ALL };
        Checks { part_limit: self.max_extent, ..checks }
    }

    /// Whether nothing but findings is to be told.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Tells people something on standard error.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            eprintln!("dstool: {text}");
        }
    }

    /// Styles for standard output.
    pub fn paint(&self) -> Paint {
        let is_wanted = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                stdout().is_terminal() && !refused
            }
        };
        Paint { is_wanted }
    }

    /// A bar for `total` bytes; invisible if nobody watches, or if the output goes to the same
    /// terminal.
    pub fn progress(&self, total: u64, prints: bool) -> ProgressBar {
        if self.quiet || !stderr().is_terminal() || (prints && stdout().is_terminal()) {
            return ProgressBar::hidden();
        }
        let template = "{bar:40} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}";
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        ProgressBar::new(total).with_style(style)
    }
}

/// Colours text, or leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    is_wanted: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        match self.is_wanted {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Something good.
    pub fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Something bad.
    pub fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    /// Something that isn't important.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// A name.
    pub fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }
}
