//! Guards policies: one that fails or gives an invalid answer is replaced by the built-in policy for the session.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_model::{Blame, UserError};
use spec_strategy::{
    BuiltInOverlayPolicy, BuiltInPrimingPolicy, Candidate, ChangedFile, Choice, ChoiceObservation, Decision,
    InputAlternatives, InputOrigins, Observation, OriginInfo, OriginKind, OriginState, OverlayFacts,
    OverlayPolicy, OverlayWants, PolicyError, PrimingFacts, PrimingLoad, PrimingPolicy, PrimingWants,
    Proposal, Revision, SessionFacts, SetEdit, SubmittedAction,
};

use crate::path_table::{PathId, PathTable};
use crate::policy_listener::PolicyListener;
use crate::record::{ElementIndex, Origin, Record, RecordedInput};

/// The number of alternatives of an input that are kept.
const MAX_ORIGINS: usize = 255;
/// The longest file name of a proposal, in bytes.
const MAX_NAME_SIZE: usize = 4096;
/// The most entries of a question.
const BATCH: usize = 10_000;
/// The largest state that a policy may keep, in bytes.
const MAX_STATE_SIZE: usize = 64 << 10;
/// The highest priority number that a policy may give.
const MAX_PRIORITY: u16 = 1000;

/// A policy failed, and was replaced by the built-in one. The reason is that of its error, or `plugin-invalid-answer`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; the built-in policy is used for the rest of the session")]
pub struct PolicyWarning {
    /// A stable code.
    reason: String,
    /// What happened.
    message: String,
    /// What to do next.
    hint: Option<String>,
}

impl PolicyWarning {
    /// What happened.
    pub(crate) fn cause(&self) -> &str {
        &self.message
    }
}

impl UserError for PolicyWarning {
    fn blame(&self) -> Blame {
        Blame::Plugin
    }

