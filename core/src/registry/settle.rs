//! Who has which call, where several plugins claim one.
//!
//! Claims are in each other's way if they are for one extent, for one system call, or for calls of one that
//! both select. Of such claims one stands, and this decides which, the first word first:
//!
//! 1. `[syscall.NAME] plugin = "…"` in the manifest, for a call or an extent;
//! 2. one that is enabled stands before one that is switched off;
//! 3. the higher `[plugin.NAME] priority`; 0 where the manifest has none.
//!
//! Where all of it is the same, and they aren't switched off, the later one is refused by name. A claim to some
//! of a call's calls (`ioctl:1=0x6600/0xff00`) is in nobody's way who claims the whole call, or fewer of its
//! calls: the narrower one is asked first.

use std::cmp::Reverse;

use replay_schema::Claimed;

use super::Config;
use crate::loader::{Claim, PluginHeader};

/// A claim: the plugin's number, and which of its claims it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Number of the plugin.
    pub plugin: usize,
    /// Number of its claim.
    pub claim: usize,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It stands: the plugin serves these calls.
    Serves,
    /// Another plugin serves them.
    Yields {
        /// Number of that plugin.
        to: usize,
        /// Why.
        why: String,
    },
    /// Nothing says which of the two is to serve `call`.
    Tie {
        /// Number of the other plugin.
        with: usize,
        /// The call or extent that both claim.
        call: String,
    },
}

/// What decides between claims; the greater one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_chosen: bool,
    is_enabled: bool,
    priority: i64,
}

/// What becomes of the claims of `plugins`, each in its plugin's order.
pub fn settle(plugins: &[&PluginHeader], config: &Config) -> Vec<Vec<Standing>> {
    let mut contenders = Vec::new();
    for (plugin, header) in plugins.iter().enumerate() {
        for claim in 0..header.claims.len() {
            let owner = Owner { plugin, claim };
            contenders.push((rank(header, claim, config), owner));
        }
    }
    // Those of one rank stay in the order in which the plugins were found.
    contenders.sort_by_key(|(rank, _)| Reverse(*rank));
    let claim = |owner: Owner| &plugins[owner.plugin].claims[owner.claim];
    let mut standings: Vec<Vec<Standing>> =
        plugins.iter().map(|header| vec![Standing::Serves; header.claims.len()]).collect();
    let mut taken: Vec<(Rank, Owner)> = Vec::new();
    let mut by_name = Names::default();
    for (rank, owner) in contenders {
        let mine = claim(owner);
        let rivals = by_name.rivals(mine).into_iter().map(|index| taken[index]);
        let mut conflicts = rivals.filter_map(|(theirs, rival)| {
            conflict(mine, claim(rival)).map(|call| (theirs, rival, call))
        });
        let standing = match conflicts.next() {
            None => {
                by_name.add(mine, taken.len());
                taken.push((rank, owner));
                continue;
            }
            Some((theirs, rival, call)) if theirs == rank && rank.is_enabled => {
                Standing::Tie { with: rival.plugin, call }
            }
            Some((theirs, rival, _)) => {
                Standing::Yields { to: rival.plugin, why: reason(theirs, rank) }
            }
        };
        standings[owner.plugin][owner.claim] = standing;
    }
    standings
}

/// Which claims were taken, by the names that they are for.
#[derive(Default)]
struct Names<'a> {
    extents: std::collections::HashMap<&'a str, usize>,
    calls: std::collections::HashMap<&'a str, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn add(&mut self, claim: &'a Claim, index: usize) {
        self.extents.insert(&claim.extent, index);
        for claimed in &claim.syscalls {
            self.calls.entry(&claimed.call).or_default().push(index);
        }
    }

    /// Those that may be in the way of `claim`.
    fn rivals(&self, claim: &Claim) -> Vec<usize> {
        let calls = claim.syscalls.iter().filter_map(|claimed| self.calls.get(&*claimed.call));
        let of_extent = self.extents.get(&*claim.extent);
        let mut rivals: Vec<usize> =
            of_extent.into_iter().chain(calls.flatten()).copied().collect();
        rivals.sort_unstable();
        rivals.dedup();
        rivals
    }
}

fn rank(header: &PluginHeader, claim: usize, config: &Config) -> Rank {
    let claim = &header.claims[claim];
    let entry = config.manifest.plugin.get(header.name.as_str());
    Rank {
        is_chosen: config.chosen(claim).any(|name| name == header.name),
        // A claim that the manifest gives to another plugin stands behind all others.
        is_enabled: config.is_enabled(claim, &header.name)
            && config.chosen(claim).all(|name| name == header.name),
        priority: entry.and_then(|entry| entry.priority).unwrap_or(0),
    }
}

/// The call or extent that keeps the two claims from both standing.
fn conflict(one: &Claim, other: &Claim) -> Option<String> {
    if one.extent == other.extent {
        let common = one.syscalls.iter().find(|claimed| other.syscalls.contains(claimed));
        return Some(common.map_or(&one.extent, |claimed| &claimed.call).clone());
    }
    let in_the_way = |one: &Claimed, other: &Claimed| {
        one.call == other.call
            && match (&one.selector, &other.selector) {
                (None, None) => true,
                (Some(one), Some(other)) => {
                    one.overlaps(other) && !one.is_within(other) && !other.is_within(one)
                }
                _ => false,
            }
    };
    let mut calls = one.syscalls.iter();
    let call = calls.find(|mine| other.syscalls.iter().any(|theirs| in_the_way(mine, theirs)));
    call.map(Claimed::to_string)
}

