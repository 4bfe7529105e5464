//! Who used a thing last, and so who has to be waited for.

/// A record, by its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The task.
    pub task: u32,
    /// How many of the task's records are done with it.
    pub count: u64,
    /// Its position in the trace.
    pub position: u64,
}

/// How a thing is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum How {
    /// Changed: nobody else may use it meanwhile.
    #[default]
    Alone,
    /// Looked at: others may look meanwhile.
    Look,
    /// A name was put into a directory, or taken out: others may do so with other names meanwhile.
    Rename,
}

/// The last uses of a thing: those of one kind that may happen at the same time, and those before them.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    how: How,
    /// One per task, the last.
    last: Vec<At>,
    /// What each of `last` waits for.
    before: Vec<At>,
}

impl Uses {
    /// Adds a use by `at`; `wait` is told of each record that it has to wait for.
    pub fn add(&mut self, how: How, at: At, mut wait: impl FnMut(At)) {
        if how == How::Alone || how != self.how {
            std::mem::swap(&mut self.before, &mut self.last);
            self.last.clear();
            self.how = how;
        }
        self.before.iter().for_each(|before| wait(*before));
        match self.last.iter_mut().find(|last| last.task == at.task) {
            Some(last) => *last = at,
            None => self.last.push(at),
        }
    }

    /// The last uses, whatever they were.
    pub fn last(&self) -> &[At] {
        &self.last
    }

    /// The last uses, if they were changes.
    pub fn last_changes(&self) -> &[At] {
        match self.how {
            How::Alone => &self.last,
            How::Look | How::Rename => &self.before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(task: u32, count: u64) -> At {
        At { task, count, position: 0 }
    }

    /// The records that a use waits for.
    fn waits(uses: &mut Uses, how: How, by: At) -> Vec<At> {
        let mut waits = Vec::new();
        uses.add(how, by, |at| waits.push(at));
        waits
    }

    #[test]
    fn who_looks_waits_for_who_changed_and_not_for_others_who_look() {
        let mut uses = Uses::default();
        assert_eq!(waits(&mut uses, How::Alone, at(0, 1)), []);
        assert_eq!(waits(&mut uses, How::Look, at(1, 1)), [at(0, 1)]);
        assert_eq!(waits(&mut uses, How::Look, at(2, 1)), [at(0, 1)]);
        assert_eq!(waits(&mut uses, How::Look, at(1, 2)), [at(0, 1)]);
        assert_eq!(waits(&mut uses, How::Alone, at(3, 1)), [at(1, 2), at(2, 1)]);
        assert_eq!(waits(&mut uses, How::Alone, at(0, 2)), [at(3, 1)]);
    }

    #[test]
    fn who_lists_waits_for_those_who_put_names_in() {
        let mut uses = Uses::default();
        assert_eq!(waits(&mut uses, How::Rename, at(0, 1)), []);
        assert_eq!(waits(&mut uses, How::Rename, at(1, 1)), []);
        assert_eq!(waits(&mut uses, How::Look, at(2, 1)), [at(0, 1), at(1, 1)]);
        assert_eq!(waits(&mut uses, How::Rename, at(0, 2)), [at(2, 1)]);
    }
}
