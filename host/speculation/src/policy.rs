//! Policies with a net below them: one that fails or answers nonsense is dropped for the session.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_model::UserError;
use spec_strategy::{
    Candidate, ChangedFile, Choice, Decision, InputOrigins, InputStanding, Machine, Observation, OriginFacts,
    OriginKind, OverlayPolicy, PolicyError, PrimingPolicy, Proposal, SetEdit, StandardOverlays,
    StandardPriming, Standing,
};

use crate::record::{Input, Origin, Record};

/// As many alternatives of an input are kept.
const MOST_ORIGINS: usize = 255;
/// No name of a file is longer.
const LONGEST_NAME: usize = 4096;
/// A policy is asked about so many inputs at a time.
const BATCH: usize = 10_000;
/// Bytes that a policy may remember.
const MOST_MEMORY: usize = 64 << 10;
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

/// A policy for a session, shared by all who ask it. When it is dropped, the built-in one takes its place for all.
pub struct PolicySlot<P: ?Sized>(Arc<Mutex<State<P>>>);

struct State<P: ?Sized> {
    policy: Box<P>,
    /// Whether it is the built-in one because another failed.
    dropped: bool,
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
        Box::new(StandardPriming)
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
        Self(Arc::new(Mutex::new(State { policy, dropped: false, warning: None })))
    }

    /// Why the policy was dropped, if it was. Told once.
    pub fn take_warning(&self) -> Option<PolicyWarning> {
        self.lock().warning.take()
    }

    /// The policy's answer, or `None` after it was dropped for it.
    fn ask<T>(
        &self,
        call: &str,
        ask: impl FnOnce(&mut P) -> Result<T, PolicyError>,
        good: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        let mut state = self.lock();
        let answer = ask(&mut state.policy);
        match verdict(answer, call, good) {
            Ok(answer) => Some(answer),
            Err(warning) => {
                *state = State { policy: P::built_in(), dropped: true, warning: Some(warning) };
                None
            }
        }
    }
}

impl<P: ?Sized> PolicySlot<P> {
    /// A policy that panicked has given no answer, and is asked again.
    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: ?Sized> Clone for PolicySlot<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl OverlaySlot {
    /// Has the policy pick among the alternatives of all inputs of a record.
    pub(crate) fn select(&self, record: &mut Record) {
        for inputs in record.inputs.chunks_mut(BATCH) {
            let questions: Vec<InputOrigins> = inputs.iter().map(question).collect();
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
            let answer = self.ask("select", |policy| policy.select(&questions), good);
            let answer = answer.or_else(|| StandardOverlays.select(&questions).ok());
            for (input, picks) in inputs.iter_mut().zip(answer.unwrap_or_default()) {
                input.origins =
                    picks.into_iter().map(|pick| input.origins[usize::from(pick)].clone()).collect();
            }
        }
    }

    /// Where inputs take their contents from.
    pub(crate) fn choose(&self, questions: &[InputStanding]) -> Vec<Choice> {
        questions.chunks(BATCH).flat_map(|batch| self.choose_batch(batch)).collect()
    }

    fn choose_batch(&self, questions: &[InputStanding]) -> Vec<Choice> {
        let good = |answer: &Vec<Choice>| {
            answer.len() == questions.len()
                && questions.iter().zip(answer).all(|(question, choice)| is_possible(question, *choice))
        };
        let answer = self.ask("choose", |policy| policy.choose(questions), good);
        answer.or_else(|| StandardOverlays.choose(questions).ok()).unwrap_or_default()
    }

    /// Whether the policy wants to see the contents of files that changed.
    pub(crate) fn scans(&self) -> bool {
        self.lock().policy.scans()
    }

    /// Which inputs come and go with the contents of files.
    pub(crate) fn propose(&self, files: &[ChangedFile]) -> Vec<Proposal> {
        let is_name = |name: &String| !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains('\0');
        let fits = |edit: &SetEdit| match edit {
            SetEdit::Add { name } | SetEdit::Remove { name } => is_name(name),
            SetEdit::Rename { from, to } => is_name(from) && is_name(to),
        };
        let good = |answer: &Vec<Proposal>| {
            answer.iter().all(|proposal| (proposal.file as usize) < files.len() && fits(&proposal.edit))
        };
        self.ask("propose", |policy| policy.propose(files), good).unwrap_or_default()
    }
}

impl PrimingSlot {
    /// What becomes of candidates.
    pub(crate) fn decide(&self, candidates: &[Candidate], machine: &Machine) -> Vec<Decision> {
        let good = |answer: &Vec<Decision>| {
            let within = |decision: &Decision| match decision {
                Decision::Submit { priority } => *priority <= LEAST_URGENT,
                Decision::Hold | Decision::Skip(_) => true,
            };
            answer.len() == candidates.len() && answer.iter().all(within)
        };
        let answer = self.ask("decide", |policy| policy.decide(candidates, machine), good);
        answer.or_else(|| StandardPriming.decide(candidates, machine).ok()).unwrap_or_default()
    }

    /// Tells what became of submitted actions.
    pub(crate) fn observe(&self, outcomes: &[Observation]) {
        self.ask("observe", |policy| policy.observe(outcomes), |()| true);
    }

    /// What the policy wants to know in the next session; `None` when it was dropped, so that what it remembered
    /// before stands.
    pub fn remember(&self) -> Option<Vec<u8>> {
        let memory = self.ask("remember", |policy| policy.remember(), |memory| memory.len() <= MOST_MEMORY);
        memory.filter(|_| !self.lock().dropped)
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
        write!(f, "PolicySlot({:?})", self.lock().warning)
    }
}
