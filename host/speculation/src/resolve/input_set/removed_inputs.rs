//! Recorded inputs that actions are predicted not to have any more.

use spec_model::Digest;
use spec_strategy::{ChangedFile, SetEdit};

use crate::path_table::normalized;
use crate::resolve::ids::ActionId;
use crate::resolve::input_set_changes::{ContentLookup, EditContext};
use crate::resolve::origin_table::InputRef;
use crate::resolve::resolver::Resolver;
use crate::resolve::session_input::InputClass;

impl Resolver {
    /// Predicts that the actions that read a file no longer read the file that `name` in it means, nor the files that
    /// this one names in turn, unless another input names them too.
    pub(super) fn remove_input_named(&mut self, context: &mut EditContext<'_>, name: &str) {
        for reader in self.readers_of(context.input) {
            let mut open = vec![(context.path.to_owned(), name.to_owned())];
            while let Some((file, name)) = open.pop() {
                let folders = &self.elements[&self.action(reader).element].folders;
                let paths = folders.candidate_paths(&file, &name);
                let Some(target) = paths.iter().find_map(|path| self.recorded_input_at(reader, path)) else {
                    continue;
                };
                let is_done = self.action(reader).removed.contains(&target)
                    || InputRef::Recorded(target) == context.input;
                if is_done || self.is_named_by_another(reader, target, context.lookup) {
                    continue;
                }
                let class = self.inputs[target].class();
                self.actions[reader.0 as usize].removed.insert(target);
                self.reclassify(reader, Some(class), Some(InputClass::Changed), context.changed);
                self.input_sets.edits.entry(context.input).or_default().removed.push((reader, target));
                let Some(digest) = self.inputs[target].recorded.file().copied() else { continue };
                self.read_names(&[(InputRef::Recorded(target), digest)], context.lookup);
                let path = self.path_of_input(target);
                open.extend(self.input_sets.names[&digest].iter().map(|name| (path.clone(), name.clone())));
            }
        }
    }

    /// Whether another input of an action names an input.
    fn is_named_by_another(&mut self, action: ActionId, target: usize, lookup: &dyn ContentLookup) -> bool {
        let path = self.path_of_input(target);
        let files = self.other_files(action, target);
        self.read_names(&files, lookup);
        files.iter().any(|(_, digest)| self.input_sets.names[digest].iter().any(|name| may_mean(name, &path)))
    }

    /// The files among the predicted inputs of an action, without one of them.
    fn other_files(&self, action: ActionId, target: usize) -> Vec<(InputRef, Digest)> {
        let removed = &self.action(action).removed;
        let recorded = self.inputs_of(action).filter(|number| *number != target && !removed.contains(number));
        let recorded = recorded.map(|number| {
            let input = &self.inputs[number];
            (InputRef::Recorded(number), input.changed().unwrap_or(&input.recorded))
        });
        let added = self.action(action).added.iter().filter_map(|number| {
            let (_, content) = self.input_sets.added[*number].found()?;
            Some((InputRef::Added(*number), content))
        });
        recorded.chain(added).filter_map(|(input, content)| Some((input, *content.file()?))).collect()
    }

    /// Has the policy read the names in files that it has not read before.
    fn read_names(&mut self, files: &[(InputRef, Digest)], lookup: &dyn ContentLookup) {
        let (mut unread, mut questions) = (Vec::new(), Vec::new());
        for (input, digest) in files {
            if self.input_sets.names.contains_key(digest) {
                continue;
            }
            self.input_sets.names.insert(*digest, Vec::new());
            if let (Some(path), Some(after)) = (self.path_of(*input), lookup.text(digest)) {
                unread.push(*digest);
                questions.push(ChangedFile { path, before: Vec::new(), after });
            }
        }
        let proposals =
            if questions.is_empty() { Vec::new() } else { self.policy.propose(&questions, &*self) };
        for proposal in proposals {
            if let SetEdit::Add { name } | SetEdit::Rename { added: name, .. } = proposal.edit {
                self.input_sets.names.entry(unread[proposal.file as usize]).or_default().push(name);
            }
        }
    }

    fn path_of(&self, input: InputRef) -> Option<String> {
        match input {
            InputRef::Recorded(number) => Some(self.path_of_input(number)),
            InputRef::Added(number) => self.input_sets.added[number].found().map(|(path, _)| path.to_owned()),
        }
    }
}

/// Whether a name may mean a path: whether the path ends with it.
fn may_mean(name: &str, path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or(path);
    let ends = |name: String| {
        path.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    name.ends_with(last) && ends(normalized(name))
}
