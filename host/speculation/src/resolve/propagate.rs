//! Takes facts, and propagates them to all inputs and actions that depend on them.

use std::collections::{BTreeSet, HashMap};

use spec_model::Digest;
use spec_strategy::Choice;

use super::ids::{ActionId, Fact, ImpossibleCause, Invalidated, OriginId, PredictionKind, TreeId};
use super::origin_table::{InputRef, OriginContent};
use super::resolver::{ActionOutputs, Resolver, TreeState};
use super::session_input::{InputClass, InputValue};
use crate::record::{Content, InputId};

impl Resolver {
    /// Sets the contents of origins; `None` for one that does not exist, or that will never be known.
    pub(crate) fn set_origins(
        &mut self,
        found: impl IntoIterator<Item = (OriginId, Option<Content>)>,
    ) -> Invalidated {
        let mut dependents = BTreeSet::new();
        for (origin, content) in found {
            let content = content.map_or(OriginContent::Gone, OriginContent::Known);
            dependents.extend(self.origins.set(origin, content));
        }
        self.propagate(dependents, Invalidated::new())
    }

    /// Sets that a fact will never be known: the element failed, or is not built.
    pub(crate) fn set_unavailable(&mut self, fact: Fact) -> Invalidated {
        match fact {
            Fact::Tree(tree) => self.set_tree(tree, None),
            Fact::Outputs(action) => self.set_outputs(action, None, false),
            Fact::Sources(_) | Fact::Artifact(_) => {
                let origins = self.origins.of_fact(fact).to_vec();
                self.set_origins(origins.into_iter().map(|origin| (origin, None)))
            }
        }
    }

    /// Sets what a tree of dependencies is in this session; `None` when it cannot be made.
    pub(crate) fn set_tree(&mut self, id: TreeId, digest: Option<Digest>) -> Invalidated {
        let tree = &mut self.trees[id.0 as usize];
        let state = digest.map_or(TreeState::Gone, TreeState::Known);
        if tree.state == state {
            return Invalidated::new();
        }
        tree.state = state;
        let users: Invalidated = tree.users.iter().copied().collect();
        users.iter().for_each(|user| self.actions[user.0 as usize].obstacle = None);
        self.propagate(BTreeSet::new(), users)
    }

    /// Sets what an action wrote, by path relative to its working directory; `None` when it failed. `is_observed` tells
    /// that the build requested it.
    pub(crate) fn set_outputs(
        &mut self,
        id: ActionId,
        outputs: Option<Vec<(String, Content)>>,
        is_observed: bool,
    ) -> Invalidated {
        let action = &mut self.actions[id.0 as usize];
        if action.outputs.as_ref().is_some_and(|known| known.is_observed && !is_observed) {
            return Invalidated::new();
        }
        let files = outputs.map(|outputs| outputs.into_iter().collect());
        action.outputs = Some(ActionOutputs { files, is_observed });
        let dependents = self.update_output_origins(id);
        self.propagate(dependents, Invalidated::new())
    }

    /// Sets that the action that is predicted now cannot be made or executed, and why; `None` when that is over. Another
    /// prediction resets it.
    pub(crate) fn set_obstacle(&mut self, id: ActionId, obstacle: Option<ImpossibleCause>) -> Invalidated {
        self.actions[id.0 as usize].obstacle = obstacle;
        self.propagate(BTreeSet::new(), Invalidated::from([id]))
    }

    /// Sets the contents of inputs that a request of the build showed. Origins do not change them any more, for all
    /// actions of the element that read the same path.
    pub(crate) fn set_observed(
        &mut self,
        id: ActionId,
        observed: impl IntoIterator<Item = (InputId, Content)>,
    ) -> Invalidated {
        let first = self.elements[&self.action(id).element].first_input;
        let observed: Vec<(InputId, Content)> = observed.into_iter().collect();
        self.note_observed(first, &observed);
        let mut changed = Invalidated::new();
        for (input, content) in observed {
            let number = first + input.0 as usize;
            self.inputs[number].is_observed = true;
            self.set_value(number, InputValue::Known(content), &mut changed);
        }
        self.propagate(BTreeSet::new(), changed)
    }

    /// Tells the inputs of records that were registered later what earlier actions, those before `end`, wrote.
    pub(crate) fn refresh_outputs(&mut self, end: ActionId) -> Invalidated {
        let mut dependents = BTreeSet::new();
        for number in 0..end.0 {
            dependents.extend(self.update_output_origins(ActionId(number)));
        }
        self.propagate(dependents, Invalidated::new())
    }

    /// Chooses the values of new inputs.
    pub(super) fn choose_initial_values(&mut self, inputs: impl IntoIterator<Item = usize>) {
        self.propagate(inputs.into_iter().map(InputRef::Recorded).collect(), Invalidated::new());
    }

    /// Propagates changes of inputs and of actions until nothing follows any more, and returns the actions that have to
    /// be predicted again. It ends, since actions read only outputs of actions with lower numbers.
    pub(super) fn propagate(
        &mut self,
        mut inputs: BTreeSet<InputRef>,
        mut changed: Invalidated,
    ) -> Invalidated {
        let mut invalidated = Invalidated::new();
        while !inputs.is_empty() || !changed.is_empty() {
            self.choose_values(&inputs, &mut changed);
            inputs.clear();
            for action in std::mem::take(&mut changed) {
                let outputs = &mut self.actions[action.0 as usize].outputs;
                // They are the outputs of an earlier prediction.
                *outputs = outputs.take().filter(|outputs| outputs.is_observed);
                inputs.extend(self.update_output_origins(action));
                invalidated.insert(action);
            }
        }
        invalidated
    }

