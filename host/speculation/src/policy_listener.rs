//! Hears what policies are asked, and what they answer.

use spec_strategy::{
    Candidate, ChangedFile, Choice, Decision, InputAlternatives, InputOrigins, Machine, Observation, Proposal,
};

/// Hears every question to a policy with the answer that counts: the policy's, or that of the built-in policy in its place.
/// It is called on the thread that asked, after the answer.
pub trait PolicyListener: Send + Sync {
    /// The priming policy decided on candidates.
    fn decided(&self, _candidates: &[Candidate], _machine: &Machine, _decisions: &[Decision]) {}

    /// The priming policy was told outcomes.
    fn observed(&self, _outcomes: &[Observation]) {}

    /// The overlay policy selected the alternatives of inputs that are recorded.
    fn selected(&self, _inputs: &[InputOrigins], _picks: &[Vec<u8>]) {}

    /// The overlay policy chose between alternatives of inputs.
    fn chosen(&self, _inputs: &[InputAlternatives], _choices: &[Choice]) {}

    /// The overlay policy proposed changes of sets of inputs.
    fn proposed(&self, _files: &[ChangedFile], _proposals: &[Proposal]) {}
}
