//! Facts, and what follows from them.

use std::collections::{BTreeSet, HashMap};

use spec_model::Digest;
use spec_strategy::Choice;

use super::ids::{ActionId, Fact, PlaceId, TreeId};
use super::input::{Class, Value};
use super::places::{Asker, Found};
use super::{Outlook, Ran, Resolver, TreeState};
use crate::record::{Content, InputId};

/// Actions whose verdict or adaptation may be another one now.
pub type Woken = BTreeSet<ActionId>;

impl Resolver {
    /// Takes what was found at places; `None` for nothing, or when it will never be known.
    pub fn learn(&mut self, found: impl IntoIterator<Item = (PlaceId, Option<Content>)>) -> Woken {
        let mut askers = BTreeSet::new();
        for (place, content) in found {
            askers.extend(self.places.set(place, content.map_or(Found::Gone, Found::Known)));
        }
        self.settle(askers, Woken::new())
    }

    /// Takes that a fact will never be known: the element failed, or will not be built.
    pub fn lose(&mut self, fact: Fact) -> Woken {
        match fact {
            Fact::Tree(tree) => self.tree(tree, None),
            Fact::Outputs(action) => self.ran(action, None, false),
            Fact::Sources(_) | Fact::Artifact(_) => {
                let places = self.places.of(fact).to_vec();
                self.learn(places.into_iter().map(|place| (place, None)))
            }
        }
    }

    /// Takes what a tree of dependencies is now; `None` when it cannot be made.
    pub fn tree(&mut self, id: TreeId, digest: Option<Digest>) -> Woken {
        let tree = &mut self.trees[id.0 as usize];
        let new = digest.map_or(TreeState::Gone, TreeState::Known);
        if tree.new == new {
            return Woken::new();
        }
        tree.new = new;
        let users: Woken = tree.users.iter().copied().collect();
        users.iter().for_each(|user| self.actions[user.0 as usize].contradicts = false);
        self.settle(BTreeSet::new(), users)
    }

    /// Takes what an action wrote, by path relative to its working directory; `None` when it failed. `real` when the
    /// build itself asked for it.
    pub fn ran(&mut self, id: ActionId, outputs: Option<Vec<(String, Content)>>, real: bool) -> Woken {
        let action = &mut self.actions[id.0 as usize];
        if action.ran.as_ref().is_some_and(|ran| ran.real && !real) {
            return Woken::new();
        }
        action.ran = Some(Ran { outputs: outputs.map(|outputs| outputs.into_iter().collect()), real });
        let askers = self.publish(id);
        self.settle(askers, Woken::new())
    }

    /// Takes that an action cannot be made as it is predicted.
    pub fn contradict(&mut self, id: ActionId) -> Woken {
        self.actions[id.0 as usize].contradicts = true;
        self.settle(BTreeSet::new(), Woken::from([id]))
    }

    /// Takes what a real request showed of inputs of an action. It stands whatever the alternatives say later, for all
    /// actions of the element that read the same path.
    pub fn correct(&mut self, id: ActionId, shown: impl IntoIterator<Item = (InputId, Content)>) -> Woken {
        let first = self.elements[&self.action(id).element].first_input;
        let mut touched = Woken::new();
        for (input, content) in shown {
            let number = first + input.0 as usize;
            self.inputs[number].certain = true;
            self.set(number, Value::Known(content), &mut touched);
        }
        self.settle(BTreeSet::new(), touched)
    }

    /// Looks at inputs for the first time.
    pub(super) fn review(&mut self, inputs: impl IntoIterator<Item = usize>) -> Woken {
        self.settle(inputs.into_iter().map(Asker::Input).collect(), Woken::new())
    }

    /// Follows changes to their end. Every round is one step further along the chains of actions, which have an end.
    pub(super) fn settle(&mut self, mut askers: BTreeSet<Asker>, mut touched: Woken) -> Woken {
        let mut woken = Woken::new();
        while !askers.is_empty() || !touched.is_empty() {
            self.choose(&askers, &mut touched);
            askers.clear();
            for action in std::mem::take(&mut touched) {
                let ran = &mut self.actions[action.0 as usize].ran;
                // What came of another adaptation says nothing about this one.
                *ran = ran.take().filter(|ran| ran.real);
                askers.extend(self.publish(action));
                woken.insert(action);
            }
        }
        woken
    }

