//! What to do at each system call: the plugins' declarations, by call number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use replay_core::registry::{Registry, RegistryError};
use replay_schema::{Call, Fetch, Observed, Returns, Role, Selector, Source, Value};
use syscalls::Sysno;

use crate::paths::FileArguments;
use crate::select::{self, Selection};

/// One record type, and which of its fetches are made when.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The record type.
    pub call: Arc<Call>,
    /// Fetches to make when the call is entered, by number.
    pub entry: Vec<(usize, Fetch)>,
    /// Fetches to make when it has returned.
    pub exit: Vec<(usize, Fetch)>,
    /// The files that the call is on.
    pub files: FileArguments,
    /// Whether the kernel is to refuse the call.
    pub is_refused: bool,
    /// The paths that it is on.
    pub paths: Vec<PathColumn>,
    /// Columns that hold descriptors which it is on.
    descriptors: Vec<usize>,
}

/// A column that holds a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathColumn {
    /// Its number among the declared ones.
    pub column: usize,
    /// The column that holds the descriptor of the directory which it is looked up from.
    pub directory: Option<usize>,
}

impl Plan {
    fn new(call: Arc<Call>) -> Self {
        let numbered: Vec<_> = call.fetches.iter().copied().enumerate().collect();
        let (exit, entry) = numbered.into_iter().partition(|(_, fetch)| fetch.at_exit != 0);
        let (mut paths, mut descriptors, mut directory) = (Vec::new(), Vec::new(), None);
        for (column, declared) in call.columns.iter().enumerate() {
            match declared.role {
                Role::Descriptor => {
                    descriptors.push(column);
                    directory = Some(column);
                }
                // A directory's descriptor is declared before the path.
                Role::Path => paths.push(PathColumn { column, directory: directory.take() }),
                _ => {}
            }
        }
        let files = FileArguments::of(&call);
        let is_refused = call.refused.is_some();
        Self { call, entry, exit, files, is_refused, paths, descriptors }
    }

    /// The descriptors that the call is on.
    pub fn descriptors(&self, observed: &Observed<'_>) -> impl Iterator<Item = i32> {
        self.descriptors.iter().filter_map(|column| {
            match observed.value(&self.call.columns[*column]) {
                Value::Number(number) => Some(number as i32),
                _ => None,
            }
        })
    }

    /// The arguments that they are; none for one that is found elsewhere.
    pub fn descriptor_arguments(&self) -> impl Iterator<Item = Option<usize>> {
        let columns = self.descriptors.iter().map(|column| &self.call.columns[*column]);
        columns.flat_map(|column| column.sources.iter().map(Source::argument))
    }

    /// The first of them.
    pub fn descriptor(&self, observed: &Observed<'_>) -> Option<i32> {
        self.descriptors(observed).next()
    }

    /// Whether the call returns at all.
    pub fn returns(&self) -> bool {
        self.call.returns != Returns::Never
    }

    /// Whether the call makes a process or thread.
    pub fn creates_task(&self) -> bool {
        self.call.returns == Returns::Child
    }
}

/// The plans, by call number.
#[derive(Debug, Default)]
pub struct Plans {
    plans: Vec<Plan>,
    by_number: Vec<Option<u16>>,
    /// Those for some calls of a number, the first that takes a call; few numbers have any. None where these
    /// calls aren't to be recorded.
    selected: BTreeMap<u64, Vec<(Selector, Option<usize>)>>,
    /// The record types of all plugins, enabled or not: each is in the trace's type library.
    pub calls: Vec<Arc<Call>>,
    /// Which plan the record that starts a trace is of.
    pub start: Option<usize>,
    /// Which plan the records of what is stored through mappings are of.
    pub stored: Option<usize>,
    /// Which plan the records of what can be read through mappings are of.
    pub loaded: Option<usize>,
    /// What plugins claim and this machine's kernel doesn't have.
    pub unknown: Vec<String>,
    /// What can't be captured of the declarations.
    pub warnings: Vec<String>,
    /// Calls that a plugin has and somebody switched off.
    pub disabled: BTreeMap<u32, String>,
    /// Calls that a plugin has and nobody selected, by number.
    not_selected: BTreeSet<u64>,
    /// Those of them that needn't be seen.
    unseen: BTreeSet<u32>,
}

/// Why there are no plans.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The plugins.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A selection of what isn't there.
    #[error("-e trace: {0}")]
    NotThere(String),
}

