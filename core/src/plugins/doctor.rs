//! What is wrong with a file that is to be a plugin.
//!
//! Loading a library runs code in it, and a single flipped byte can make that crash. So the doctor has another
//! process load it (`replayer plugins probe`, which people needn't know), and looks at what becomes of that.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::{PluginsError, print, print_json};
use crate::loader::{self, Loader, PluginHeader, Refused};
use crate::registry::{Places, PluginOptions, Registry};

/// A plugin that takes longer to load than this hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a probe found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Whether the plugin can be used.
    pub is_well: bool,
    /// What it is, or what is wrong with it.
    pub what: String,
    /// What to do, if something is wrong.
    pub remedy: Option<String>,
    /// What doesn't keep it from being used.
    pub warnings: Vec<String>,
}

impl Finding {
    fn ill(what: impl Into<String>, remedy: &str) -> Self {
        let (what, remedy) = (what.into(), Some(remedy.to_owned()));
        Self { is_well: false, what, remedy, warnings: Vec::new() }
    }
}

/// What was found in a file.
#[derive(Serialize)]
struct Diagnosis<'a> {
    path: &'a Path,
    #[serde(flatten)]
    finding: Finding,
}

/// All files that are found.
///
/// # Errors
/// None are.
pub fn all(options: &PluginOptions) -> Result<Vec<PathBuf>, PluginsError> {
    let registry = Registry::survey(options)?;
    let taken = registry.plugins().iter().map(|plugin| plugin.path.clone());
    let mut paths: Vec<_> =
        taken.chain(registry.aside().iter().map(|aside| aside.path.clone())).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Says what is wrong with each of the files `paths`; whether nothing is.
///
/// # Errors
/// No process can be started.
pub fn examine(paths: &[PathBuf], json: bool) -> Result<bool, PluginsError> {
    let mut diagnoses = Vec::new();
    for path in paths {
        let finding = from_outside(path).map_err(PluginsError::Process)?;
        diagnoses.push(Diagnosis { path, finding });
    }
    let all_well = diagnoses.iter().all(|diagnosis| diagnosis.finding.is_well);
    if json {
        print_json(&diagnoses);
        return Ok(all_well);
    }
    for Diagnosis { path, finding } in &diagnoses {
        let Finding { what, remedy, warnings, .. } = finding;
        let remedy = remedy.as_ref().map_or_else(String::new, |remedy| format!(": {remedy}"));
        print::say(&format!("{}: {what}{remedy}\n", path.display()));
        for warning in warnings {
            print::say(&format!("  warning: {warning}\n"));
        }
    }
    Ok(all_well)
}

/// What another process finds in file `path`.
fn from_outside(path: &Path) -> std::io::Result<Finding> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["plugins", "probe"]).arg(path);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    // A finding is shorter than a pipe's buffer, so the probe never waits for its reader.
    let status = wait(&mut child)?;
    let mut told = String::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut told).unwrap_or_default();
    }
    let Some(status) = status else {
        let what = format!("loading it took longer than {} s", PATIENCE.as_secs());
        return Ok(Finding::ill(
            what,
            "its initialisers, or its declaration, don't come to an end",
        ));
    };
    Ok(serde_json::from_str(&told).unwrap_or_else(|_| crashed(status)))
}

fn crashed(status: ExitStatus) -> Finding {
    let how = match status.signal() {
        Some(number) => match Signal::try_from(number) {
            Ok(signal) => format!("ended the process with {signal}"),
            Err(_) => format!("ended the process with signal {number}"),
        },
        None => format!("ended the process with status {}", status.code().unwrap_or(-1)),
    };
    Finding::ill(
        format!("loading it {how}"),
        "the file is damaged, or its initialisers are at fault; build or copy it again",
    )
}

/// Waits for `child`'s end; kills it when it takes too long.
fn wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// What this process finds in file `path`, if it survives.
pub fn probe(path: &Path) -> Finding {
    let mut places = Places::now();
    let ill = |refused: Refused| Finding::ill(refused.to_string(), remedy(&refused));
    let header = match loader::read_header(path, &places.real(path), Path::is_file) {
        Ok(header) => header,
        Err(refused) => return ill(refused),
    };
    // None of its code runs if it may be somebody else's.
    let code = header.code.as_ref().map(|code| code.path.as_path());
    if let Some(danger) =
        [Some(path), code].into_iter().flatten().find_map(|path| places.danger(path))
    {
        return Finding::ill(danger, "make it root's, for nobody else to write to");
    }
    let loaded = match Loader::default().load(path, &header) {
        Ok(loaded) => loaded,
        Err(refused) => return ill(refused),
    };
    let mut warnings: Vec<String> =
        loaded.calls.iter().flat_map(|call| call.warnings.iter().cloned()).collect();
    if loaded.calls.is_empty() {
        warnings.push("it provides no record type".to_owned());
    }
    let PluginHeader { name, version, abi, schema, claims, .. } = header;
    let calls = claims.iter().flat_map(|claim| &claim.syscalls).map(ToString::to_string);
    let calls: Vec<String> = calls.collect();
    let provides = if calls.is_empty() { "no call".to_owned() } else { calls.join(", ") };
    let what = format!(
        "well: plugin {name} {version}, ABI {}.{}, record schema {}.{}, provides {provides}",
        abi.0, abi.1, schema.0, schema.1
    );
    Finding { is_well: true, what, remedy: None, warnings }
}

/// What to do about it.
fn remedy(refused: &Refused) -> &'static str {
    match refused {
        Refused::Unreadable(_) => "name a file that can be read",
        Refused::NotALibrary(_) => "name a library that was built for this machine",
        Refused::CutOff(_) => "copy it again, whole",
        Refused::NotAPlugin => "a plugin's crate calls `export_plugin!`, and is a cdylib",
        Refused::Linker(_) => "build it again, on this system or an older one",
        // The sentence itself says what to do.
        Refused::Abi { .. } | Refused::Schema { .. } | Refused::Layout(_) => {
            "see docs/plugin-guide.md"
        }
        _ => "build it again",
    }
}
