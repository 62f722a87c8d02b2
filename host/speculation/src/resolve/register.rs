//! Registers the record of an element in the session.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ids::{ActionId, ElementId, TreeId};
use super::origin_table::{InputRef, SessionOrigin};
use super::resolver::{RegisteredElement, Resolver, SessionAction, SessionTree, TreeState};
use super::search_folders::SearchFolders;
use super::session_input::{InputClass, InputValue, SessionInput};
use crate::expanded_record::ExpandedRecord;
use crate::guarded_policy::origin_info;
use crate::record::{ElementIndex, Origin, PlatformTree, RecordedInput};

impl Resolver {
    /// Registers the record of an element that is going to be built. Dependencies must be registered before those that
    /// depend on them: an output of an action that is registered later is not found. The caller must tell facts that are
    /// known already for the [paths](Self::wanted_paths) that this adds. Does nothing for a registered element.
    pub fn register(&mut self, expanded: Arc<ExpandedRecord>) -> ElementId {
        let element = self.element_id(expanded.record.element());
        if self.elements.contains_key(&element) {
            return element;
        }
        let names: Vec<ElementId> =
            expanded.record.elements.iter().map(|name| self.element_id(name)).collect();
        let trees: Vec<TreeId> =
            expanded.record.platforms.iter().map(|platform| self.tree_id(platform, &names)).collect();
        let (first_action, first_input) = (self.actions.len(), self.inputs.len());
        for index in 0..expanded.record.actions.len() {
            self.add_action(&expanded, element, index, &trees);
        }
        for (input, readers) in expanded.record.inputs.iter().zip(readers(&expanded, first_action)) {
            self.add_input(&expanded, element, input, readers, &names);
        }
        let actions = first_action..self.actions.len();
        // Only the scan of contents needs the folders.
        let scans = self.policy.wants().propose;
        let folders =
            if scans { SearchFolders::of(&expanded.record, &names) } else { SearchFolders::default() };
        self.elements.insert(element, RegisteredElement { expanded, actions, first_input, folders });
        self.choose_initial_values(first_input..self.inputs.len());
        element
    }

    fn add_action(&mut self, expanded: &ExpandedRecord, element: ElementId, index: usize, trees: &[TreeId]) {
        let id = ActionId(self.actions.len() as u32);
        let recorded = &expanded.record.actions[index];
        let trees: Vec<TreeId> =
            recorded.platforms.iter().map(|platform| trees[*platform as usize]).collect();
        for tree in &trees {
            self.trees[tree.0 as usize].users.push(id);
        }
        self.by_base.insert((element, recorded.base), id);
        self.actions.push(SessionAction {
            element,
            index,
            is_readable: expanded.actions[index].is_some(),
            trees,
            class_counts: [0; InputClass::COUNT],
            outputs: None,
            obstacle: None,
            added: BTreeSet::new(),
            removed: BTreeSet::new(),
        });
    }

    fn add_input(
        &mut self,
        expanded: &ExpandedRecord,
        element: ElementId,
        input: &RecordedInput,
        readers: Vec<ActionId>,
        names: &[ElementId],
    ) {
        let number = self.inputs.len();
        let first_reader = readers.first().copied().unwrap_or(ActionId(u32::MAX));
        let alternatives = input.origins.iter().map(|origin| {
            let in_session = self.session_origin(expanded, origin, names, first_reader);
            (
                origin_info(origin, |index| names[index.0 as usize].0),
                self.origins.add(in_session, InputRef::Recorded(number)),
            )
        });
        let alternatives = alternatives.collect();
        // A generated input is predicted to be the same until a request shows otherwise.
        let value = match input.origins.is_empty() {
            true => InputValue::Known(input.content.clone()),
            false => InputValue::Pending,
        };
        let input = SessionInput {
            element,
            path: input.path,
            recorded: input.content.clone(),
            alternatives,
            ranking: None,
            taken: None,
            awaits_feedback: false,
            value,
            is_observed: false,
            needs_scan: false,
            readers,
        };
        for reader in &input.readers {
            self.actions[reader.0 as usize].class_counts[input.class() as usize] += 1;
        }
        self.inputs.push(input);
    }

    fn tree_id(&mut self, platform: &PlatformTree, names: &[ElementId]) -> TreeId {
        let elements: Vec<ElementId> = platform.elements.iter().map(|name| names[name.0 as usize]).collect();
        let next = TreeId(self.trees.len() as u32);
        let id = *self.tree_ids.entry((platform.digest, elements.clone())).or_insert(next);
        if id == next {
            let (recorded, state) = (platform.digest, TreeState::Pending);
            self.trees.push(SessionTree { recorded, elements, state, users: Vec::new() });
        }
        id
    }

    /// A recorded origin with the numbers of the session. The output of an action is only an origin if that comes before
    /// all actions that read it.
    fn session_origin(
        &self,
        expanded: &ExpandedRecord,
        origin: &Origin,
        names: &[ElementId],
        first_reader: ActionId,
    ) -> SessionOrigin {
        let text = |path| expanded.record.paths.text(path);
        let element = |index: ElementIndex| names[index.0 as usize];
        match origin {
            Origin::Source { element: index, path } => SessionOrigin::Source(element(*index), text(*path)),
            Origin::Artifact { element: index, path } => {
                SessionOrigin::Artifact(element(*index), text(*path))
            }
            Origin::Action { element: index, base, path } => {
                let producer = self.by_base.get(&(element(*index), *base));
                match producer.filter(|producer| **producer < first_reader) {
                    Some(producer) => SessionOrigin::Output(*producer, text(*path)),
                    None => SessionOrigin::Nowhere,
                }
            }
        }
    }
}

/// The actions that read each input, in order.
fn readers(expanded: &ExpandedRecord, first_action: usize) -> Vec<Vec<ActionId>> {
    let mut readers = vec![Vec::new(); expanded.record.inputs.len()];
    for (index, action) in expanded.actions.iter().enumerate() {
        for input in action.iter().flat_map(|action| &action.inputs) {
            readers[input.0 as usize].push(ActionId((first_action + index) as u32));
        }
    }
    readers
}
