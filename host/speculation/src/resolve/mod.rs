//! Which recorded actions can be predicted now, which wait and for what, and which never will be.
//!
//! A pure state machine: facts in, woken actions out. Every place that inputs come from is looked up once. An action
//! reads outputs only of actions with lower numbers, so nothing can wait for itself; what becomes known wakes exactly
//! what waits for it.

mod folders;
mod gained;
mod goes;
mod ids;
mod input;
mod places;
mod register;
mod sets;
mod settle;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_sets;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use spec_model::Digest;

use crate::expand::{Expanded, ExpandedAction};
use crate::instantiate::Adaptation;
use crate::policy::OverlaySlot;
use crate::record::{Content, RecordedAction};

use folders::Folders;
pub use ids::{ActionId, ElementId, Fact, Impossible, PlaceId, TreeId, Verdict};
use input::{Class, SessionInput};
use places::{Asker, Found, Places};
use sets::Sets;
pub use sets::Sight;
pub use settle::Woken;

/// All recorded actions of a session.
#[derive(Debug, Default)]
pub struct Resolver {
    policy: OverlaySlot,
    names: Vec<String>,
    name_ids: HashMap<String, ElementId>,
    elements: HashMap<ElementId, Registered>,
    inputs: Vec<SessionInput>,
    actions: Vec<SessionAction>,
    by_base: HashMap<(ElementId, Digest), ActionId>,
    trees: Vec<SessionTree>,
    tree_ids: HashMap<(Digest, Vec<ElementId>), TreeId>,
    places: Places,
    sets: Sets,
}

/// An element with a record.
#[derive(Debug)]
struct Registered {
    expanded: Arc<Expanded>,
    actions: Range<usize>,
    /// The number of its first input.
    first_input: usize,
    folders: Folders,
}

#[derive(Debug)]
struct SessionAction {
    element: ElementId,
    /// Its index in the record.
    index: usize,
    readable: bool,
    trees: Vec<TreeId>,
    /// How many of its inputs are of which class.
    tally: [u32; Class::COUNT],
    ran: Option<Ran>,
    /// Whether what it is predicted to be cannot be made.
    contradicts: bool,
    /// Inputs that it is guessed to have now.
    gained: BTreeSet<usize>,
    /// Recorded inputs that it is guessed to lack now, by their number in the session.
    lost: BTreeSet<usize>,
}

/// A [`Verdict`] in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    Pending,
    Unchanged,
    Adapted,
    Impossible(Impossible),
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ran {
    /// What it wrote; `None` when it failed.
    outputs: Option<HashMap<String, Content>>,
    /// Whether the build itself asked for it, so that it stands whatever is predicted.
    real: bool,
}

#[derive(Debug)]
struct SessionTree {
    old: Digest,
    elements: Vec<ElementId>,
    new: TreeState,
    users: Vec<ActionId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TreeState {
    Pending,
    Known(Digest),
    Gone,
}

impl Resolver {
    /// A session without actions.
    #[must_use]
    pub fn new(policy: OverlaySlot) -> Self {
        Self { policy, ..Self::default() }
    }

    /// The number of the element with this full name.
    pub fn element(&mut self, name: &str) -> ElementId {
        if let Some(id) = self.name_ids.get(name) {
            return *id;
        }
        let id = ElementId(self.names.len() as u32);
        self.names.push(name.to_owned());
        self.name_ids.insert(name.to_owned(), id);
        id
    }

    /// The action of an element with this base action.
    #[must_use]
    pub fn action_of(&self, element: ElementId, base: &Digest) -> Option<ActionId> {
        self.by_base.get(&(element, *base)).copied()
    }

    /// The actions of an element, in the order of its record.
    pub fn actions_of(&self, element: ElementId) -> impl Iterator<Item = ActionId> + use<> {
        let range = self.elements.get(&element).map_or(0..0, |registered| registered.actions.clone());
        range.map(|number| ActionId(number as u32))
    }

    /// All actions.
    pub fn actions(&self) -> impl Iterator<Item = ActionId> + use<> {
        (0..self.actions.len() as u32).map(ActionId)
    }

    /// The element that asked for an action.
    #[must_use]
    pub fn element_of(&self, action: ActionId) -> ElementId {
        self.action(action).element
    }

    /// What is recorded of an action.
    #[must_use]
    pub fn recorded(&self, action: ActionId) -> &RecordedAction {
        let SessionAction { element, index, .. } = self.action(action);
        &self.elements[element].expanded.record.actions[*index]
    }

    /// The record of an element with what its base actions are made of.
    #[must_use]
    pub fn expanded(&self, element: ElementId) -> Option<&Arc<Expanded>> {
        self.elements.get(&element).map(|registered| &registered.expanded)
    }

    /// What a base action is made of; `None` when it cannot be read.
    #[must_use]
    pub fn made_of(&self, action: ActionId) -> Option<&ExpandedAction> {
        let SessionAction { element, index, .. } = self.action(action);
        self.elements[element].expanded.actions[*index].as_ref()
    }

    /// What has to be looked up when the sources or the artifact of an element become known: places, with their paths
    /// in that tree.
    #[must_use]
    pub fn wanted(&self, fact: Fact) -> Vec<(PlaceId, &str)> {
        self.places.of(fact).iter().map(|place| (*place, self.places.path(*place))).collect()
    }

