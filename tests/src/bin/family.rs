//! Makes the calls of a family, in the working directory, for the tests: `family files`.

use replay_tests::families::{ALL, Family};

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some(family) = Family::named(&name) else {
        let names: Vec<_> = ALL.iter().map(|family| family.name).collect();
        eprintln!("family: one of {}", names.join(", "));
        std::process::exit(2);
    };
    family.run();
}
