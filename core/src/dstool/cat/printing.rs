//! Which rows are printed, and in which order.

use std::collections::HashMap;
use std::sync::Arc;

use dataseries::{Extent, ExtentType, Parts};

use super::Sink;
use crate::dstool::Result;
use crate::dstool::input::{Input, Source};
use crate::dstool::normalize::Normalizer;
use crate::dstool::order::Ordered;
use crate::dstool::select::{Plan, Selected};

/// Which of the rows that are wanted are printed.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub skip: u64,
    pub left: Option<u64>,
}

impl Window {
    /// Whether that is all of them.
    pub fn is_all(self) -> bool {
        self.skip == 0 && self.left.is_none()
    }

    fn is_over(self) -> bool {
        self.left == Some(0)
    }

    /// Whether the next row is in it.
    fn takes(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }
}

/// Hands the rows that are wanted to a sink.
pub struct Printing<'p> {
    pub sink: &'p mut dyn Sink,
    selected: &'p Selected,
    plans: HashMap<Arc<str>, Plan>,
    window: Window,
}

impl<'p> Printing<'p> {
    /// Rows of `selected` that lie in `window`, to `sink`.
    pub fn new(sink: &'p mut dyn Sink, selected: &'p Selected, window: Window) -> Self {
        Self { sink, selected, plans: HashMap::new(), window }
    }

    /// What is wanted of `ty`; none if nothing is.
    fn plan(&mut self, ty: &ExtentType) -> Result<Option<Parts>> {
        if let Some(plan) = self.plans.get(ty.name()) {
            return Ok(Some(plan.parts));
        }
        let plan = self.selected.plan(ty)?;
        if plan.columns.is_empty() && self.selected.has_columns() {
            return Ok(None);
        }
        let parts = plan.parts;
        self.plans.insert(Arc::from(ty.name()), plan);
        Ok(Some(parts))
    }

    /// Prints extents in the order of their files.
    pub fn in_file_order(
        &mut self,
        source: &mut Source,
        normalizer: Option<&Normalizer<'_>>,
        with_index: bool,
    ) -> Result<()> {
        let selected = self.selected;
        self.extents(source, normalizer, |ty| {
            selected.wants(ty) || (with_index && ty.name() == dataseries::INDEX_TYPE)
        })
    }

    fn extents(
        &mut self,
        source: &mut Source,
        normalizer: Option<&Normalizer<'_>>,
        wanted: impl Fn(&ExtentType) -> bool,
    ) -> Result<()> {
        while !self.window.is_over() {
            // Of a type without the columns that are wanted, nothing is looked at.
            let parts = |ty: &ExtentType| Ok(self.plan(ty)?.unwrap_or(Parts::Fixed));
            let Some(mut next) = source.next_unpacked(&wanted, parts)? else { break };
            let extent = &mut next.extent;
            let ty = extent.extent_type().clone();
            if self.plan(&ty)?.is_some() {
                if let Some(normalizer) = normalizer {
                    normalizer.apply(extent);
                }
                self.sink.extent(&ty)?;
                let plan = &self.plans[ty.name()];
                for row in extent.rows() {
                    if plan.wants(&row) && self.window.takes() {
                        self.sink.row(&ty, plan, &row)?;
                    }
                    if self.window.is_over() {
                        break;
                    }
                }
            }
            source.recycle(next);
        }
        Ok(())
    }

    /// Prints rows of no calls, then calls in the order of their ids.
    pub fn in_call_order(
        &mut self,
        input: &Input,
        normalizer: Option<&Normalizer<'_>>,
    ) -> Result<()> {
        let selected = self.selected;
        let others = |ty: &ExtentType| selected.wants(ty) && !Ordered::takes(ty);
        let mut extent = Extent::empty(ExtentType::index_type());
        for file in input.files.iter() {
            for entry in file.entries().iter().filter(|entry| others(&entry.extent_type)) {
                let ty = &entry.extent_type;
                let Some(parts) = self.plan(ty)? else { continue };
                file.read(entry)?.unpack_into(&mut extent, parts, file.checks())?;
                let plan = &self.plans[ty.name()];
                for row in extent.rows().filter(|row| plan.wants(row)) {
                    if self.window.takes() {
                        self.sink.row(ty, plan, &row)?;
                    }
                }
            }
        }
        let mut calls = Ordered::new(&input.files, normalizer, |ty| match selected.wants(ty) {
            true => self.plan(ty),
            false => Ok(None),
        })?;
        while !self.window.is_over()
            && let Some(at) = calls.next()?
        {
            let (ty, row) = calls.row(at);
            let plan = &self.plans[ty.name()];
            if plan.wants(&row) && self.window.takes() {
                self.sink.row(ty, plan, &row)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_what_lies_in_it() {
        let mut window = Window { skip: 2, left: Some(3) };
        let taken: Vec<bool> = (0..7).map(|_| window.takes()).collect();
        assert_eq!(taken, [false, false, true, true, true, false, false]);
        assert!(window.is_over());
    }
}
