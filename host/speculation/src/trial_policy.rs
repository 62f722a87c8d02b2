//! Another overlay policy for one build.

use spec_strategy::{
    ChangedFile, Choice, ChoiceObservation, InputAlternatives, InputOrigins, OverlayFacts, OverlayPolicy,
    OverlayWants, PolicyError, Proposal,
};

use crate::guarded_policy::GuardedOverlayPolicy;

/// An overlay policy that is tried in one build. It chooses and proposes; what is recorded for the next build are the
/// alternatives that the usual policy selects, and after them the other ones that this one selects: so the next build
/// predicts as if nothing had been tried.
pub struct TrialOverlayPolicy {
    tried: Box<dyn OverlayPolicy>,
    usual: GuardedOverlayPolicy,
}

impl TrialOverlayPolicy {
    /// Tries a policy instead of `usual`.
    #[must_use]
    pub fn new(tried: Box<dyn OverlayPolicy>, usual: GuardedOverlayPolicy) -> Self {
        Self { tried, usual }
    }
}

impl OverlayPolicy for TrialOverlayPolicy {
    fn name(&self) -> &str {
        self.tried.name()
    }

    fn wants(&self) -> OverlayWants {
        self.tried.wants()
    }

    fn select(
        &mut self,
        inputs: &[InputOrigins],
        facts: &dyn OverlayFacts,
    ) -> Result<Vec<Vec<u8>>, PolicyError> {
        let mut tried = self.tried.select(inputs, facts)?;
        for (picks, mut usual) in tried.iter_mut().zip(self.usual.select_batch(inputs, facts)) {
            // An index that is there twice stays there twice, so that the guard of this policy sees it.
            usual.extend(picks.iter().filter(|pick| !usual.contains(pick)).copied().collect::<Vec<_>>());
            let repeated = picks.iter().enumerate().filter(|(at, pick)| picks[..*at].contains(pick));
            usual.extend(repeated.map(|(_, pick)| *pick).collect::<Vec<_>>());
            *picks = usual;
        }
        Ok(tried)
    }

    fn choose(
        &mut self,
        inputs: &[InputAlternatives],
        facts: &dyn OverlayFacts,
    ) -> Result<Vec<Choice>, PolicyError> {
        self.tried.choose(inputs, facts)
    }

    fn propose(
        &mut self,
        files: &[ChangedFile],
        facts: &dyn OverlayFacts,
    ) -> Result<Vec<Proposal>, PolicyError> {
        self.tried.propose(files, facts)
    }

    fn observe(&mut self, ended: &[ChoiceObservation], facts: &dyn OverlayFacts) -> Result<(), PolicyError> {
        self.tried.observe(ended, facts)
    }

    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        self.tried.remember()
    }
}

#[cfg(test)]
mod tests {
    use spec_strategy::{BuiltInOverlayPolicy, NoFacts, OriginInfo, OriginKind};

    use super::*;

    /// Selects these of every input.
    struct Selects(Vec<u8>);

    impl OverlayPolicy for Selects {
        fn select(
            &mut self,
            inputs: &[InputOrigins],
            _: &dyn OverlayFacts,
        ) -> Result<Vec<Vec<u8>>, PolicyError> {
            Ok(vec![self.0.clone(); inputs.len()])
        }

        fn choose(
            &mut self,
            inputs: &[InputAlternatives],
            facts: &dyn OverlayFacts,
        ) -> Result<Vec<Choice>, PolicyError> {
            BuiltInOverlayPolicy.choose(inputs, facts)
        }
    }

    #[test]
    fn what_the_usual_policy_selects_stays_recorded() {
        let origin = |kind| OriginInfo { kind, element: Some(1) };
        let origins =
            vec![origin(OriginKind::Source), origin(OriginKind::Action), origin(OriginKind::Artifact)];
        let inputs = [InputOrigins { path: 1, origins }];
        for (tried, usual, expected) in [
            (vec![], vec![0, 2], vec![0, 2]),
            (vec![2, 1], vec![0, 2], vec![0, 2, 1]),
            (vec![1], vec![], vec![1]),
        ] {
            let usual = GuardedOverlayPolicy::new(Box::new(Selects(usual)));
            let mut policy = TrialOverlayPolicy::new(Box::new(Selects(tried)), usual);
            assert_eq!(policy.select(&inputs, &NoFacts).expect("both answer"), [expected]);
        }
        for nonsense in [vec![3], vec![1, 1]] {
            let usual = GuardedOverlayPolicy::new(Box::new(Selects(vec![0])));
            let tried = Box::new(TrialOverlayPolicy::new(Box::new(Selects(nonsense)), usual));
            let guarded = GuardedOverlayPolicy::new(tried);
            assert_eq!(
                guarded.select_batch(&inputs, &NoFacts),
                [[0, 1, 2]],
                "the built-in policy replaces it"
            );
            assert!(guarded.take_warning().is_some());
        }
    }
}
