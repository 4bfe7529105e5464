//! removexattr(2): remove an extended attribute of a file.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "removexattr", privileged)]
struct Removexattr<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[string(1)]
    xattr_name: Option<&'t [u8]>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Removexattr);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn removexattr<'t>(path: &'t [u8], name: &'t [u8]) -> Removexattr<'t> {
        let given_pathname = Some(Path(path));
        Removexattr { given_pathname, xattr_name: Some(name), full_pathname: None }
    }

    #[test]
    fn removes_an_attribute_and_a_missing_one_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        stage.set_attribute("file", "user.colour", b"red");
        let path = stage.traced_path("file");
        let record = removexattr(&path, b"user.colour\0");
        stage.replay(&record).returns(0);
        assert_eq!(stage.attribute("file", "user.colour"), None);
        stage.recorded(-1, libc::ENODATA).replay(&record).fails(libc::ENODATA);
    }

    #[test]
    fn without_its_name_it_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        stage.replay(&removexattr(&path, b"")).is_not_made();
    }
}
