//! Changes of the set of inputs: an overlay policy reads the contents of changed files, such as their `#include` lines,
//! and proposes which inputs the actions that read such a file will have in addition, or no longer.
//!
//! [`added_inputs`] and [`removed_inputs`] carry out the proposals; the changes are kept in
//! [`InputSetChanges`](super::input_set_changes::InputSetChanges). All of them are undone when the contents of the file
//! change again.

mod added_inputs;
mod removed_inputs;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use spec_strategy::{ChangedFile, SetEdit};

use super::ids::{ActionId, ElementId, Invalidated};
use super::input_set_changes::{ContentLookup, EditContext};
use super::origin_table::InputRef;
use super::resolver::Resolver;
use super::session_input::InputClass;
use crate::record::Content;

impl Resolver {
    /// Sets the elements whose artifacts are staged for an element with a record: additional inputs may come from them.
    pub fn set_closure(&mut self, element: ElementId, closure: Vec<ElementId>) {
        if let Some(registered) = self.elements.get_mut(&element) {
            registered.folders.set_closure(closure);
        }
    }

    /// Whether inputs must be scanned before the actions that read them can be predicted.
    pub(crate) fn needs_scan(&self) -> bool {
        !self.input_sets.unscanned.is_empty()
    }

    /// Has the policy scan changed files, and the files that are added because of them, and applies its proposals.
    pub(crate) fn scan(&mut self, lookup: &dyn ContentLookup) -> Invalidated {
        let mut invalidated = Invalidated::new();
        while self.needs_scan() {
            let unscanned = std::mem::take(&mut self.input_sets.unscanned);
            let files =
                unscanned.iter().filter_map(|input| Some((*input, self.changed_file(*input, lookup)?)));
            let (inputs, files): (Vec<InputRef>, Vec<ChangedFile>) = files.unzip();
            let mut changed = Invalidated::new();
            let proposals = if files.is_empty() { Vec::new() } else { self.policy.propose(&files, &*self) };
            for proposal in proposals {
                let index = proposal.file as usize;
                let (input, path) = (inputs[index], &*files[index].path);
                self.apply(&mut EditContext { input, path, lookup, changed: &mut changed }, proposal.edit);
            }
            unscanned.into_iter().for_each(|input| self.mark_scanned(input, &mut changed));
            invalidated.extend(self.propagate(BTreeSet::new(), changed));
        }
        invalidated
    }

    fn apply(&mut self, context: &mut EditContext<'_>, edit: SetEdit) {
        match edit {
            SetEdit::Add { name } => self.add_input_named(context, &name),
            SetEdit::Remove { name } => self.remove_input_named(context, &name),
            SetEdit::Rename { removed, added } => {
                self.remove_input_named(context, &removed);
                self.add_input_named(context, &added);
            }
        }
    }

    /// Undoes the changes that followed from the contents of an input.
    pub(super) fn undo_edits(&mut self, input: InputRef, changed: &mut Invalidated) {
        let Some(edits) = self.input_sets.edits.remove(&input) else { return };
        for number in edits.added {
            self.undo_edits(InputRef::Added(number), changed);
            self.input_sets.set_needs_scan(InputRef::Added(number), false);
            let added = &mut self.input_sets.added[number];
            let (old, readers) = (added.class(), std::mem::take(&mut added.readers));
            for reader in readers {
                self.actions[reader.0 as usize].added.remove(&number);
                self.reclassify(reader, Some(old), None, changed);
            }
        }
        for (reader, number) in edits.removed {
            self.actions[reader.0 as usize].removed.remove(&number);
            let class = self.inputs[number].class();
            self.reclassify(reader, Some(InputClass::Changed), Some(class), changed);
        }
    }

    fn changed_file(&self, input: InputRef, lookup: &dyn ContentLookup) -> Option<ChangedFile> {
        let (path, before, after) = match input {
            InputRef::Recorded(number) => {
                let input = &self.inputs[number];
                (self.path_of_input(number), Some(&input.recorded), input.changed()?)
            }
            InputRef::Added(number) => {
                let (path, content) = self.input_sets.added[number].found()?;
                (path.to_owned(), None, content)
            }
        };
        let text = |content: &Content| match content {
            Content::File { digest, .. } => lookup.text(digest),
            Content::Symlink(_) => None,
        };
        // Without the former contents, all names are new to the policy. Inputs that the actions have are not added again.
        Some(ChangedFile { path, before: before.and_then(text).unwrap_or_default(), after: text(after)? })
    }

    fn mark_scanned(&mut self, input: InputRef, changed: &mut Invalidated) {
        let needs_scan = match input {
            InputRef::Recorded(number) => &mut self.inputs[number].needs_scan,
            InputRef::Added(number) => &mut self.input_sets.added[number].needs_scan,
        };
        if !std::mem::replace(needs_scan, false) {
            return;
        }
        for reader in self.readers_of(input) {
            let (is_removed, new) = match input {
                InputRef::Recorded(number) => {
                    (self.action(reader).removed.contains(&number), self.inputs[number].class())
                }
                InputRef::Added(number) => (false, self.input_sets.added[number].class()),
            };
            if !is_removed {
                self.reclassify(reader, Some(InputClass::Pending), Some(new), changed);
            }
        }
    }

    fn readers_of(&self, input: InputRef) -> Vec<ActionId> {
        match input {
            InputRef::Recorded(number) => self.inputs[number].readers.clone(),
            InputRef::Added(number) => self.input_sets.added[number].readers.clone(),
        }
    }

    /// The recorded input of an action at a path.
    fn recorded_input_at(&self, action: ActionId, path: &str) -> Option<usize> {
        let paths = &self.elements[&self.action(action).element].expanded.record.paths;
        let id = paths.find(path)?;
        self.inputs_of(action).find(|number| self.inputs[*number].path == id)
    }
}