    fn reason(&self) -> &str {
        &self.reason
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// The policy of a session. All clones share it: when it is replaced by the built-in one, it is for all.
pub struct GuardedPolicy<P: ?Sized>(Arc<Mutex<PolicyState<P>>>);

struct PolicyState<P: ?Sized> {
    policy: Box<P>,
    /// Whether it is the built-in one because another failed.
    is_replaced: bool,
    warning: Option<PolicyWarning>,
    listeners: Vec<Arc<dyn PolicyListener>>,
}

/// The overlay policy of a session.
pub type GuardedOverlayPolicy = GuardedPolicy<dyn OverlayPolicy>;

/// The priming policy of a session.
pub type GuardedPrimingPolicy = GuardedPolicy<dyn PrimingPolicy>;

/// A kind of policy that has a built-in implementation.
pub trait HasBuiltIn {
    /// The built-in policy.
    fn built_in() -> Box<Self>;

    /// The policy's name and file, for messages.
    fn name(&self) -> &str;
}

impl HasBuiltIn for dyn OverlayPolicy {
    fn built_in() -> Box<Self> {
        Box::new(BuiltInOverlayPolicy)
    }

    fn name(&self) -> &str {
        OverlayPolicy::name(self)
    }
}

impl HasBuiltIn for dyn PrimingPolicy {
    fn built_in() -> Box<Self> {
        Box::new(BuiltInPrimingPolicy)
    }

    fn name(&self) -> &str {
        PrimingPolicy::name(self)
    }
}

impl<P: HasBuiltIn + ?Sized> Default for GuardedPolicy<P> {
    fn default() -> Self {
        Self::new(P::built_in())
    }
}

impl<P: HasBuiltIn + ?Sized> GuardedPolicy<P> {
    /// Guards this policy.
    #[must_use]
    pub fn new(policy: Box<P>) -> Self {
        Self(Arc::new(Mutex::new(PolicyState {
            policy,
            is_replaced: false,
            warning: None,
            listeners: Vec::new(),
        })))
    }

    /// The built-in policy in place of one that failed before it was asked anything.
    #[must_use]
    pub fn instead_of_failed(error: &PolicyError) -> Self {
        let guarded = Self::default();
        guarded.lock().replace(error);
        guarded
    }

    /// Why the policy was replaced, if it was. Returned once.
    pub fn take_warning(&self) -> Option<PolicyWarning> {
        self.lock().warning.take()
    }

    /// The policy's answer; `None` when it was invalid, so that the policy was replaced.
    fn ask<T>(
        &self,
        call: &'static str,
        ask: impl FnOnce(&mut P) -> Result<T, PolicyError>,
        good: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        let mut state = self.lock();
        let answer = ask(&mut state.policy);
        match check_answer(answer, &*state.policy, call, good) {
            Ok(answer) => Some(answer),
            Err(error) => {
                state.replace(&error);
                None
            }
        }
    }
}

impl<P: HasBuiltIn + ?Sized> PolicyState<P> {
    fn replace(&mut self, error: &PolicyError) {
        let (reason, message) = (error.reason.to_owned(), error.to_string());
        let warning = PolicyWarning { reason, message, hint: error.hint() };
        (self.policy, self.is_replaced, self.warning) = (P::built_in(), true, Some(warning));
    }
}

impl<P: ?Sized> GuardedPolicy<P> {
    /// Has `listener` hear all questions and answers from now on.
    pub fn add_listener(&self, listener: Arc<dyn PolicyListener>) {
        self.lock().listeners.push(listener);
    }

    fn tell(&self, tell: impl Fn(&dyn PolicyListener)) {
        let listeners = self.lock().listeners.clone();
        listeners.iter().for_each(|listener| tell(&**listener));
    }

    /// A policy that panicked stays in use.
    fn lock(&self) -> MutexGuard<'_, PolicyState<P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: ?Sized> Clone for GuardedPolicy<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl GuardedOverlayPolicy {
    /// Selects the alternatives of all inputs of a record.
    pub(crate) fn select(&self, record: &mut Record, session: &dyn SessionFacts) {
        let Record { elements, paths, inputs, .. } = record;
        let numbers: Vec<u32> =
            elements.iter().map(|name| session.element_number(name).unwrap_or(u32::MAX)).collect();
        let facts = RecordFacts { session, paths };
        for inputs in inputs.chunks_mut(BATCH) {
            let questions: Vec<InputOrigins> = inputs.iter().map(|input| question(input, &numbers)).collect();
            let answer = self.select_batch(&questions, &facts);
            for (input, picks) in inputs.iter_mut().zip(answer) {
                input.origins =
                    picks.into_iter().map(|pick| input.origins[usize::from(pick)].clone()).collect();
            }
        }
    }

    /// Selects the alternatives of inputs.
    pub(crate) fn select_batch(&self, questions: &[InputOrigins], facts: &dyn OverlayFacts) -> Vec<Vec<u8>> {
        let fits = |(input, picks): (&InputOrigins, &Vec<u8>)| are_indices(picks, input.origins.len());
        let select = |questions: &[InputOrigins]| {
            let good = |answer: &Vec<Vec<u8>>| {
                answer.len() == questions.len() && questions.iter().zip(answer).all(fits)
            };
            let answer = self.ask("select", |policy| policy.select(questions, facts), good);
            let answer = answer.or_else(|| BuiltInOverlayPolicy.select(questions, facts).ok());
            let answer = answer.unwrap_or_default();
            self.tell(|listener| listener.selected(questions, &answer));
            answer
        };
        questions.chunks(self.batch()).flat_map(select).collect()
    }

    /// Chooses the origins from which inputs take their contents.
    pub(crate) fn choose(&self, questions: &[InputAlternatives], facts: &dyn OverlayFacts) -> Vec<Choice> {
        let choose = |questions: &[InputAlternatives]| {
            let good = |answer: &Vec<Choice>| {
                answer.len() == questions.len()
                    && questions.iter().zip(answer).all(|(question, choice)| is_possible(question, choice))
            };
            let answer = self.ask("choose", |policy| policy.choose(questions, facts), good);
            let answer = answer.or_else(|| BuiltInOverlayPolicy.choose(questions, facts).ok());
            let answer = answer.unwrap_or_default();
            self.tell(|listener| listener.chosen(questions, &answer, facts));
            answer
        };
        questions.chunks(self.batch()).flat_map(choose).collect()
    }

    /// What the policy wants to be called for.
    pub(crate) fn wants(&self) -> OverlayWants {
        self.lock().policy.wants()
    }

    fn batch(&self) -> usize {
        batch(self.wants().largest_batch)
    }

    /// The changes of input sets that follow from the contents of files.
    pub(crate) fn propose(&self, files: &[ChangedFile], facts: &dyn OverlayFacts) -> Vec<Proposal> {
        let is_name = |name: &String| !name.is_empty() && name.len() <= MAX_NAME_SIZE && !name.contains('\0');
        let fits = |edit: &SetEdit| match edit {
            SetEdit::Add { name } | SetEdit::Remove { name } => is_name(name),
            SetEdit::Rename { removed, added } => is_name(removed) && is_name(added),
        };
        let (size, mut proposals) = (self.batch(), Vec::new());
        for (number, files) in files.chunks(size).enumerate() {
            let good = |answer: &Vec<Proposal>| {
                answer.iter().all(|proposal| (proposal.file as usize) < files.len() && fits(&proposal.edit))
            };
            let answer = self.ask("propose", |policy| policy.propose(files, facts), good).unwrap_or_default();
            self.tell(|listener| listener.proposed(files, &answer));
            let first = (number * size) as u32;
            proposals.extend(
                answer.into_iter().map(|Proposal { file, edit }| Proposal { file: first + file, edit }),
            );
        }
        proposals
    }

    /// Tells the policy what came of its choices.
    pub(crate) fn observe(&self, ended: &[ChoiceObservation], facts: &dyn OverlayFacts) {
        for ended in ended.chunks(self.batch()) {
            self.ask("observe", |policy| policy.observe(ended, facts), |()| true);
        }
    }

    /// The state that the policy keeps for the next session; `None` when it was replaced, so that its former state is
    /// kept.
    pub fn remember(&self) -> Option<Vec<u8>> {
        let memory =
            self.ask("remember", |policy| policy.remember(), |memory| memory.len() <= MAX_STATE_SIZE);
        memory.filter(|_| !self.lock().is_replaced)
    }
}

impl GuardedPrimingPolicy {
    /// What the policy wants to be called for.
    pub(crate) fn wants(&self) -> PrimingWants {
        self.lock().policy.wants()
    }

    /// Decides on candidates: no more than the policy's largest batch.
    pub(crate) fn decide(
        &self,
        candidates: &[Candidate],
        load: &PrimingLoad,
        facts: &dyn PrimingFacts,
    ) -> Vec<Decision> {
        let good = |answer: &Vec<Decision>| {
            let within = |decision: &Decision| match decision {
                Decision::Submit { priority } => *priority <= MAX_PRIORITY,
                Decision::Hold | Decision::Skip(_) => true,
            };
            answer.len() == candidates.len() && answer.iter().all(within)
        };
        let answer = self.ask("decide", |policy| policy.decide(candidates, load, facts), good);
        let answer = answer.or_else(|| BuiltInPrimingPolicy.decide(candidates, load, facts).ok());
        let answer = answer.unwrap_or_default();
        self.tell(|listener| listener.decided(candidates, load, &answer, facts));
        answer
    }

    /// Decides again on submitted actions.
    pub(crate) fn revise(
        &self,
        submitted: &[SubmittedAction],
        load: &PrimingLoad,
        facts: &dyn PrimingFacts,
    ) -> Vec<Revision> {
        let revise = |submitted: &[SubmittedAction]| {
            let good = |answer: &Vec<Revision>| {
                let within = |revision: &Revision| match revision {
                    Revision::Reprioritise { priority } => *priority <= MAX_PRIORITY,
                    Revision::Keep | Revision::Cancel => true,
                };
                answer.len() == submitted.len() && answer.iter().all(within)
            };
            let answer = self.ask("revise", |policy| policy.revise(submitted, load, facts), good);
            let answer = answer.unwrap_or_else(|| vec![Revision::Keep; submitted.len()]);
            self.tell(|listener| listener.revised(submitted, &answer));
            answer
        };
        submitted.chunks(batch(self.wants().largest_batch)).flat_map(revise).collect()
    }

    /// Tells the policy what became of actions.
    pub(crate) fn observe(&self, ended: &[Observation], facts: &dyn PrimingFacts) {
        for ended in ended.chunks(batch(self.wants().largest_batch)) {
            self.ask("observe", |policy| policy.observe(ended, facts), |()| true);
            self.tell(|listener| listener.observed(ended, facts));
        }
    }

    /// The state that the policy keeps for the next session; `None` when it was replaced, so that its former state is
    /// kept.
    pub fn remember(&self) -> Option<Vec<u8>> {
        let memory =
            self.ask("remember", |policy| policy.remember(), |memory| memory.len() <= MAX_STATE_SIZE);
        memory.filter(|_| !self.lock().is_replaced)
    }
}

/// The facts of a record that is made.
struct RecordFacts<'a> {
    session: &'a dyn SessionFacts,
    paths: &'a PathTable,
}

impl OverlayFacts for RecordFacts<'_> {
    fn session(&self) -> &dyn SessionFacts {
        self.session
    }

