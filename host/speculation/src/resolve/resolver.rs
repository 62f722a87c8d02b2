//! The state of the predictions of a session, and its queries.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use spec_model::Digest;
use spec_strategy::{ChoiceObservation, SessionFacts};

use super::ids::{ActionId, ElementId, Fact, ImpossibleCause, OriginId, Prediction, PredictionKind, TreeId};
use super::input_set_changes::InputSetChanges;
use super::origin_table::{InputRef, OriginContent, OriginTable};
use super::search_folders::SearchFolders;
use super::session_input::{InputClass, SessionInput};
use super::shared_facts::SharedFacts;
use crate::expanded_record::{ExpandedAction, ExpandedRecord};
use crate::guarded_policy::GuardedOverlayPolicy;
use crate::instantiate::Adaptation;
use crate::record::{Content, RecordedAction};

/// The recorded actions of a session, and what is predicted for them.
#[derive(Debug, Default)]
pub struct Resolver {
    pub(super) policy: GuardedOverlayPolicy,
    facts: SharedFacts,
    names: Vec<String>,
    name_ids: HashMap<String, ElementId>,
    pub(super) elements: HashMap<ElementId, RegisteredElement>,
    pub(super) inputs: Vec<SessionInput>,
    pub(super) actions: Vec<SessionAction>,
    pub(super) by_base: HashMap<(ElementId, Digest), ActionId>,
    pub(super) trees: Vec<SessionTree>,
    pub(super) tree_ids: HashMap<(Digest, Vec<ElementId>), TreeId>,
    pub(super) origins: OriginTable,
    pub(super) input_sets: InputSetChanges,
    /// What came of choices, as far as the policy has not been told yet.
    pub(super) choices: Vec<ChoiceObservation>,
}

/// An element with a record.
#[derive(Debug)]
pub(super) struct RegisteredElement {
    pub(super) expanded: Arc<ExpandedRecord>,
    pub(super) actions: Range<usize>,
    /// The number of its first input.
    pub(super) first_input: usize,
    pub(super) folders: SearchFolders,
}

/// A recorded action in a session.
#[derive(Debug)]
pub(super) struct SessionAction {
    pub(super) element: ElementId,
    /// Its index in the record.
    pub(super) index: usize,
    pub(super) is_readable: bool,
    pub(super) trees: Vec<TreeId>,
    /// The number of its inputs of each class.
    pub(super) class_counts: [u32; InputClass::COUNT],
    pub(super) outputs: Option<ActionOutputs>,
    /// Why the caller found that the predicted action cannot be made or executed.
    pub(super) obstacle: Option<ImpossibleCause>,
    /// The additional inputs that are predicted, by their number in the session.
    pub(super) added: BTreeSet<usize>,
    /// The recorded inputs that it is predicted not to have, by their number in the session.
    pub(super) removed: BTreeSet<usize>,
}

/// What an execution of an action wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ActionOutputs {
    /// By path; `None` when it failed.
    pub(super) files: Option<HashMap<String, Content>>,
    /// Whether the build requested the execution. Then later predictions do not change it.
    pub(super) is_observed: bool,
}

/// A tree of dependencies that actions name.
#[derive(Debug)]
pub(super) struct SessionTree {
    pub(super) recorded: Digest,
    pub(super) elements: Vec<ElementId>,
    pub(super) state: TreeState,
    pub(super) users: Vec<ActionId>,
}

/// What is known of a tree of dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TreeState {
    Pending,
    Known(Digest),
    Gone,
}