    /// Has the policy choose among the alternatives of inputs.
    fn choose(&mut self, askers: &BTreeSet<Asker>, touched: &mut Woken) {
        let mut open = Vec::new();
        for &asker in askers {
            let number = match asker {
                Asker::Input(number) => number,
                Asker::Gained(number) => {
                    self.look_for(number, touched);
                    continue;
                }
            };
            let input = &self.inputs[number];
            match input.staged(&self.places) {
                _ if input.certain || input.alternatives.is_empty() => {}
                // What is staged is no prediction any more, so there is nothing to choose.
                Some(content) => self.set(number, Value::Known(content), touched),
                None => open.push(number),
            }
        }
        if open.is_empty() {
            return;
        }
        let standings: Vec<_> =
            open.iter().map(|number| self.inputs[*number].standing(*number, &self.places)).collect();
        for (number, choice) in open.into_iter().zip(self.policy.choose(&standings)) {
            let value = match choice {
                Choice::Wait => Value::Pending,
                Choice::GiveUp => Value::Gone,
                // What the slot lets through is known.
                Choice::Take(index) => self.inputs[number]
                    .from(usize::from(index), &self.places)
                    .map_or(Value::Pending, Value::Known),
            };
            self.set(number, value, touched);
        }
    }

    fn set(&mut self, number: usize, value: Value, touched: &mut Woken) {
        if self.inputs[number].value == value {
            return;
        }
        // What came and went with the contents of before.
        self.retract(Asker::Input(number), touched);
        let scans = self.policy.scans();
        let input = &mut self.inputs[number];
        let old = input.class();
        input.value = value;
        input.due = scans && matches!(input.changed(), Some(Content::File { .. }));
        let (new, due) = (input.class(), input.due);
        self.sets.note(Asker::Input(number), due);
        for user in self.inputs[number].users.clone() {
            if !self.actions[user.0 as usize].lost.contains(&number) {
                self.count(user, Some(old), Some(new), touched);
            }
        }
    }

    /// Takes that an input of an action is of another class, comes or goes.
    pub(super) fn count(
        &mut self,
        user: ActionId,
        old: Option<Class>,
        new: Option<Class>,
        touched: &mut Woken,
    ) {
        let action = &mut self.actions[user.0 as usize];
        old.into_iter().for_each(|class| action.tally[class as usize] -= 1);
        new.into_iter().for_each(|class| action.tally[class as usize] += 1);
        // It was said of another prediction.
        action.contradicts = false;
        touched.insert(user);
    }

    /// Says what is known of an action's outputs, and answers with those that have to look again.
    fn publish(&mut self, id: ActionId) -> BTreeSet<Asker> {
        let places = self.places.of(Fact::Outputs(id)).to_vec();
        if places.is_empty() {
            return BTreeSet::new();
        }
        let outputs = self.outputs(id);
        let mut askers = BTreeSet::new();
        for place in places {
            let found = match &outputs {
                Outputs::Pending => Found::Pending,
                Outputs::Never => Found::Gone,
                Outputs::Known(outputs) => {
                    outputs.get(self.places.path(place)).cloned().map_or(Found::Gone, Found::Known)
                }
            };
            askers.extend(self.places.set(place, found));
        }
        askers
    }

    fn outputs(&self, id: ActionId) -> Outputs {
        match (&self.action(id).ran, self.outlook(id)) {
            (Some(Ran { outputs: Some(outputs), .. }), _) => Outputs::Known(outputs.clone()),
            (Some(Ran { outputs: None, .. }), _) | (None, Outlook::Impossible(_)) => Outputs::Never,
            (None, Outlook::Pending | Outlook::Adapted) => Outputs::Pending,
            (None, Outlook::Unchanged) => Outputs::Known(self.recorded_outputs(id).into_iter().collect()),
        }
    }

    /// What an action wrote when it was recorded.
    pub(crate) fn recorded_outputs(&self, id: ActionId) -> Vec<(String, Content)> {
        let paths = &self.elements[&self.action(id).element].expanded.record.paths;
        let outputs = self.recorded(id).outputs.iter();
        outputs.map(|known| (paths.text(known.path), known.content())).collect()
    }
}

/// What is known of an action's outputs.
enum Outputs {
    Pending,
    Known(HashMap<String, Content>),
    Never,
}