impl Plans {
    /// The plans for the calls that `registry` has, that are enabled, and that `selections` select. Those of
    /// `allowed` aren't refused, whatever their plugins want.
    ///
    /// # Errors
    /// A plugin's code isn't taken, or something is selected or allowed that isn't there.
    pub fn new(
        registry: &Registry,
        selections: &[Selection],
        allowed: &[String],
    ) -> Result<Self, PlanError> {
        let mut plans = Self { warnings: registry.notes(), ..Self::default() };
        let mut by_extent = BTreeMap::new();
        for call in registry.extents()? {
            plans.warnings.extend(call.warnings.iter().cloned());
            if call.effects & abi::effect::STORED != 0 {
                plans.stored = Some(plans.plans.len());
            }
            if call.effects & abi::effect::LOADED != 0 {
                plans.loaded = Some(plans.plans.len());
            }
            by_extent.insert(call.extent.clone(), plans.plans.len());
            plans.plans.push(Plan::new(call.clone()));
            plans.calls.push(call);
        }
        let (syscalls, selected) = (registry.syscalls()?, registry.selected()?);
        for selection in selections {
            let some = selected.iter().map(|(name, _, call)| (*name, &**call));
            let calls = syscalls.iter().map(|(name, call)| (*name, &**call)).chain(some);
            if let Some(unknown) = selection.unknown(calls) {
                return Err(PlanError::NotThere(unknown));
            }
        }
        for name in allowed {
            let Some((_, call)) = syscalls.iter().find(|(call, _)| call == name) else {
                let (name, from) = (name.clone(), "--allow".to_owned());
                return Err(RegistryError::UnknownName { name, from }.into());
            };
            plans.plans[by_extent[&call.extent]].is_refused = false;
        }
        for (name, call) in syscalls {
            let plan = by_extent[&call.extent];
            let Ok(number) = name.parse::<Sysno>() else {
                plans.unknown.push(name.to_owned());
                continue;
            };
            if registry.syscall_enabled(name).is_err() {
                plans.disabled.insert(number as u32, name.to_owned());
                continue;
            }
            // The record that starts a trace is in every one.
            if call.starts_with_umask {
                plans.start = Some(plan);
            }
            if !select::selects(selections, name, &call) {
                plans.not_selected.insert(number as u64);
                if !call.cpus {
                    plans.unseen.insert(number as u32);
                }
                continue;
            }
            plans.set(number, plan);
        }
        for (name, selector, call) in selected {
            let Ok(number) = name.parse::<Sysno>() else {
                plans.unknown.push(name.to_owned());
                continue;
            };
            let is_wanted = select::selects(selections, name, &call);
            let plan = is_wanted.then(|| by_extent[&call.extent]);
            plans.selected.entry(number as u64).or_default().push((selector, plan));
        }
        plans.unseen.retain(|number| !plans.selected.contains_key(&u64::from(*number)));
        Ok(plans)
    }

    /// The plans for `calls`, whoever declares them.
    pub fn of(calls: Vec<Arc<Call>>) -> Self {
        let mut plans = Self::default();
        for (plan, call) in calls.iter().enumerate() {
            plans.plans.push(Plan::new(call.clone()));
            for number in call.syscalls.iter().filter_map(|claimed| claimed.call.parse().ok()) {
                plans.set(number, plan);
            }
        }
        plans.calls = calls;
        plans
    }

    fn set(&mut self, number: Sysno, plan: usize) {
        let index = number as usize;
        if self.by_number.len() <= index {
            self.by_number.resize(index + 1, None);
        }
        self.by_number[index] = Some(plan as u16);
    }

    /// The calls that a plugin has and nobody selected, by number.
    pub fn not_selected(&self) -> &BTreeSet<u64> {
        &self.not_selected
    }

    /// Those of them that the tracer needn't see for its own sake.
    pub fn unseen(&self) -> impl Iterator<Item = u32> + '_ {
        self.unseen.iter().copied()
    }

    /// Plan number `plan`.
    pub fn plan(&self, plan: usize) -> &Plan {
        &self.plans[plan]
    }

    /// All plans.
    pub fn all(&self) -> &[Plan] {
        &self.plans
    }

    /// The calls of which all or some are recorded: kernel number and name.
    pub fn names(&self) -> impl Iterator<Item = (u32, &'static str)> + '_ {
        let all = self.by_number.iter().enumerate().filter(|(_, plan)| plan.is_some());
        let some = self.selected.keys().filter_map(|number| usize::try_from(*number).ok());
        let numbers = all.map(|(number, _)| number).chain(some);
        numbers.filter_map(|number| Some((number as u32, Sysno::new(number)?.name())))
    }

    /// Bits of the arguments that the plan for kernel call `number` depends on.
    pub fn deciding(&self, number: u64) -> u8 {
        let selected = self.selected.get(&number).into_iter().flatten();
        selected.fold(0, |bits, (selector, _)| bits | 1 << selector.argument.min(7))
    }

    /// The plan for a kernel call of that number with these arguments.
    pub fn of_call(&self, number: u64, arguments: &[u64; 6]) -> Option<usize> {
        let selected = self.selected.get(&number);
        let mut selected = selected.into_iter().flatten();
        match selected.find(|(selector, _)| selector.takes(arguments)) {
            Some((_, plan)) => *plan,
            None => self.by_number(number),
        }
    }

    /// The plan for kernel call `number`, if none is for some of its calls.
    pub fn by_number(&self, number: u64) -> Option<usize> {
        let number = usize::try_from(number).ok()?;
        self.by_number.get(number).copied().flatten().map(usize::from)
    }
}

/// The name of kernel call `number`, or the number if it has none.
pub fn name_of(number: u64) -> String {
    let number = usize::try_from(number).ok();
    let known = number.and_then(Sysno::new).map(|sysno| sysno.name().to_owned());
    known.unwrap_or_else(|| format!("syscall {}", number.map_or(-1, |number| number as i64)))
}
