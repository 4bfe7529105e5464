//! What a replay would touch: `--dry-run`.
//!
//! Nothing of the trace is replayed. Its calls are followed by what the plugins declare of them and by what came of
//! them when they were recorded; of the disk it is asked only whether names are there that the trace makes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use replay_schema::{Call, Changes, Touch};

use crate::follow::Whereabouts;
use crate::record::What;
use crate::replay::{Options, ReplayError, is_kernels};
use crate::trace::{RecordType, Trace};
use crate::verify;

/// What would become of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// It is looked at.
    read: bool,
    /// It comes to be.
    made: bool,
    /// It was there, and is changed.
    changed: bool,
    /// It goes.
    removed: bool,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read, made, changed, removed } = *self;
        f.write_str(match (made, changed, removed) {
            (true, _, true) => "made, removed",
            (_, true, true) => "changed, removed",
            (false, false, true) => "removed",
            (true, _, false) => "made",
            (false, true, false) => "changed",
            (false, false, false) if read => "read",
            (false, false, false) => "",
        })
    }
}

/// What a replay would do.
#[derive(Clone, Debug, Default)]
pub struct Forecast {
    /// By path, as it is called on this machine.
    paths: BTreeMap<PathBuf, Fate>,
    /// Calls that would be made, and all.
    calls: (u64, u64),
    /// Calls on paths of which the trace doesn't tell where they lead.
    unknown: u64,
}

/// Finds out what a replay of `trace` would do.
///
/// # Errors
/// The trace is damaged, or the place isn't there.
pub fn dry_run(trace: &Trace, options: &Options) -> Result<Forecast, ReplayError> {
    let initial = &trace.story.initial;
    let mut whereabouts = Whereabouts::new(initial);
    let mut forecast = Forecast::default();
    let mut merge = trace.merge();
    while let Some(batch) = merge.next_batch()? {
        for record in &batch.records {
            let named = whereabouts.of(&trace.types, &batch, record);
            let What::Call(kind) = record.what else { continue };
            let ty = &trace.types[kind as usize];
            forecast.calls.1 += 1;
            let Some(call) = ty.call.as_ref().filter(|call| is_made(ty, call)) else { continue };
            let looks = verify::looks(ty, call, &batch, record) || !record.succeeded();
            forecast.unknown += u64::from(named.iter().any(|named| named.path.is_none()));
            let paths = named.into_iter().filter_map(|named| Some((named.path?, named.touch)));
            let paths: Vec<_> = paths.collect();
            let is_left = |path: &[u8]| {
                options.place.ignores(path) || is_kernels(path, options.place.root.is_some())
            };
            if paths.iter().any(|(path, _)| is_left(path))
                || options.read_only && !(looks || is_harmless(call))
            {
                continue;
            }
            forecast.calls.0 += 1;
            for (path, touch) in paths {
                let touch = if looks || is_harmless(call) { Touch::Looks } else { touch };
                let path = PathBuf::from(OsStr::from_bytes(&path));
                let path = options.place.full(&options.place.mapped(&path));
                forecast.touch(path, touch);
            }
        }
    }
    Ok(forecast)
}

fn is_made(ty: &RecordType, call: &Call) -> bool {
    ty.disabled.is_none() && !ty.lacks_columns && !call.is_simulated()
}

fn is_harmless(call: &Call) -> bool {
    call.changes_fs || matches!(call.changes, Changes::Nothing | Changes::Program)
}

impl Forecast {
    fn touch(&mut self, path: PathBuf, touch: Touch) {
        let fate = self.paths.entry(path).or_insert_with_key(|path| Fate {
            // A name that is there can't be made.
            changed: touch == Touch::Makes && path.symlink_metadata().is_ok(),
            ..Fate::default()
        });
        match touch {
            Touch::Looks => fate.read = true,
            Touch::Makes if fate.changed && !fate.removed => {}
            Touch::Makes => (fate.made, fate.removed) = (true, false),
            Touch::Removes => fate.removed = true,
            Touch::Call => fate.changed |= !fate.made,
        }
    }

    /// Writes a line for each path: what becomes of it, and the path.
    ///
    /// # Errors
    /// The output's. One that nobody reads any more is none.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let mut lines = self.paths.iter();
        let printed = lines.try_for_each(|(path, fate)| {
            writeln!(out, "{:<17} {}", fate.to_string(), path.display())
        });
        match printed.and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed,
        }
    }

    /// All of it in a sentence.
    pub fn line(&self) -> String {
        let count = |is: fn(&Fate) -> bool| self.paths.values().filter(|fate| is(fate)).count();
        let (made, changed) = (count(|fate| fate.made), count(|fate| fate.changed));
        let (removed, read) =
            (count(|fate| fate.removed), count(|fate| fate.to_string() == "read"));
        let unknown = match self.unknown {
            0 => String::new(),
            count => format!("; {count} calls are on paths that the trace doesn't tell"),
        };
        format!(
            "nothing was replayed: {} of {} calls would be made; of {} paths {made} made, {changed} changed, \
             {removed} removed, {read} only read{unknown}",
            self.calls.0,
            self.calls.1,
            self.paths.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_a_path_is_what_is_left_of_all_that_is_done_to_it() {
        use Touch::{Call, Looks, Makes, Removes};
        for (touches, fate) in [
            (&[Looks, Looks][..], "read"),
            (&[Looks, Makes, Call], "made"),
            (&[Makes, Call, Removes], "made, removed"),
            (&[Makes, Removes, Makes], "made"),
            (&[Call, Looks], "changed"),
            (&[Removes], "removed"),
            (&[Call, Removes], "changed, removed"),
        ] {
            let mut forecast = Forecast::default();
            let path = PathBuf::from("/nonexistent/file");
            touches.iter().for_each(|touch| forecast.touch(path.clone(), *touch));
            assert_eq!(forecast.paths[&path].to_string(), fate, "{touches:?}");
        }
        let mut forecast = Forecast::default();
        forecast.touch("/".into(), Makes);
        assert_eq!(forecast.paths[&PathBuf::from("/")].to_string(), "changed", "it is there");
    }
}
