//! Real applications: recorded with all their files, prepared in a fresh root from the trace alone, replayed there
//! with every check, and the trees compared.

mod run;
mod table;
mod told;
#[path = "../../tests/src/tree.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::cargo::{root, run, target};
use crate::{Result, bench, dist};
use run::Outcome;

/// Which applications to run, and how.
#[derive(clap::Args)]
pub struct Arguments {
    /// A rung (1 to 5), or a part of a name; all if none is given
    pub which: Option<String>,
    /// Only those that CI has time for
    #[arg(long)]
    pub ci: bool,
    /// Record with this backend
    #[arg(long, value_name = "BACKEND")]
    pub backend: Option<String>,
    /// Write docs/applications.md
    #[arg(long)]
    pub write: bool,
    /// Use a debug build, as the tests do
    #[arg(long)]
    pub debug: bool,
    /// Keep the scratch folders: trace, prepared root, logs
    #[arg(long)]
    pub keep: bool,
    /// Don't install Debian packages: pass over applications that lack one, and say so
    #[arg(long)]
    pub no_install: bool,
}

/// An application, as the table has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    name: String,
    rung: u8,
    packages: Vec<String>,
    /// Programs that no package is named for.
    #[serde(default)]
    needs: Vec<String>,
    /// Who runs it, if that mustn't be root.
    #[serde(default)]
    user: String,
    setup: String,
    run: String,
    /// Rules by which divergences are tolerated.
    #[serde(default)]
    tolerate: Vec<String>,
    /// Files of the tree that can't be equal, and why: names with `*`.
    #[serde(default)]
    differs: Vec<String>,
    /// What a replay can't reproduce of it.
    #[serde(default)]
    limits: String,
    /// Whether it is replayed with sockets of the network too (`--net loopback`).
    #[serde(default)]
    network: bool,
    /// Whether CI runs it.
    #[serde(default)]
    ci: bool,
}

#[derive(Deserialize)]
struct Table {
    application: Vec<Application>,
}

impl Application {
    /// Its name as a folder's.
    fn folder(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        self.name.chars().map(plain).collect()
    }

    /// Whether `which`, a rung or a part of a name, asks for it.
    fn is(&self, which: &str) -> bool {
        which.parse().map_or_else(|_| self.name.contains(which), |rung: u8| rung == self.rung)
    }
}

/// The applications of the tables: those of the ladder, and others.
///
/// # Errors
/// A table makes no sense.
fn applications() -> Result<Vec<Application>> {
    let tables = [
        ("table.toml", include_str!("apps/table.toml")),
        ("others.toml", include_str!("apps/others.toml")),
    ];
    let mut all = Vec::new();
    for (name, text) in tables {
        let table: Table =
            toml::from_str(text).map_err(|error| format!("xtask/src/apps/{name}: {error}"))?;
        all.extend(table.application);
    }
    Ok(all)
}

/// The programs that are tried out.
pub struct Tools {
    bin: PathBuf,
    plugins: PathBuf,
    backend: Option<String>,
    /// Whether time is short.
    is_brief: bool,
}

