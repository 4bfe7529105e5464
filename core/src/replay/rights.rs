//! Whose rights the replay has, next to those that the recorded program had.

use nix::errno::Errno;
use nix::unistd;

use crate::place::{has_roots_rights, may_change_users};
use crate::trace::Initial;
use crate::verify::Owners;

/// What the replay may do, and what the program might.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rights {
    /// Tasks take on the users and groups that they had.
    pub takes_on_users: bool,
    /// The program was root, or may have been, and the replay may not do all that root may.
    is_less: bool,
    /// Some users and groups don't exist in the replay's user namespace.
    lacks_users: bool,
    /// The replay runs as somebody else than the program did.
    is_another: bool,
    /// As whom it runs.
    own: (u32, u32),
}

impl Rights {
    /// Those of this process, for a program that was `initial`; `has_all_users` tells whether all users
    /// exist in its user namespace. Call it where the replay takes place.
    pub fn new(initial: &Initial, has_all_users: bool) -> Self {
        let is_less =
            initial.user.is_none_or(|user| user == 0) && !(has_roots_rights() && has_all_users);
        let own = (unistd::geteuid().as_raw(), unistd::getegid().as_raw());
        let recorded = initial.user.zip(initial.group);
        Self {
            takes_on_users: may_change_users(),
            is_less,
            lacks_users: !has_all_users,
            is_another: recorded.is_some_and(|recorded| recorded != own),
            own,
        }
    }

    /// What owners of files can be compared with.
    pub fn owners(&self) -> Owners {
        match (self.is_another || self.is_less, self.lacks_users) {
            (true, _) => Owners::Others,
            (false, true) => Owners::Only(self.own.0, self.own.1),
            (false, false) => Owners::Same,
        }
    }

    /// Whether a call that may need rights, and that succeeded for the program, failed with `error` because
    /// the replay hasn't the program's rights.
    pub fn explain(&self, error: i32) -> bool {
        self.is_less
            && match Errno::from_raw(error) {
                Errno::EPERM => true,
                // As chown(2) fails for a user who doesn't exist.
                Errno::EINVAL => self.lacks_users || self.is_another,
                _ => false,
            }
    }
}
