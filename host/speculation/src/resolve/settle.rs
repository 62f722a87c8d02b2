//! Facts, and what follows from them.

use std::collections::{BTreeSet, HashMap};

use spec_model::Digest;
use spec_strategy::Choice;

use super::ids::{ActionId, Fact, PlaceId, TreeId};
use super::input::Value;
use super::places::Found;
use super::{Outlook, Ran, Resolver, TreeState};
use crate::record::{Content, InputId};

/// Actions whose verdict or adaptation may be another one now.
pub type Woken = BTreeSet<ActionId>;

impl Resolver {
    /// Takes what was found at places; `None` for nothing, or when it will never be known.
    pub fn learn(&mut self, found: impl IntoIterator<Item = (PlaceId, Option<Content>)>) -> Woken {
        let mut inputs = BTreeSet::new();
        for (place, content) in found {
            inputs.extend(self.places.set(place, content.map_or(Found::Gone, Found::Known)));
        }
        self.settle(inputs, Woken::new())
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
        let inputs = self.publish(id);
        self.settle(inputs, Woken::new())
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
        self.settle(inputs.into_iter().collect(), Woken::new())
    }

    /// Follows changes to their end. Every round is one step further along the chains of actions, which have an end.
    fn settle(&mut self, mut inputs: BTreeSet<usize>, mut touched: Woken) -> Woken {
        let mut woken = Woken::new();
        while !inputs.is_empty() || !touched.is_empty() {
            self.choose(&inputs, &mut touched);
            inputs.clear();
            for action in std::mem::take(&mut touched) {
                let ran = &mut self.actions[action.0 as usize].ran;
                // What came of another adaptation says nothing about this one.
                *ran = ran.take().filter(|ran| ran.real);
                inputs.extend(self.publish(action));
                woken.insert(action);
            }
        }
        woken
    }

    /// Has the policy choose among the alternatives of inputs.
    fn choose(&mut self, inputs: &BTreeSet<usize>, touched: &mut Woken) {
        let mut open = Vec::new();
        for &number in inputs {
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
                Choice::Take(index) => {
                    match self.places.found(self.inputs[number].alternatives[usize::from(index)].1) {
                        Found::Known(content) => Value::Known(content.clone()),
                        // The slot lets no such answer through.
                        Found::Pending | Found::Gone => Value::Pending,
                    }
                }
            };
            self.set(number, value, touched);
        }
    }

    fn set(&mut self, number: usize, value: Value, touched: &mut Woken) {
        let input = &mut self.inputs[number];
        if input.value == value {
            return;
        }
        let old = input.class();
        input.value = value;
        let new = input.class();
        for user in &input.users {
            let action = &mut self.actions[user.0 as usize];
            action.tally[old as usize] -= 1;
            action.tally[new as usize] += 1;
            // It was said of another prediction.
            action.contradicts = false;
            touched.insert(*user);
        }
    }

    /// Says what is known of an action's outputs, and answers with the inputs that have to look again.
    fn publish(&mut self, id: ActionId) -> BTreeSet<usize> {
        let places = self.places.of(Fact::Outputs(id)).to_vec();
        if places.is_empty() {
            return BTreeSet::new();
        }
        let outputs = self.outputs(id);
        let mut inputs = BTreeSet::new();
        for place in places {
            let found = match &outputs {
                Outputs::Pending => Found::Pending,
                Outputs::Never => Found::Gone,
                Outputs::Known(outputs) => {
                    outputs.get(self.places.path(place)).cloned().map_or(Found::Gone, Found::Known)
                }
            };
            inputs.extend(self.places.set(place, found));
        }
        inputs
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
