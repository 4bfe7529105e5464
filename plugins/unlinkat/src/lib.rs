//! unlinkat(2): remove a name or an empty directory, looked up from a directory.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "unlinkat")]
struct Unlinkat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    #[removes]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(FLAGS)]
    flag_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

const FLAGS: &[Bit] = &[bit("flag_remove_directory", "AT_REMOVEDIR", libc::AT_REMOVEDIR as i64)];

export_plugin!(Unlinkat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const UNLINKAT: Unlinkat<'_> = Unlinkat {
        descriptor: DirFd(5),
        descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"file\0")),
        flag_value: Some(0),
        full_pathname: None,
    };

    const DIRECTORY: Unlinkat<'_> =
        Unlinkat { given_pathname: Some(Path(b"directory\0")), ..UNLINKAT };

    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        std::fs::create_dir(stage.path("directory")).unwrap();
        stage.open(5, ".");
        stage
    }

    #[test]
    fn removes_a_name_from_the_directory() {
        let mut stage = stage();
        stage.replay(&UNLINKAT).returns(0);
        assert!(!stage.path("file").exists());
    }

    #[test]
    fn removes_a_directory_only_if_told_to() {
        let mut stage = stage();
        stage.recorded(-1, libc::EISDIR).replay(&DIRECTORY).fails(libc::EISDIR);
        let told = Unlinkat { flag_value: Some(libc::AT_REMOVEDIR), ..DIRECTORY };
        stage.recorded(0, 0).replay(&told).returns(0);
        assert!(!stage.path("directory").exists());
    }

    #[test]
    fn beneath_a_simulated_descriptor_nothing_is_removed() {
        let mut stage = stage();
        stage.simulate(5).replay(&UNLINKAT).is_not_made();
        assert!(stage.path("file").exists());
    }
}