/// Runs the applications that were asked for.
///
/// # Errors
/// One can't be run, or its replay isn't faithful.
pub fn run_all(arguments: &Arguments) -> Result<()> {
    let which = arguments.which.as_deref();
    let chosen = applications()?;
    let (chosen, left): (Vec<_>, Vec<_>) = chosen
        .into_iter()
        .filter(|one| which.is_none_or(|which| one.is(which)))
        .partition(|one| one.ci || !arguments.ci);
    if !left.is_empty() {
        let left: Vec<_> = left.iter().map(|one| one.name.as_str()).collect();
        eprintln!("NOT RUN in CI: {}", left.join(", "));
    }
    if chosen.is_empty() {
        return Err(format!("no application is called {}", which.unwrap_or_default()));
    }
    let tools = tools(arguments)?;
    let outcomes = run_each(&chosen, &tools, arguments.keep, arguments.no_install)?;
    let text = table::text(&outcomes, &bench::machine());
    println!("\n{text}");
    if arguments.write {
        let path = root().join("docs/applications.md");
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    verdict(&outcomes)
}

fn tools(arguments: &Arguments) -> Result<Tools> {
    let (backend, is_brief) = (arguments.backend.clone(), arguments.ci);
    if arguments.debug {
        dist::for_tests()?;
        let bin = target().join("debug");
        return Ok(Tools { plugins: bin.join("plugins-under-test"), bin, backend, is_brief });
    }
    let dist = dist::lay_out()?;
    Ok(Tools { bin: dist.join("bin"), plugins: dist.join("plugins"), backend, is_brief })
}

fn run_each(
    chosen: &[Application],
    tools: &Tools,
    keep: bool,
    no_install: bool,
) -> Result<Vec<Outcome>> {
    if !no_install {
        install(chosen)?;
    }
    let base = std::env::temp_dir().join(format!("replay-apps-{}", std::process::id()));
    fs::create_dir_all(&base).map_err(|error| format!("{}: {error}", base.display()))?;
    let mut outcomes = Vec::new();
    for application in chosen {
        eprint!("{} … ", application.name);
        let missing = missing(application);
        let outcome = match missing.as_slice() {
            [] => run::run(application, tools, &base.join(application.folder())),
            missing => Outcome::passed_over(application, &missing.join(", ")),
        };
        eprintln!("{}", outcome.verdict());
        for problem in &outcome.problems {
            eprintln!("    {problem}");
        }
        if !keep {
            let _ = fs::remove_dir_all(base.join(application.folder()));
        }
        outcomes.push(outcome);
    }
    match keep {
        true => eprintln!("kept: {}", base.display()),
        false => drop(fs::remove_dir_all(&base)),
    }
    Ok(outcomes)
}

fn verdict(outcomes: &[Outcome]) -> Result<()> {
    let bad: Vec<_> =
        outcomes.iter().filter(|one| !one.is_good()).map(|one| one.name.as_str()).collect();
    match bad.as_slice() {
        [] => Ok(()),
        bad => Err(format!("not replayed as recorded: {}", bad.join(", "))),
    }
}

/// Whether Debian package `package` is installed.
fn is_installed(package: &str) -> bool {
    let status = Command::new("dpkg-query").args(["-W", "-f=${Status}", package]).output();
    status.is_ok_and(|output| output.stdout == b"install ok installed")
}

fn has_program(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// What `application` needs and isn't there.
fn missing(application: &Application) -> Vec<String> {
    let packages = application.packages.iter().filter(|package| !is_installed(package));
    let programs = application.needs.iter().filter(|program| !has_program(program));
    packages.chain(programs).cloned().collect()
}

/// Installs the packages that are missing. Servers among them aren't started.
fn install(chosen: &[Application]) -> Result<()> {
    let wanted: BTreeSet<&String> = chosen.iter().flat_map(|one| &one.packages).collect();
    let missing: Vec<_> = wanted.into_iter().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let policy = Path::new("/usr/sbin/policy-rc.d");
    let is_ours = !policy.exists() && write_policy(policy).is_ok();
    let mut install = Command::new("apt-get");
    install.args(["install", "-q", "-y", "--no-install-recommends"]).args(&missing);
    let update = run(Command::new("apt-get").args(["update", "-q"]));
    let done = update.and_then(|()| run(install.env("DEBIAN_FRONTEND", "noninteractive")));
    if is_ours {
        let _ = fs::remove_file(policy);
    }
    done
}

/// Says that no service is to be started (invoke-rc.d(8)).
fn write_policy(policy: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(policy, "#!/bin/sh\nexit 101\n")?;
    fs::set_permissions(policy, fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed_and_names_are_of_one_application_each() {
        let all = applications().expect("the table is well-formed");
        let names: BTreeSet<_> = all.iter().map(Application::folder).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().all(|one| (1..=5).contains(&one.rung) && !one.run.trim().is_empty()));
        assert!(all.iter().filter(|one| !one.differs.is_empty()).all(|one| !one.limits.is_empty()));
    }

    #[test]
    fn a_number_asks_for_a_rung_and_a_text_for_names() {
        let all = applications().expect("the table is well-formed");
        let asked = |which| all.iter().filter(move |one| one.is(which));
        assert!(asked("3").count() > 0 && asked("3").all(|one| one.rung == 3));
        assert!(asked("sqlite3").count() > 1 && asked("sqlite3").all(|one| one.rung == 2));
    }
}
