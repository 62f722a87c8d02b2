//! Policies with a net below them: one that fails or answers nonsense is dropped for the session.

use spec_model::UserError;
use spec_strategy::{
    Candidate, ChangedFile, Choice, Decision, EagerPriming, InputOrigins, InputStanding, Machine,
    Observation, OriginFacts, OriginKind, OverlayPolicy, PolicyError, PrimingPolicy, Proposal, SetEdit,
    StandardOverlays, Standing,
};

use crate::record::{Input, Origin, Record};

/// As many alternatives of an input are kept.
const MOST_ORIGINS: usize = 255;
/// No name of a file is longer.
const LONGEST_NAME: usize = 4096;
/// The lowest urgency that a policy may give.
const LEAST_URGENT: u16 = 1000;

/// A policy was dropped; the build goes on without it. Its reason is the policy's own, or `policy-invalid-answer`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; the built-in policy takes over until the end of the session")]
pub struct PolicyWarning {
    /// A stable code.
    reason: String,
    /// What it did.
    message: String,
}

impl UserError for PolicyWarning {
    fn reason(&self) -> &str {
        &self.reason
    }
}

/// A policy for a session. When it is dropped the built-in one takes its place.
pub struct PolicySlot<P: ?Sized> {
    policy: Box<P>,
    warning: Option<PolicyWarning>,
}

/// The overlay policy of a session.
pub type OverlaySlot = PolicySlot<dyn OverlayPolicy>;

/// The priming policy of a session.
pub type PrimingSlot = PolicySlot<dyn PrimingPolicy>;

/// A contract with a policy that is always there.
pub trait HasBuiltIn {
    /// The policy that takes over.
    fn built_in() -> Box<Self>;
}

impl HasBuiltIn for dyn OverlayPolicy {
    fn built_in() -> Box<Self> {
        Box::new(StandardOverlays)
    }
}

impl HasBuiltIn for dyn PrimingPolicy {
    fn built_in() -> Box<Self> {
        Box::new(EagerPriming)
    }
}

impl<P: HasBuiltIn + ?Sized> Default for PolicySlot<P> {
    fn default() -> Self {
        Self::new(P::built_in())
    }
}

impl<P: HasBuiltIn + ?Sized> PolicySlot<P> {
    /// A session with this policy.
    #[must_use]
    pub fn new(policy: Box<P>) -> Self {
        Self { policy, warning: None }
    }

    /// Why the policy was dropped, if it was. Told once.
    pub fn take_warning(&mut self) -> Option<PolicyWarning> {
        self.warning.take()
    }

    /// The answer to `call`, or `None` after the policy was dropped for it.
    fn check<T>(
        &mut self,
        answer: Result<T, PolicyError>,
        call: &str,
        good: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        match verdict(answer, call, good) {
            Ok(answer) => Some(answer),
            Err(warning) => {
                *self = Self { policy: P::built_in(), warning: Some(warning) };
                None
            }
        }
    }
}

impl OverlaySlot {
    /// Has the policy pick among the alternatives of all inputs of a record, in one call.
    pub(crate) fn select(&mut self, record: &mut Record) {
        let questions: Vec<InputOrigins> = record.inputs.iter().map(question).collect();
        let good = |answer: &Vec<Vec<u8>>| {
            let fits = |(input, picks): (&InputOrigins, &Vec<u8>)| {
                let mut sorted = picks.clone();
                sorted.sort_unstable();
                sorted.dedup();
                sorted.len() == picks.len()
                    && picks.iter().all(|pick| usize::from(*pick) < input.origins.len())
            };
            answer.len() == questions.len() && questions.iter().zip(answer).all(fits)
        };
        let answer = self.policy.select(&questions);
        let answer = self.check(answer, "select", good).or_else(|| StandardOverlays.select(&questions).ok());
        for (input, picks) in record.inputs.iter_mut().zip(answer.unwrap_or_default()) {
            input.origins = picks.into_iter().map(|pick| input.origins[usize::from(pick)].clone()).collect();
        }
    }

