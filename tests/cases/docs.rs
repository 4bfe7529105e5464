//! The pages that are made from the plugins' declarations say what those say.

use replay_tests::docs::PAGES;

#[test]
fn the_pages_say_what_the_plugins_declare() {
    for page in PAGES {
        let expected = page.text().expect("the plugins are taken");
        let written = page.written().expect("the page can be read");
        let lines = expected.lines().zip(written.lines());
        let differing = lines.into_iter().find(|(expected, written)| expected != written);
        let name = page.name;
        assert_eq!(differing, None, "docs/{name} is not what it should be: run `cargo xtask docs`");
        assert!(expected == written, "docs/{name} has another length: run `cargo xtask docs`");
    }
}