impl Resolver {
    /// A session without records.
    #[must_use]
    pub fn new(policy: GuardedOverlayPolicy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// The same session, with what policies can ask about it.
    #[must_use]
    pub fn with_facts(self, facts: Arc<dyn SessionFacts>) -> Self {
        Self { facts: SharedFacts(facts), ..self }
    }

    /// What policies can ask about the session.
    pub(crate) fn session_facts(&self) -> &dyn SessionFacts {
        &*self.facts.0
    }

    /// The number of the element with this full name. New names get new numbers, from 0.
    pub fn element_id(&mut self, name: &str) -> ElementId {
        if let Some(id) = self.name_ids.get(name) {
            return *id;
        }
        let id = ElementId(self.names.len() as u32);
        self.names.push(name.to_owned());
        self.name_ids.insert(name.to_owned(), id);
        id
    }

    /// The number of elements, which is the next new one's number.
    #[must_use]
    pub fn element_count(&self) -> usize {
        self.names.len()
    }

    /// The action of an element with this base action.
    #[must_use]
    pub fn action_by_base(&self, element: ElementId, base: &Digest) -> Option<ActionId> {
        self.by_base.get(&(element, *base)).copied()
    }

    /// The actions of an element, in the order of its record.
    pub(crate) fn actions_of(&self, element: ElementId) -> impl Iterator<Item = ActionId> + use<> {
        let range = self.elements.get(&element).map_or(0..0, |registered| registered.actions.clone());
        range.map(|number| ActionId(number as u32))
    }

    /// All actions.
    pub fn actions(&self) -> impl Iterator<Item = ActionId> + use<> {
        (0..self.actions.len() as u32).map(ActionId)
    }

    /// The element whose build requested an action.
    #[must_use]
    pub fn element_of(&self, action: ActionId) -> ElementId {
        self.action(action).element
    }

    /// A fact in words, such as `the artifact of dep.bst`.
    pub(crate) fn describe(&self, fact: Fact) -> String {
        let name =
            |element: ElementId| self.names.get(element.0 as usize).map_or("an element", String::as_str);
        match fact {
            Fact::Sources(element) => format!("the sources of {}", name(element)),
            Fact::Artifact(element) => format!("the artifact of {}", name(element)),
            Fact::Outputs(action) => format!("the outputs of an action of {}", name(self.element_of(action))),
            Fact::Tree(_) => "the tree of its base".to_owned(),
        }
    }

    /// What is recorded of an action.
    #[must_use]
    pub fn recorded(&self, action: ActionId) -> &RecordedAction {
        let SessionAction { element, index, .. } = self.action(action);
        &self.elements[element].expanded.record.actions[*index]
    }

    /// The record of an element, with the inputs of its actions.
    #[must_use]
    pub fn expanded_record(&self, element: ElementId) -> Option<&Arc<ExpandedRecord>> {
        self.elements.get(&element).map(|registered| &registered.expanded)
    }

    /// The command and inputs of a base action; `None` when it cannot be read.
    #[must_use]
    pub fn expanded_action(&self, action: ActionId) -> Option<&ExpandedAction> {
        let SessionAction { element, index, .. } = self.action(action);
        self.elements[element].expanded.actions[*index].as_ref()
    }

    /// What the caller looks up when the sources or the artifact of an element become known: origins, with their paths in
    /// that tree.
    #[must_use]
    pub fn wanted_paths(&self, fact: Fact) -> Vec<(OriginId, &str)> {
        self.origins.of_fact(fact).iter().map(|origin| (*origin, self.origins.path(*origin))).collect()
    }

    /// The trees that the caller makes once all of their elements are built, with these elements in the order of staging.
    pub fn trees(&self) -> impl Iterator<Item = (TreeId, &[ElementId])> {
        self.trees.iter().enumerate().map(|(number, tree)| (TreeId(number as u32), &*tree.elements))
    }

    /// The actions that read outputs of this one.
    pub(crate) fn readers(&self, action: ActionId) -> Vec<ActionId> {
        let outputs = self.origins.of_fact(Fact::Outputs(action)).iter();
        let dependents = outputs.flat_map(|output| self.origins.dependents(*output));
        let readers = |dependent: &InputRef| match dependent {
            InputRef::Recorded(input) => self.inputs[*input].readers.clone(),
            InputRef::Added(_) => Vec::new(),
        };
        let mut readers: Vec<ActionId> = dependents.flat_map(readers).collect();
        readers.sort_unstable();
        readers.dedup();
        readers
    }

    /// What is predicted for an action.
    pub(crate) fn prediction(&self, id: ActionId) -> Prediction {
        match self.prediction_kind(id) {
            PredictionKind::Pending => Prediction::Pending(self.pending_facts(id)),
            PredictionKind::Unchanged => Prediction::Unchanged,
            PredictionKind::Adapted => Prediction::Adapted,
            PredictionKind::Impossible(cause) => Prediction::Impossible(cause),
        }
    }

    /// What is predicted for an action, without the facts that it depends on. Does not look at its inputs.
    pub(crate) fn prediction_kind(&self, id: ActionId) -> PredictionKind {
        let action = self.action(id);
        let trees = || action.trees.iter().map(|tree| &self.trees[tree.0 as usize]);
        let count = |class: InputClass| action.class_counts[class as usize];
        if !action.is_readable {
            PredictionKind::Impossible(ImpossibleCause::Unreadable)
        } else if let Some(obstacle) = action.obstacle {
            PredictionKind::Impossible(obstacle)
        } else if count(InputClass::Gone) > 0 {
            PredictionKind::Impossible(ImpossibleCause::InputGone)
        } else if trees().any(|tree| tree.state == TreeState::Gone) {
            PredictionKind::Impossible(ImpossibleCause::TreeGone)
        } else if count(InputClass::Pending) > 0 || trees().any(|tree| tree.state == TreeState::Pending) {
            PredictionKind::Pending
        } else if count(InputClass::Changed) > 0
            || trees().any(|tree| tree.state != TreeState::Known(tree.recorded))
        {
            PredictionKind::Adapted
        } else {
            PredictionKind::Unchanged
        }
    }

    /// The known differences of the predicted action from the recorded one.
    #[must_use]
    pub fn adaptation(&self, id: ActionId) -> Adaptation {
        let inputs = self.inputs_of(id).filter_map(|number| {
            let is_removed = self.action(id).removed.contains(&number);
            let content = if is_removed { None } else { Some(self.inputs[number].changed()?.clone()) };
            Some((self.path_of_input(number), content))
        });
        let added = self.action(id).added.iter().filter_map(|number| self.input_sets.added[*number].found());
        let added = added.map(|(path, content)| (path.to_owned(), Some(content.clone())));
        let trees = self.action(id).trees.iter().filter_map(|tree| match self.trees[tree.0 as usize] {
            SessionTree { recorded, state: TreeState::Known(now), .. } if now != recorded => {
                Some((recorded, now))
            }
            _ => None,
        });
        Adaptation { inputs: inputs.chain(added).collect(), trees: trees.collect() }
    }

    /// The unknown facts that an action depends on, sorted.
    fn pending_facts(&self, id: ActionId) -> Vec<Fact> {
        let pending = self.inputs_of(id).filter(|number| self.inputs[*number].class() == InputClass::Pending);
        let origins =
            pending.flat_map(|number| self.inputs[number].alternatives.iter().map(|(_, origin)| *origin));
        let added = self.action(id).added.iter().map(|number| &self.input_sets.added[*number]);
        let added = added.filter(|added| added.class() == InputClass::Pending);
        let origins = origins.chain(added.flat_map(|added| added.origins()));
        let origins = origins.filter(|origin| *self.origins.content(*origin) == OriginContent::Pending);
        let mut facts: Vec<Fact> = origins.filter_map(|origin| self.origins.fact(origin)).collect();
        let trees = self.action(id).trees.iter();
        let pending = trees.filter(|tree| self.trees[tree.0 as usize].state == TreeState::Pending);
        facts.extend(pending.map(|tree| Fact::Tree(*tree)));
        facts.sort_unstable();
        facts.dedup();
        facts
    }

    /// The outputs of an action when it was recorded, by path.
    pub(crate) fn recorded_outputs(&self, id: ActionId) -> Vec<(String, Content)> {
        let paths = &self.elements[&self.action(id).element].expanded.record.paths;
        let outputs = self.recorded(id).outputs.iter();
        outputs.map(|output| (paths.text(output.path), output.content())).collect()
    }

    pub(super) fn action(&self, id: ActionId) -> &SessionAction {
        &self.actions[id.0 as usize]
    }

    /// The recorded inputs of an action, by their numbers in the session.
    pub(super) fn inputs_of(&self, id: ActionId) -> impl Iterator<Item = usize> {
        let SessionAction { element, index, .. } = self.action(id);
        let RegisteredElement { expanded, first_input, .. } = &self.elements[element];
        let inputs = expanded.actions[*index].iter().flat_map(|action| &action.inputs);
        inputs.map(move |input| first_input + input.0 as usize)
    }

    /// The path of an input in the input roots of its element.
    pub(super) fn path_of_input(&self, number: usize) -> String {
        let input = &self.inputs[number];
        self.elements[&input.element].expanded.record.paths.text(input.path)
    }
}
