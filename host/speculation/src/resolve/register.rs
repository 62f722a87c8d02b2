//! Taking the record of an element into the session.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::folders::Folders;
use super::ids::{ActionId, ElementId, TreeId};
use super::input::{Class, SessionInput, Value};
use super::places::{Asker, PlaceKey};
use super::{Registered, Resolver, SessionAction, SessionTree, TreeState};
use crate::expand::Expanded;
use crate::policy::facts;
use crate::record::{Input, NameId, Origin, PlatformTree};

impl Resolver {
    /// Takes the record of an element that is going to be built. Elements come before those that depend on them: what
    /// an action of a later one writes is nowhere. Facts that are known already have to be told for what the element
    /// wants. Does nothing for an element that was taken before.
    pub fn register(&mut self, expanded: Arc<Expanded>) -> ElementId {
        let element = self.element(expanded.record.element());
        if self.elements.contains_key(&element) {
            return element;
        }
        let names: Vec<ElementId> = expanded.record.elements.iter().map(|name| self.element(name)).collect();
        let trees: Vec<TreeId> =
            expanded.record.platforms.iter().map(|platform| self.tree_id(platform, &names)).collect();
        let (first_action, first_input) = (self.actions.len(), self.inputs.len());
        for index in 0..expanded.record.actions.len() {
            self.add_action(&expanded, element, index, &trees);
        }
        for (input, users) in expanded.record.inputs.iter().zip(users(&expanded, first_action)) {
            self.add_input(&expanded, element, input, users, &names);
        }
        let actions = first_action..self.actions.len();
        // Nobody else asks what is staged where.
        let scans = self.policy.scans();
        let folders = if scans { Folders::of(&expanded.record, &names) } else { Folders::default() };
        self.elements.insert(element, Registered { expanded, actions, first_input, folders });
        self.review(first_input..self.inputs.len());
        element
    }

    fn add_action(&mut self, expanded: &Expanded, element: ElementId, index: usize, trees: &[TreeId]) {
        let id = ActionId(self.actions.len() as u32);
        let recorded = &expanded.record.actions[index];
        let trees: Vec<TreeId> =
            recorded.platforms.iter().map(|platform| trees[*platform as usize]).collect();
        for tree in &trees {
            self.trees[tree.0 as usize].users.push(id);
        }
        self.by_base.insert((element, recorded.base), id);
        let readable = expanded.actions[index].is_some();
        let (tally, ran) = ([0; Class::COUNT], None);
        let (contradicts, gained, lost) = (false, BTreeSet::new(), BTreeSet::new());
        let action = SessionAction { element, index, readable, trees, tally, ran, contradicts, gained, lost };
        self.actions.push(action);
    }

    fn add_input(
        &mut self,
        expanded: &Expanded,
        element: ElementId,
        input: &Input,
        users: Vec<ActionId>,
        names: &[ElementId],
    ) {
        let number = self.inputs.len();
        let before = users.first().copied().unwrap_or(ActionId(u32::MAX));
        let alternatives = input.origins.iter().map(|origin| {
            let key = self.key(expanded, origin, names, before);
            (facts(origin), self.places.add(key, Asker::Input(number)))
        });
        let alternatives = alternatives.collect();
        // What the build generates is taken to be what it was until a real request shows something else.
        let value = if input.origins.is_empty() { Value::Known(input.seen.clone()) } else { Value::Pending };
        let (path, seen) = (input.path, input.seen.clone());
        let (certain, due) = (false, false);
        let input = SessionInput { element, path, seen, alternatives, value, certain, due, users };
        for user in &input.users {
            self.actions[user.0 as usize].tally[input.class() as usize] += 1;
        }
        self.inputs.push(input);
    }

    fn tree_id(&mut self, platform: &PlatformTree, names: &[ElementId]) -> TreeId {
        let elements: Vec<ElementId> = platform.elements.iter().map(|name| names[name.0 as usize]).collect();
        let next = TreeId(self.trees.len() as u32);
        let id = *self.tree_ids.entry((platform.digest, elements.clone())).or_insert(next);
        if id == next {
            let (old, new) = (platform.digest, TreeState::Pending);
            self.trees.push(SessionTree { old, elements, new, users: Vec::new() });
        }
        id
    }

    /// The place of an origin, for inputs that no action before `before` reads.
    fn key(&self, expanded: &Expanded, origin: &Origin, names: &[ElementId], before: ActionId) -> PlaceKey {
        let text = |path| expanded.record.paths.text(path);
        let element = |name: NameId| names[name.0 as usize];
        match origin {
            Origin::Source { element: name, path } => PlaceKey::Source(element(*name), text(*path)),
            Origin::Artifact { element: name, path } => PlaceKey::Artifact(element(*name), text(*path)),
            Origin::Action { element: name, base, path } => {
                match self.by_base.get(&(element(*name), *base)).filter(|producer| **producer < before) {
                    Some(producer) => PlaceKey::Output(*producer, text(*path)),
                    None => PlaceKey::Nowhere,
                }
            }
        }
    }
}

/// The actions that read each input, in order.
fn users(expanded: &Expanded, first_action: usize) -> Vec<Vec<ActionId>> {
    let mut users = vec![Vec::new(); expanded.record.inputs.len()];
    for (index, action) in expanded.actions.iter().enumerate() {
        for input in action.iter().flat_map(|action| &action.inputs) {
            users[input.0 as usize].push(ActionId((first_action + index) as u32));
        }
    }
    users
}