    /// Chooses the values of inputs whose origins changed: those of recorded inputs by the overlay policy.
    fn choose_values(&mut self, inputs: &BTreeSet<InputRef>, changed: &mut Invalidated) {
        let mut undecided = Vec::new();
        for &input in inputs {
            let number = match input {
                InputRef::Recorded(number) => number,
                InputRef::Added(number) => {
                    self.locate_added_input(number, changed);
                    continue;
                }
            };
            let input = &self.inputs[number];
            match input.staged(&self.origins) {
                _ if input.is_observed || input.alternatives.is_empty() => {}
                // A staged file is certain, so the policy is not asked.
                Some(content) => {
                    self.inputs[number].awaits_feedback = false;
                    self.set_value(number, InputValue::Known(content), changed);
                }
                None if input.ranking.is_some() => self.follow_choice(number, Choice::Wait, changed),
                None => undecided.push(number),
            }
        }
        if undecided.is_empty() {
            return;
        }
        let questions: Vec<_> =
            undecided.iter().map(|number| self.inputs[*number].for_policy(*number, &self.origins)).collect();
        let choices = self.policy.choose(&questions, &*self);
        for (number, choice) in undecided.into_iter().zip(choices) {
            self.follow_choice(number, choice, changed);
        }
    }

    /// Gives an input the contents that follow from the policy's choice, or from its ranking if there is one.
    fn follow_choice(&mut self, number: usize, choice: Choice, changed: &mut Invalidated) {
        let input = &mut self.inputs[number];
        input.awaits_feedback = true;
        let choice = match (choice, input.ranking.take()) {
            (_, Some(ranking)) | (Choice::Rank(ranking), None) => Choice::Rank(ranking),
            (choice, None) => choice,
        };
        let input = &self.inputs[number];
        let (taken, value, ranking) = match choice {
            Choice::Wait => (None, InputValue::Pending, None),
            Choice::GiveUp => (None, InputValue::Gone, None),
            // The guard of the policy lets only known alternatives pass.
            Choice::Take(index) => {
                let content = input.content_from(usize::from(index), &self.origins);
                (Some(index), content.map_or(InputValue::Pending, InputValue::Known), None)
            }
            Choice::Rank(ranking) => {
                let (taken, value) = input.ranked(&ranking, &self.origins);
                (taken, value, Some(ranking))
            }
        };
        let input = &mut self.inputs[number];
        (input.taken, input.ranking) = (taken, ranking);
        self.set_value(number, value, changed);
    }

    fn set_value(&mut self, number: usize, value: InputValue, changed: &mut Invalidated) {
        if self.inputs[number].value == value {
            return;
        }
        // These followed from the former contents.
        self.undo_edits(InputRef::Recorded(number), changed);
        let scans = self.policy.wants().propose;
        let input = &mut self.inputs[number];
        let old = input.class();
        input.value = value;
        input.needs_scan = scans && matches!(input.changed(), Some(Content::File { .. }));
        let (new, needs_scan) = (input.class(), input.needs_scan);
        self.input_sets.set_needs_scan(InputRef::Recorded(number), needs_scan);
        for reader in self.inputs[number].readers.clone() {
            if !self.actions[reader.0 as usize].removed.contains(&number) {
                self.reclassify(reader, Some(old), Some(new), changed);
            }
        }
    }

    /// Counts that an input of an action has another class; `None` when it is added or removed.
    pub(super) fn reclassify(
        &mut self,
        id: ActionId,
        old: Option<InputClass>,
        new: Option<InputClass>,
        changed: &mut Invalidated,
    ) {
        let action = &mut self.actions[id.0 as usize];
        old.into_iter().for_each(|class| action.class_counts[class as usize] -= 1);
        new.into_iter().for_each(|class| action.class_counts[class as usize] += 1);
        action.obstacle = None;
        changed.insert(id);
    }

    /// Sets the origins that are outputs of an action, and returns the inputs that depend on them.
    fn update_output_origins(&mut self, id: ActionId) -> BTreeSet<InputRef> {
        let origins = self.origins.of_fact(Fact::Outputs(id)).to_vec();
        if origins.is_empty() {
            return BTreeSet::new();
        }
        let outputs = self.predicted_outputs(id);
        let mut dependents = BTreeSet::new();
        for origin in origins {
            let content = match &outputs {
                PredictedOutputs::Pending => OriginContent::Pending,
                PredictedOutputs::Never => OriginContent::Gone,
                PredictedOutputs::Known(files) => files
                    .get(self.origins.path(origin))
                    .cloned()
                    .map_or(OriginContent::Gone, OriginContent::Known),
            };
            dependents.extend(self.origins.set(origin, content));
        }
        dependents
    }

    fn predicted_outputs(&self, id: ActionId) -> PredictedOutputs {
        match (&self.action(id).outputs, self.prediction_kind(id)) {
            (Some(ActionOutputs { files: Some(files), .. }), _) => PredictedOutputs::Known(files.clone()),
            (Some(ActionOutputs { files: None, .. }), _) | (None, PredictionKind::Impossible(_)) => {
                PredictedOutputs::Never
            }
            (None, PredictionKind::Pending | PredictionKind::Adapted) => PredictedOutputs::Pending,
            (None, PredictionKind::Unchanged) => {
                PredictedOutputs::Known(self.recorded_outputs(id).into_iter().collect())
            }
        }
    }
}

/// What is known of the outputs of an action.
enum PredictedOutputs {
    Pending,
    Known(HashMap<String, Content>),
    Never,
}