    fn path(&self, path: u32) -> Option<String> {
        ((path as usize) < self.paths.len()).then(|| self.paths.text(PathId(path)))
    }
}

/// The number of entries of a question for a policy with this largest batch.
pub(crate) fn batch(largest: Option<u32>) -> usize {
    largest.map_or(BATCH, |largest| (largest.max(1) as usize).min(BATCH))
}

fn check_answer<T, P: HasBuiltIn + ?Sized>(
    answer: Result<T, PolicyError>,
    policy: &P,
    activity: &'static str,
    good: impl FnOnce(&T) -> bool,
) -> Result<T, PolicyError> {
    let answer = answer?;
    if good(&answer) {
        return Ok(answer);
    }
    Err(PolicyError {
        reason: "plugin-invalid-answer",
        policy: policy.name().to_owned(),
        activity,
        message: "it gave an invalid answer".to_owned(),
        hint: "",
    })
}

fn is_possible(question: &InputAlternatives, choice: &Choice) -> bool {
    let mut states = question.alternatives.iter().map(|(_, state)| *state);
    match choice {
        Choice::Take(index) => {
            matches!(states.nth(usize::from(*index)), Some(OriginState::Unchanged | OriginState::Changed))
        }
        Choice::Rank(ranking) => !ranking.is_empty() && are_indices(ranking, question.alternatives.len()),
        Choice::Wait => states.any(|state| state == OriginState::Pending),
        Choice::GiveUp => true,
    }
}

