//! memfd_create(2): make a file that is in memory only.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "memfd_create", returns = descriptor, changes = nothing)]
struct MemfdCreate<'t> {
    #[string(0)]
    given_name: Option<&'t [u8]>,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "MFD_CLOEXEC", libc::MFD_CLOEXEC as i64),
    bit("", "MFD_ALLOW_SEALING", libc::MFD_ALLOW_SEALING as i64),
    bit("", "MFD_HUGETLB", libc::MFD_HUGETLB as i64),
    bit("", "MFD_NOEXEC_SEAL", libc::MFD_NOEXEC_SEAL as i64),
    bit("", "MFD_EXEC", libc::MFD_EXEC as i64),
];

export_plugin!(MemfdCreate);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn makes_a_file_that_has_no_place() {
        let mut stage = Stage::new();
        let record = MemfdCreate { given_name: Some(b"shared\0"), flags_value: Some(0) };
        stage.recorded(7, 0).replay(&record);
        let fd = stage.descriptor(7).expect("the file is open");
        let target = std::fs::read_link(format!("/proc/self/fd/{fd}")).expect("it is a file");
        assert_eq!(target.as_os_str(), "/memfd:shared (deleted)");
    }

    #[test]
    fn a_name_that_is_too_long_fails_again() {
        let name = [vec![b'x'; 300], vec![0]].concat();
        let record = MemfdCreate { given_name: Some(&name), flags_value: Some(0) };
        Stage::new().recorded(-1, libc::EINVAL).replay(&record).fails(libc::EINVAL);
    }

    #[test]
    fn a_name_that_does_not_end_is_not_passed() {
        let record = MemfdCreate { given_name: Some(b"shared"), flags_value: Some(0) };
        Stage::new().recorded(7, 0).replay(&record).is_not_made();
    }
}
