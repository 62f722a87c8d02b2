//! The plan that a kind makes by calling functions.

use spec_strategy::{Plan, Step};

/// Bytes that each part of a plan counts for beside its texts.
const PART_SIZE: usize = 64;

/// A plan that is being made. What is wrong with it is told when it is taken.
#[derive(Debug, Default)]
pub(crate) struct PlanBuilder {
    /// `None` while no plan may be made.
    plan: Option<Plan>,
    is_collected: bool,
    /// Bytes that may still be added.
    bytes_left: usize,
    fault: Option<&'static str>,
}

impl PlanBuilder {
    /// An empty plan of at most this many bytes begins.
    pub(crate) fn begin(&mut self, max_bytes: usize) {
        *self = Self { plan: Some(Plan::default()), bytes_left: max_bytes, ..Self::default() };
    }

    /// Changes the plan, to which that adds `size` bytes.
    pub(crate) fn add(&mut self, size: usize, change: impl FnOnce(&mut Plan)) {
        let Some(plan) = &mut self.plan else {
            self.fault.get_or_insert("it calls a function of the plan outside 'configure'");
            return;
        };
        match self.bytes_left.checked_sub(size.saturating_add(PART_SIZE)) {
            Some(left) => {
                self.bytes_left = left;
                change(plan);
            }
            None => _ = self.fault.get_or_insert("its plan is too large"),
        }
    }

    /// Refuses the plan.
    pub(crate) fn refuse(&mut self, fault: &'static str) {
        self.fault.get_or_insert(fault);
    }

    /// Adds a step.
    pub(crate) fn add_step(&mut self, size: usize, step: Step) {
        self.add(size, |plan| plan.steps.push(step));
    }

    /// Sets the directory that becomes the artifact.
    pub(crate) fn collect(&mut self, path: String) {
        if std::mem::replace(&mut self.is_collected, true) {
            self.fault.get_or_insert("its plan calls 'collect' twice");
        }
        self.add(path.len(), |plan| plan.collect = path);
    }

    /// Ends the plan.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn take(&mut self) -> Result<Plan, &'static str> {
        let built = std::mem::take(self);
        match (built.fault, built.plan) {
            (Some(fault), _) => Err(fault),
            (None, Some(plan)) if built.is_collected => Ok(plan),
            (None, _) => Err("its plan does not call 'collect'"),
        }
    }

    /// Drops the plan, and returns what was wrong with calls outside `configure`.
    pub(crate) fn discard(&mut self) -> Option<&'static str> {
        std::mem::take(self).fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_made_between_begin_and_take() {
        let mut builder = PlanBuilder::default();
        builder.begin(1000);
        builder.add_step(2, Step::StageSources { path: "/s".to_owned() });
        builder.collect("/o".to_owned());
        let plan = builder.take().expect("it is good");
        assert_eq!((plan.steps.len(), plan.collect), (1, "/o".to_owned()));
        assert_eq!(builder.discard(), None);
    }

    #[test]
    fn faults_are_told() {
        let mut builder = PlanBuilder::default();
        builder.add_step(2, Step::StageSources { path: "/s".to_owned() });
        assert_eq!(builder.discard(), Some("it calls a function of the plan outside 'configure'"));
        builder.begin(1000);
        assert_eq!(builder.take(), Err("its plan does not call 'collect'"));
        builder.begin(1000);
        (0..2).for_each(|_| builder.collect("/o".to_owned()));
        assert_eq!(builder.take(), Err("its plan calls 'collect' twice"));
        builder.begin(1000);
        builder.collect("/o".to_owned());
        builder.add_step(1000, Step::StageSources { path: "/s".repeat(500) });
        assert_eq!(builder.take(), Err("its plan is too large"));
    }
}