/// Whether these are different indices of a list.
fn are_indices(indices: &[u8], length: usize) -> bool {
    let mut seen = [false; MAX_ORIGINS];
    indices.iter().all(|index| {
        let index = usize::from(*index);
        index < length && !std::mem::replace(&mut seen[index], true)
    })
}

fn question(input: &RecordedInput, numbers: &[u32]) -> InputOrigins {
    let number = |element: ElementIndex| numbers[element.0 as usize];
    InputOrigins {
        path: input.path.0,
        origins: input.origins.iter().take(MAX_ORIGINS).map(|origin| origin_info(origin, number)).collect(),
    }
}

/// An origin as policies see it, with the number of its element in the session.
pub(crate) fn origin_info(origin: &Origin, number: impl Fn(ElementIndex) -> u32) -> OriginInfo {
    let kind = match origin {
        Origin::Source { .. } => OriginKind::Source,
        Origin::Action { .. } => OriginKind::Action,
        Origin::Artifact { .. } => OriginKind::Artifact,
    };
    let element = origin.element();
    OriginInfo { kind, element: (element != ElementIndex::SELF).then(|| number(element)) }
}

impl<P: ?Sized> std::fmt::Debug for GuardedPolicy<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GuardedPolicy({:?})", self.lock().warning)
    }
}
