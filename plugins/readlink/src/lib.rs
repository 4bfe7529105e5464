//! readlink(2): where a symbolic link leads.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "readlink", looks)]
struct Readlink<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[output(1, length = 2)]
    link_value: Option<&'t [u8]>,
    #[arg(2)]
    buffer_size: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Readlink);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn readlink(path: &[u8], size: i32) -> Readlink<'_> {
        Readlink {
            given_pathname: Some(Path(path)),
            link_value: None,
            buffer_size: Some(size),
            full_pathname: None,
        }
    }

    /// A stage with a link to `target`.
    fn stage() -> Stage {
        let stage = Stage::with_file(3, b"");
        std::os::unix::fs::symlink("target", stage.path("link")).unwrap();
        stage
    }

    #[test]
    fn tells_the_target_as_far_as_there_is_room() {
        let mut stage = stage();
        let path = stage.traced_path("link");
        let played = stage.recorded(6, 0).replay(&readlink(&path, 4096)).returns(6);
        assert_eq!(played.filled(1), Some(&b"target"[..]));
        let played = stage.recorded(3, 0).replay(&readlink(&path, 3)).returns(3);
        assert_eq!(played.filled(1), Some(&b"tar"[..]));
    }

    #[test]
    fn what_is_no_link_or_has_no_room_fails_again() {
        let mut stage = stage();
        let path = stage.traced_path("file");
        let file = readlink(&path, 4096);
        stage.recorded(-1, libc::EINVAL).replay(&file).fails(libc::EINVAL);
        let path = stage.traced_path("link");
        for size in [0, -1, i32::MIN] {
            let room = readlink(&path, size);
            stage.recorded(-1, libc::EINVAL).replay(&room).fails(libc::EINVAL);
        }
    }
}