/// Why a claim of rank `theirs` stands before one of rank `mine`.
fn reason(theirs: Rank, mine: Rank) -> String {
    if theirs.is_chosen && !mine.is_chosen {
        "the manifest says so".to_owned()
    } else if theirs.is_enabled && !mine.is_enabled {
        "this one is switched off".to_owned()
    } else if theirs.priority != mine.priority {
        format!("priority {} over {}", theirs.priority, mine.priority)
    } else {
        "both are switched off".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::PluginOptions;

    /// A plugin with claims such as `read=read,readv` and `exit=exit`.
    fn plugin(name: &str, claims: &[&str]) -> PluginHeader {
        let claims = claims.iter().map(|claim| {
            let (extent, calls) = claim.split_once('=').expect("a claim");
            let calls = calls.split_terminator(',').map(|call| call.parse().expect("a call"));
            Claim { extent: extent.to_owned(), syscalls: calls.collect() }
        });
        let (name, version) = (name.to_owned(), "1.0.0".to_owned());
        let (abi, schema, is_stock, code) = ((1, 1), (1, 1), false, None);
        let claims = claims.collect();
        PluginHeader { name, version, claims, abi, schema, is_stock, code }
    }

    /// What becomes of the claims of `plugins`, as words.
    fn settled(plugins: &[PluginHeader], manifest: &str, disable: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let path = folder.path().join("plugin-manifest.toml");
        std::fs::write(&path, format!("version = 1\n{manifest}")).expect("it is written");
        let disable = disable.iter().map(|name| (*name).to_owned()).collect();
        let allow_unsafe_plugins = true;
        let options = PluginOptions {
            manifest: Some(path),
            disable,
            allow_unsafe_plugins,
            ..PluginOptions::default()
        };
        let config = Config::new(&options).expect("the manifest is one");
        let headers: Vec<_> = plugins.iter().collect();
        let standings = settle(&headers, &config).into_iter().flatten();
        let words = standings.map(|standing| match standing {
            Standing::Serves => "serves".to_owned(),
            Standing::Yields { to, why } => format!("{}: {why}", plugins[to].name),
            Standing::Tie { with, call } => format!("tie with {} for {call}", plugins[with].name),
        });
        words.collect()
    }

    fn stock_and_acme() -> [PluginHeader; 2] {
        [plugin("read", &["read=read"]), plugin("acme", &["read=read", "x=x"])]
    }

    #[test]
    fn two_that_nothing_tells_apart_are_a_tie() {
        let tie = ["serves", "tie with read for read", "serves"];
        assert_eq!(settled(&stock_and_acme(), "", &[]), tie);
        let equal = "[plugin.read]\npriority = 3\n[plugin.acme]\npriority = 3";
        assert_eq!(settled(&stock_and_acme(), equal, &[]), tie);
        let other = [plugin("a", &["a=read"]), plugin("b", &["b=write,read"])];
        assert_eq!(settled(&other, "", &[]), ["serves", "tie with a for read"]);
        let extents = [plugin("a", &["e=read"]), plugin("b", &["e=write"])];
        assert_eq!(settled(&extents, "", &[]), ["serves", "tie with a for e"]);
    }

    #[test]
    fn the_higher_priority_serves() {
        let higher = "[plugin.acme]\npriority = 1";
        let expected = ["acme: priority 1 over 0", "serves", "serves"];
        assert_eq!(settled(&stock_and_acme(), higher, &[]), expected);
        let lower = "[plugin.acme]\npriority = -1";
        let expected = ["serves", "read: priority 0 over -1", "serves"];
        assert_eq!(settled(&stock_and_acme(), lower, &[]), expected);
    }

    #[test]
    fn the_manifests_choice_outranks_priorities() {
        let chosen = "[syscall.read]\nplugin = 'acme'\n[plugin.read]\npriority = 9";
        let expected = ["acme: the manifest says so", "serves", "serves"];
        assert_eq!(settled(&stock_and_acme(), chosen, &[]), expected);
        assert_eq!(settled(&stock_and_acme(), chosen, &["acme"]), expected, "it is final");
    }

    #[test]
    fn one_that_is_switched_off_gives_way() {
        let expected = ["acme: this one is switched off", "serves", "serves"];
        let off = "[plugin.read]\nenabled = false\npriority = 9";
        assert_eq!(settled(&stock_and_acme(), off, &[]), expected);
        let expected = ["serves", "read: this one is switched off", "serves"];
        assert_eq!(settled(&stock_and_acme(), "", &["acme"]), expected);
        let expected = ["serves", "read: both are switched off", "serves"];
        assert_eq!(settled(&stock_and_acme(), "", &["read"]), expected, "the call of both is off");
    }

    #[test]
    fn some_of_a_calls_calls_are_in_nobodys_way() {
        let family = plugin("family", &["family=ioctl:1=0x6600/0xff00"]);
        let one = plugin("one", &["one=ioctl:1=0x6601"]);
        let stock = plugin("ioctl", &["ioctl=ioctl"]);
        let all = [family.clone(), one, stock];
        assert_eq!(settled(&all, "", &[]), ["serves", "serves", "serves"]);
        let other = plugin("other", &["other=ioctl:1=0x6600/0xff00"]);
        let tie = "tie with family for ioctl:1=0x6600/0xff00";
        assert_eq!(settled(&[family.clone(), other.clone()], "", &[]), ["serves", tie]);
        let higher = "[plugin.other]\npriority = 1";
        let expected = ["other: priority 1 over 0", "serves"];
        assert_eq!(settled(&[family, other], higher, &[]), expected);
    }
}
