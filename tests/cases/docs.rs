//! What the documents say of the repository is true; the pages that are made from the plugins' declarations
//! say what those say.

use std::fs;
use std::path::{Path, PathBuf};

use replay_core::registry::{PluginOptions, Registry};
use replay_tests::built::plugins;
use replay_tests::docs::PAGES;
use replay_tests::families::{ALL, Family};

#[test]
fn the_pages_say_what_the_plugins_declare() {
    for page in PAGES.iter().filter(|page| page.is_the_same_everywhere) {
        let expected = page.text().expect("the plugins are taken");
        let written = page.written().expect("the page can be read");
        let lines = expected.lines().zip(written.lines());
        let differing = lines.into_iter().find(|(expected, written)| expected != written);
        let name = page.name;
        assert_eq!(differing, None, "docs/{name} is not what it should be: run `cargo xtask docs`");
        assert!(expected == written, "docs/{name} has another length: run `cargo xtask docs`");
    }
}

/// The repository's documents.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for folder in ["", "docs", "core/dataseries", "core/dataseries/fuzz", "tests/data"] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    assert!(found.len() > 5);
    found
}

#[test]
fn links_lead_to_files_that_are_there() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        // What follows `](`, up to the closing bracket.
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = document.parent().unwrap().join(target);
            assert!(path.exists(), "{}: {link} leads nowhere", document.display());
        }
    }
}

#[test]
fn the_coverage_lists_every_call_of_the_families() {
    let page =
        PAGES.iter().find(|page| page.name == "coverage.md").expect("it is one of the pages");
    let written = page.written().expect("the page can be read");
    let listed = |name: &str| written.lines().any(|line| line.starts_with(&format!("| {name} | ")));
    let options = PluginOptions { plugins: vec![plugins()], ..PluginOptions::default() };
    let registry = Registry::open(&options).expect("the plugins are taken");
    let types = registry.syscalls().expect("the plugins are loaded");
    let of = |call: &str| types.iter().find(|(name, _)| *name == call).map(|(_, of)| &of.extent);
    let calls = ALL.iter().flat_map(Family::calls).map(|(call, ..)| call);
    let missing: Vec<_> = calls.filter(|call| !of(call).is_some_and(|of| listed(of))).collect();
    assert_eq!(missing, Vec::<&str>::new(), "run `cargo xtask docs`");
}
