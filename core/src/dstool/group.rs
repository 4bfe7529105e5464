//! Rows that make one call are chosen or left together.

use std::collections::HashMap;

use dataseries::{Extent, Row};

use super::shape::{Calls, Rows};

/// Chooses among the rows of one type, extent after extent; calls can go over the end of an extent.
#[derive(Debug, Default)]
pub struct Grouped {
    /// Whether the call of the last row was chosen.
    last: bool,
    /// Whether the calls that have begun were chosen, by task.
    begun: HashMap<i32, bool>,
}

impl Grouped {
    /// Which rows of `extent` to take: those of calls with a row that is `wanted`.
    pub fn choose(
        &mut self,
        calls: &Calls,
        extent: &Extent,
        wanted: impl Fn(&Row<'_>) -> bool,
    ) -> Vec<bool> {
        let mut chosen: Vec<bool> = extent.rows().map(|row| wanted(&row)).collect();
        match &calls.rows {
            Rows::Single => {}
            Rows::HeadFirst(_) => self.head_first(calls, extent, &mut chosen),
            Rows::TailLast(_) => self.tail_last(calls, extent, &mut chosen),
        }
        chosen
    }

    fn head_first(&mut self, calls: &Calls, extent: &Extent, chosen: &mut [bool]) {
        let heads = (0..extent.row_count()).filter(|row| calls.is_main(&extent.row(*row)));
        let mut bounds: Vec<usize> = heads.collect();
        let before = bounds.first().copied().unwrap_or(chosen.len());
        chosen[..before].fill(self.last);
        bounds.push(chosen.len());
        for pair in bounds.windows(2) {
            let call = &mut chosen[pair[0]..pair[1]];
            self.last = call.contains(&true);
            call.fill(self.last);
        }
    }

    fn tail_last(&mut self, calls: &Calls, extent: &Extent, chosen: &mut [bool]) {
        // Rows of several tasks can be mixed, so each call has a number.
        let mut numbers: Vec<usize> = Vec::new();
        let mut verdicts: Vec<bool> = Vec::new();
        let mut open: HashMap<i32, usize> = HashMap::new();
        for (row, chosen) in extent.rows().zip(chosen.iter()) {
            let task = calls.task.as_ref().map_or(0, |column| row.int32(column));
            let number = *open.entry(task).or_insert_with(|| {
                verdicts.push(self.begun.remove(&task).unwrap_or(false));
                verdicts.len() - 1
            });
            verdicts[number] |= chosen;
            numbers.push(number);
            if calls.is_main(&row) {
                open.remove(&task);
            }
        }
        for (chosen, number) in chosen.iter_mut().zip(numbers) {
            *chosen = verdicts[number];
        }
        self.begun.extend(open.into_iter().map(|(task, number)| (task, verdicts[number])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dataseries::{Checks, Compression, ExtentBuilder, ExtentType, Parts};
    use std::sync::Arc;

    /// Which rows are chosen of those with these tasks, numbers and marks, in two extents.
    fn chosen(number: &str, extents: [&[(i32, i32, bool)]; 2]) -> [Vec<bool>; 2] {
        let ty = format!(
            "<ExtentType name='IOTTAFSL::Trace::Syscall::x'>
               <field type='int64' name='unique_id'/><field type='int32' name='executing_pid'/>
               <field type='int32' name='{number}'/><field type='bool' name='mark'/></ExtentType>"
        );
        let ty = Arc::new(ExtentType::parse(&ty).unwrap());
        let calls = Calls::of(&ty).unwrap();
        let mut grouped = Grouped::default();
        extents.map(|rows| {
            let mut builder = ExtentBuilder::new(ty.clone(), 1 << 20).unwrap();
            for (task, number, mark) in rows {
                builder.new_row();
                builder.set_int32(&ty.columns()[1], *task);
                builder.set_int32(&ty.columns()[2], *number);
                builder.set_bool(&ty.columns()[3], *mark);
            }
            let stored = builder.take().compress(&Compression::none()).unwrap();
            let extent = stored.unpack(Parts::All, &Checks::ALL).unwrap();
            grouped.choose(&calls, &extent, |row| row.bool(&ty.columns()[3]))
        })
    }

    #[test]
    fn element_rows_go_with_their_head() {
        let first = [(1, -1, false), (1, 0, true), (1, -1, false), (1, 0, false), (1, -1, true)];
        let second = [(1, 0, false), (1, 1, false), (1, -1, false), (1, 0, false)];
        assert_eq!(
            chosen("iov_number", [&first, &second]),
            [vec![true, true, false, false, true], vec![true, true, false, false]]
        );
    }

    #[test]
    fn rows_that_end_with_their_tail_are_told_apart_by_task() {
        let first = [
            (1, 0, true),
            (2, 0, false),
            (1, 1, false),
            (2, 1, false),
            (1, -1, false),
            (3, 0, true),
        ];
        let second = [(2, -1, false), (3, -1, false), (3, 0, false), (3, -1, false)];
        assert_eq!(
            chosen("continuation_number", [&first, &second]),
            [vec![true, false, true, false, true, true], vec![false, true, false, false]]
        );
    }
}
