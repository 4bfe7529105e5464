//! chroot(2): change the root directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "chroot", simulated = "the replay stays in its own root", changes_fs)]
struct Chroot<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Chroot);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn the_root_stays_what_it_is() {
        let mut stage = Stage::new();
        let path = stage.traced_path(".");
        let record = Chroot { given_pathname: Some(Path(&path)), full_pathname: None };
        stage.replay(&record).is_not_made();
        assert!(stage.path(".").exists());
    }
}