    /// Where inputs take their contents from.
    pub(crate) fn choose(&mut self, questions: &[InputStanding]) -> Vec<Choice> {
        let good = |answer: &Vec<Choice>| {
            answer.len() == questions.len()
                && questions.iter().zip(answer).all(|(question, choice)| is_possible(question, *choice))
        };
        let answer = self.policy.choose(questions);
        let answer = self.check(answer, "choose", good);
        answer.or_else(|| StandardOverlays.choose(questions).ok()).unwrap_or_default()
    }
}

impl OverlaySlot {
    /// Whether the policy wants to see the contents of files that changed.
    pub(crate) fn scans(&self) -> bool {
        self.policy.scans()
    }

    /// Which inputs come and go with the contents of files.
    pub(crate) fn propose(&mut self, files: &[ChangedFile]) -> Vec<Proposal> {
        let is_name = |name: &String| !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains('\0');
        let fits = |edit: &SetEdit| match edit {
            SetEdit::Add { name } | SetEdit::Remove { name } => is_name(name),
            SetEdit::Rename { from, to } => is_name(from) && is_name(to),
        };
        let good = |answer: &Vec<Proposal>| {
            answer.iter().all(|proposal| (proposal.file as usize) < files.len() && fits(&proposal.edit))
        };
        let answer = self.policy.propose(files);
        self.check(answer, "propose", good).unwrap_or_default()
    }
}

impl PrimingSlot {
    /// What becomes of candidates.
    pub(crate) fn decide(&mut self, candidates: &[Candidate], machine: &Machine) -> Vec<Decision> {
        let good = |answer: &Vec<Decision>| {
            let within = |decision: &Decision| match decision {
                Decision::Submit { priority } => *priority <= LEAST_URGENT,
                Decision::Hold | Decision::Skip(_) => true,
            };
            answer.len() == candidates.len() && answer.iter().all(within)
        };
        let answer = self.policy.decide(candidates, machine);
        let answer = self.check(answer, "decide", good);
        answer.or_else(|| EagerPriming.decide(candidates, machine).ok()).unwrap_or_default()
    }

    /// Tells what became of submitted actions.
    pub(crate) fn observe(&mut self, outcomes: &[Observation]) {
        let told = self.policy.observe(outcomes);
        self.check(told, "observe", |()| true);
    }

    /// What the policy wants to know in the next session; empty for nothing.
    pub fn remember(&mut self) -> Vec<u8> {
        let memory = self.policy.remember();
        self.check(memory, "remember", |memory| memory.len() <= 64 << 10).unwrap_or_default()
    }
}

fn verdict<T>(
    answer: Result<T, PolicyError>,
    call: &str,
    good: impl FnOnce(&T) -> bool,
) -> Result<T, PolicyWarning> {
    match answer {
        Ok(answer) if good(&answer) => Ok(answer),
        Ok(_) => Err(PolicyWarning {
            reason: "policy-invalid-answer".to_owned(),
            message: format!("the policy's answer to `{call}` does not fit the question"),
        }),
        Err(error) => Err(PolicyWarning { reason: error.reason.to_owned(), message: error.to_string() }),
    }
}

fn is_possible(question: &InputStanding, choice: Choice) -> bool {
    let mut standings = question.alternatives.iter().map(|(_, standing)| *standing);
    match choice {
        Choice::Take(index) => {
            matches!(standings.nth(usize::from(index)), Some(Standing::Unchanged | Standing::Changed))
        }
        Choice::Wait => standings.any(|standing| standing == Standing::Pending),
        Choice::GiveUp => true,
    }
}

fn question(input: &Input) -> InputOrigins {
    InputOrigins { path: input.path.0, origins: input.origins.iter().take(MOST_ORIGINS).map(facts).collect() }
}

/// An origin as policies see it.
pub(crate) fn facts(origin: &Origin) -> OriginFacts {
    let kind = match origin {
        Origin::Source { .. } => OriginKind::Source,
        Origin::Action { .. } => OriginKind::Action,
        Origin::Artifact { .. } => OriginKind::Artifact,
    };
    OriginFacts { kind, element: origin.element().0 }
}

impl<P: ?Sized> std::fmt::Debug for PolicySlot<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PolicySlot({:?})", self.warning)
    }
}
