//! Users and groups: children take on others, make files as those, and can't go back. Run by an ordinary user, they
//! take on who they are.

use super::processes::{in_child, reap};
use super::{Family, NONE, NOWHERE};

pub const FAMILY: Family = Family {
    name: "credentials",
    both: "setuid setgid setreuid setregid setresuid setresgid",
    // Of these an ordinary user's fail, each in its way; root's succeed.
    succeeds: "setfsuid setfsgid",
    fails: "setgroups",
    run,
};

/// An ordinary user, and their group.
const NOBODY: i64 = 65534;

fn run() {
    let (user, group) = (works!(SYS_geteuid), works!(SYS_getegid));
    let (user, group) = if user == 0 { (NOBODY, NOBODY) } else { (user, group) };
    // Whoever it will be may make files there.
    works!(SYS_mkdir, c"all".as_ptr(), 0o777);
    works!(SYS_chmod, c"all".as_ptr(), 0o777);
    works!(SYS_chdir, c"all".as_ptr());
    let groups = [group as i32, 5];
    child(c"by-setuid", || {
        if works!(SYS_geteuid) == 0 {
            works!(SYS_setgroups, 2, groups.as_ptr());
            fails!(EINVAL, SYS_setgroups, NONE, groups.as_ptr());
            fails!(EFAULT, SYS_setgroups, 2, NOWHERE);
        }
        works!(SYS_setgid, group);
        fails!(EINVAL, SYS_setgid, NONE);
        works!(SYS_setuid, user);
        fails!(EINVAL, SYS_setuid, NONE);
        fails!(EPERM, SYS_setuid, 0);
        fails!(EPERM, SYS_setgid, 0);
        fails!(EPERM, SYS_setgroups, 2, groups.as_ptr());
    });
    child(c"by-setreuid", || {
        works!(SYS_setregid, NONE, group);
        works!(SYS_setregid, group, NONE);
        works!(SYS_setreuid, NONE, user);
        works!(SYS_setreuid, user, NONE);
        works!(SYS_setreuid, user, user);
        fails!(EPERM, SYS_setreuid, 0, 0);
        fails!(EPERM, SYS_setregid, 0, 0);
    });
    child(c"by-setresuid", || {
        works!(SYS_setresgid, group, group, group);
        works!(SYS_setresuid, NONE, NONE, NONE);
        works!(SYS_setresuid, user, user, user);
        fails!(EPERM, SYS_setresuid, 0, NONE, NONE);
        fails!(EPERM, SYS_setresgid, NONE, 0, NONE);
    });
    child(c"by-setfsuid", || {
        // They tell who it was before, and never fail.
        works!(SYS_setfsgid, group);
        assert_eq!(works!(SYS_setfsgid, NONE), group);
        works!(SYS_setfsuid, user);
        assert_eq!(works!(SYS_setfsuid, NONE), user);
    });
}

/// A child that takes on somebody, and makes file `name` as that.
fn child(name: &'static std::ffi::CStr, takes_on: impl FnOnce()) {
    let child = in_child(works!(SYS_fork), || {
        takes_on();
        works!(SYS_close, works!(SYS_creat, name.as_ptr(), 0o640));
    });
    assert_eq!(reap(child), 7 << 8, "{name:?}");
}
