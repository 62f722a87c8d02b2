//! Hears what policies are asked, and what they answer.

use spec_strategy::{
    Candidate, ChangedFile, Choice, Decision, InputAlternatives, InputOrigins, Observation, OverlayFacts,
    PrimingFacts, PrimingLoad, Proposal, Revision, SubmittedAction,
};

/// Hears every question to a policy with the answer that counts: the policy's, or that of the built-in policy in its place.
/// It is called on the thread that asked, after the answer, with the same facts.
pub trait PolicyListener: Send + Sync {
    /// The priming policy decided on candidates.
    fn decided(&self, _: &[Candidate], _: &PrimingLoad, _: &[Decision], _facts: &dyn PrimingFacts) {}

    /// The priming policy decided again on submitted actions.
    fn revised(&self, _submitted: &[SubmittedAction], _revisions: &[Revision]) {}

    /// The priming policy was told what became of actions.
    fn observed(&self, _ended: &[Observation], _facts: &dyn PrimingFacts) {}

    /// The overlay policy selected the alternatives of inputs that are recorded.
    fn selected(&self, _inputs: &[InputOrigins], _picks: &[Vec<u8>]) {}

    /// The overlay policy chose between alternatives of inputs.
    fn chosen(&self, _inputs: &[InputAlternatives], _choices: &[Choice], _facts: &dyn OverlayFacts) {}

    /// The overlay policy proposed changes of sets of inputs.
    fn proposed(&self, _files: &[ChangedFile], _proposals: &[Proposal]) {}
}
