//! The machine: its mounts, swap, clocks, modules and names. Each call is made such that it must fail; some mounts
//! are made in a child's own namespaces.

use super::processes::{in_child, reap};
use super::{CLOSED, Family, NONE, NOWHERE, raw};

pub const FAMILY: Family = Family {
    name: "machine",
    both: "listmount statmount lsm_list_modules",
    succeeds: "",
    fails: "mount umount2 pivot_root swapon swapoff acct reboot sethostname setdomainname iopl ioperm \
            init_module finit_module delete_module kexec_load kexec_file_load syslog uselib sysfs quotactl \
            quotactl_fd bpf perf_event_open fsopen fspick fsconfig fsmount move_mount open_tree open_tree_attr \
            mount_setattr lsm_get_self_attr lsm_set_self_attr landlock_create_ruleset landlock_add_rule \
            landlock_restrict_self",
    run,
};

fn run() {
    mounts();
    let none = c"none/at/all".as_ptr() as usize;
    let (closed, no_file, here) = (CLOSED as usize, NONE as usize, libc::AT_FDCWD as usize);
    let odd = 0x7abc_0000usize;
    for (number, words) in [
        (libc::SYS_mount, [none, none, none, odd, 0, 0]),
        (libc::SYS_umount2, [none, 0, 0, 0, 0, 0]),
        (libc::SYS_pivot_root, [none, none, 0, 0, 0, 0]),
        (libc::SYS_swapon, [none, 0, 0, 0, 0, 0]),
        (libc::SYS_swapoff, [none, 0, 0, 0, 0, 0]),
        (libc::SYS_acct, [none, 0, 0, 0, 0, 0]),
        // Without its magic numbers nothing happens.
        (libc::SYS_reboot, [1, 2, 3, 0, 0, 0]),
        (libc::SYS_sethostname, [NOWHERE, 5, 0, 0, 0, 0]),
        (libc::SYS_setdomainname, [NOWHERE, 5, 0, 0, 0, 0]),
        (libc::SYS_iopl, [77, 0, 0, 0, 0, 0]),
        (libc::SYS_ioperm, [odd, 1, 1, 0, 0, 0]),
        (libc::SYS_init_module, [NOWHERE, 64, none, 0, 0, 0]),
        (libc::SYS_finit_module, [closed, none, odd, 0, 0, 0]),
        (libc::SYS_delete_module, [none, libc::O_NONBLOCK as usize, 0, 0, 0, 0]),
        (libc::SYS_kexec_load, [0, 0, 0, odd, 0, 0]),
        (libc::SYS_kexec_file_load, [closed, closed, 0, 0, odd, 0]),
        (libc::SYS_syslog, [77, 0, 0, 0, 0, 0]),
        (libc::SYS_uselib, [none, 0, 0, 0, 0, 0]),
        (libc::SYS_sysfs, [77, 0, 0, 0, 0, 0]),
        (libc::SYS_quotactl, [odd, none, 0, 0, 0, 0]),
        (libc::SYS_quotactl_fd, [closed, odd, 0, 0, 0, 0]),
        (libc::SYS_bpf, [63, NOWHERE, 0, 0, 0, 0]),
        (libc::SYS_perf_event_open, [NOWHERE, 0, 0, no_file, odd, 0]),
        (libc::SYS_fsopen, [none, odd, 0, 0, 0, 0]),
        (libc::SYS_fspick, [here, none, odd, 0, 0, 0]),
        (libc::SYS_fsconfig, [closed, 0, 0, 0, 0, 0]),
        (libc::SYS_fsmount, [closed, odd, 0, 0, 0, 0]),
        (libc::SYS_move_mount, [here, none, here, none, odd, 0]),
        (libc::SYS_open_tree, [here, none, odd, 0, 0, 0]),
        (467, [here, none, odd, 0, 0, 0]),
        (libc::SYS_mount_setattr, [here, none, odd, 0, 0, 0]),
        (459, [odd, 0, 0, odd, 0, 0]),
        (460, [odd, 0, 0, odd, 0, 0]),
        (libc::SYS_landlock_create_ruleset, [NOWHERE, 8, 0, 0, 0, 0]),
        (libc::SYS_landlock_add_rule, [closed, 1, NOWHERE, 0, 0, 0]),
        (libc::SYS_landlock_restrict_self, [closed, 0, 0, 0, 0, 0]),
    ] {
        assert!(raw(number, &words).is_err(), "call {number}");
    }
    // These only tell; an older kernel hasn't them.
    let mut room = [0u64; 64];
    let all = [32u64, u64::MAX, 0, 0];
    let listed = raw(458, &[all.as_ptr() as usize, room.as_mut_ptr() as usize, 8, 0]);
    if listed.is_ok() {
        let request = [32u64, room[0], 1, 0];
        let mut state = [0u64; 128];
        let words = [request.as_ptr() as usize, state.as_mut_ptr() as usize, 1024, 0];
        raw(457, &words).expect("a mount that was listed is there");
    }
    assert!(raw(458, &[NOWHERE, 0, 0, 0]).is_err());
    assert!(raw(457, &[NOWHERE, 0, 0, 0]).is_err());
    let mut length = 512u32;
    let _ = raw(461, &[room.as_mut_ptr() as usize, &raw mut length as usize, 0]);
    assert!(raw(461, &[NOWHERE, NOWHERE, 7]).is_err());
}

/// In namespaces of a child's own, where the kernel lets it have some, mounts are nobody else's.
fn mounts() {
    works!(SYS_mkdir, c"mounted".as_ptr(), 0o755);
    let child = in_child(works!(SYS_fork), || {
        if call!(SYS_unshare, libc::CLONE_NEWUSER | libc::CLONE_NEWNS).is_err() {
            return;
        }
        let (kind, place) = (c"tmpfs".as_ptr(), c"mounted".as_ptr());
        if call!(SYS_mount, kind, place, kind, libc::MS_NOSUID | libc::MS_NODEV, 0).is_err() {
            return;
        }
        works!(SYS_umount2, place, libc::MNT_DETACH);
        works!(SYS_mount, kind, place, kind, libc::MS_NOEXEC, 0);
        works!(SYS_chdir, place);
        // The old root lies on top of the new one. Where it is no mount, that can't be done.
        let _ = call!(SYS_pivot_root, c".".as_ptr(), c".".as_ptr());
    });
    assert_eq!(reap(child), 7 << 8);
}
