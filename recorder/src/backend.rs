//! The choice of a backend, and the agent's way to the pipeline.

use std::io;

use crate::agent::merge::Merger;
use crate::agent::table::{Stops, Table};
use crate::agent::{self, Agent};
use crate::filter::Filter;
use crate::pipeline::Producer;
use crate::plan::Plans;
use crate::ptrace;

/// Calls after which a program gains by the agent: putting it in takes as long as so many stops.
pub const AGENT_AFTER: u32 = 40;

/// How calls are captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Backend {
    /// In the program where that can be done, supervised with ptrace(2)
    Agent,
    /// Every call stops at the recorder
    Ptrace,
    /// The agent if it can run, else ptrace; -v says which, and why
    #[default]
    Auto,
}

/// The backend that was chosen.
#[derive(Debug)]
pub struct Chosen {
    agent: Option<(Agent, Table)>,
    /// Why it is this one.
    pub why: String,
}

impl Backend {
    /// The backend for `plans`; what else was asked for may rule the agent out, as `obstacle` says, or want some calls
    /// to stop. The agent equips programs that have made `after` calls.
    ///
    /// # Errors
    /// The agent was asked for and can't run: why.
    pub fn choose(
        self,
        plans: &Plans,
        obstacle: Option<&'static str>,
        wanted: Stops,
        after: u32,
    ) -> Result<Chosen, String> {
        if self == Self::Ptrace {
            return Ok(Chosen { agent: None, why: "as asked".to_owned() });
        }
        let made = match obstacle.or_else(agent::obstacle) {
            Some(why) => Err(why.to_owned()),
            None => Agent::new(plans, wanted, after).map_err(|error| error.to_string()),
        };
        match (made, self) {
            (Ok(agent), Self::Agent) => {
                Ok(Chosen { agent: Some(agent), why: "as asked".to_owned() })
            }
            (Ok(agent), _) => Ok(Chosen { agent: Some(agent), why: "it can run here".to_owned() }),
            (Err(why), Self::Agent) => Err(why),
            (Err(why), _) => {
                Ok(Chosen { agent: None, why: format!("the agent can't run here: {why}") })
            }
        }
    }
}

impl Chosen {
    /// Its name.
    pub fn name(&self) -> &'static str {
        if self.agent.is_some() { "agent" } else { "ptrace" }
    }

    /// The filter of the programs: calls that nobody selected go through, if neither tracer nor agent has to
    /// know of them.
    pub fn filter(&self, plans: &Plans) -> Filter {
        match self.agent {
            Some(_) => Filter::new(Agent::unseen(plans), Some(Agent::gate())),
            None => {
                let is_needed = |number: &u32| ptrace::tells_of_signals(*number);
                Filter::new(plans.unseen().filter(|number| !is_needed(number)), None)
            }
        }
    }

    /// Puts the agent, if it is that one, between the tracer and `producer`: returns it, what its events
    /// go through before they get there, and what the tracer's do.
    ///
    /// # Errors
    /// There are no more threads.
    pub fn connect(
        self,
        plans: &Plans,
        producer: Producer,
    ) -> io::Result<(Option<Agent>, Option<Merger>, Producer)> {
        let Some((agent, table)) = self.agent else { return Ok((None, None, producer)) };
        let fetches = plans.all().iter().map(|plan| plan.call.fetches.len()).collect();
        let tracers = Producer::merged(agent.shared());
        let merger = Merger::start(agent.shared(), table.layouts, fetches, producer)?;
        Ok((Some(agent), Some(merger), tracers))
    }
}