    /// Trees that have to be made once all of their elements are built, in order of staging.
    pub fn trees(&self) -> impl Iterator<Item = (TreeId, &[ElementId])> {
        self.trees.iter().enumerate().map(|(number, tree)| (TreeId(number as u32), &*tree.elements))
    }

    /// Actions that read outputs of this one.
    #[must_use]
    pub fn readers(&self, action: ActionId) -> Vec<ActionId> {
        let places = self.places.of(Fact::Outputs(action)).iter();
        let askers = places.flat_map(|place| self.places.readers(*place));
        let users = |asker: &Asker| match asker {
            Asker::Input(input) => self.inputs[*input].users.clone(),
            Asker::Gained(_) => Vec::new(),
        };
        let mut readers: Vec<ActionId> = askers.flat_map(users).collect();
        readers.sort_unstable();
        readers.dedup();
        readers
    }

    /// Where an action stands.
    #[must_use]
    pub fn verdict(&self, id: ActionId) -> Verdict {
        match self.outlook(id) {
            Outlook::Pending => Verdict::Pending(self.waits_for(id)),
            Outlook::Unchanged => Verdict::Unchanged,
            Outlook::Adapted => Verdict::Adapted,
            Outlook::Impossible(why) => Verdict::Impossible(why),
        }
    }

    /// Where an action stands, without what it waits for: costs nothing.
    pub(crate) fn outlook(&self, id: ActionId) -> Outlook {
        let action = self.action(id);
        let trees = || action.trees.iter().map(|tree| &self.trees[tree.0 as usize]);
        let count = |class: Class| action.tally[class as usize];
        if !action.readable {
            Outlook::Impossible(Impossible::Unreadable)
        } else if action.contradicts {
            Outlook::Impossible(Impossible::Contradiction)
        } else if count(Class::Gone) > 0 {
            Outlook::Impossible(Impossible::InputGone)
        } else if trees().any(|tree| tree.new == TreeState::Gone) {
            Outlook::Impossible(Impossible::TreeGone)
        } else if count(Class::Pending) > 0 || trees().any(|tree| tree.new == TreeState::Pending) {
            Outlook::Pending
        } else if count(Class::Changed) > 0 || trees().any(|tree| tree.new != TreeState::Known(tree.old)) {
            Outlook::Adapted
        } else {
            Outlook::Unchanged
        }
    }

    /// What is different from the recorded action, as far as it is known.
    #[must_use]
    pub fn adaptation(&self, id: ActionId) -> Adaptation {
        let inputs = self.inputs_of(id).filter_map(|number| {
            let lost = self.action(id).lost.contains(&number);
            let now = if lost { None } else { Some(self.inputs[number].changed()?.clone()) };
            Some((self.input_path(number), now))
        });
        let gained = self.action(id).gained.iter().filter_map(|number| self.sets.gained[*number].found());
        let gained = gained.map(|(path, content)| (path.to_owned(), Some(content.clone())));
        let trees = self.action(id).trees.iter().filter_map(|tree| match self.trees[tree.0 as usize] {
            SessionTree { old, new: TreeState::Known(new), .. } if new != old => Some((old, new)),
            _ => None,
        });
        Adaptation { inputs: inputs.chain(gained).collect(), trees: trees.collect() }
    }

    /// The facts that an action waits for, sorted.
    fn waits_for(&self, id: ActionId) -> Vec<Fact> {
        let pending = self.inputs_of(id).filter(|number| self.inputs[*number].class() == Class::Pending);
        let places =
            pending.flat_map(|number| self.inputs[number].alternatives.iter().map(|(_, place)| *place));
        let gained = self.action(id).gained.iter().map(|number| &self.sets.gained[*number]);
        let gained = gained.filter(|gained| gained.class() == Class::Pending);
        let places = places.chain(gained.flat_map(|gained| gained.places()));
        let places = places.filter(|place| *self.places.found(*place) == Found::Pending);
        let mut facts: Vec<Fact> = places.filter_map(|place| self.places.fact(place)).collect();
        let trees = self.action(id).trees.iter();
        let pending = trees.filter(|tree| self.trees[tree.0 as usize].new == TreeState::Pending);
        facts.extend(pending.map(|tree| Fact::Tree(*tree)));
        facts.sort_unstable();
        facts.dedup();
        facts
    }

    fn action(&self, id: ActionId) -> &SessionAction {
        &self.actions[id.0 as usize]
    }

    /// The inputs of an action, by their numbers in the session.
    fn inputs_of(&self, id: ActionId) -> impl Iterator<Item = usize> {
        let SessionAction { element, index, .. } = self.action(id);
        let Registered { expanded, first_input, .. } = &self.elements[element];
        let inputs = expanded.actions[*index].iter().flat_map(|action| &action.inputs);
        inputs.map(move |input| first_input + input.0 as usize)
    }

    /// The path of an input in the input roots of its element.
    fn input_path(&self, number: usize) -> String {
        let input = &self.inputs[number];
        self.elements[&input.element].expanded.record.paths.text(input.path)
    }
}
