//! Inputs that go with the contents of files.

use std::sync::Arc;

use spec_strategy::{ChangedFile, SetEdit};

use super::Resolver;
use super::ids::ActionId;
use super::input::Class;
use super::places::Asker;
use super::sets::{Edit, Sight};
use crate::paths::clean;
use crate::record::Content;

impl Resolver {
    /// A file names one less: it goes unless another names it, and with it what it names itself.
    pub(super) fn drop(&mut self, edit: &mut Edit<'_>, name: &str) {
        for user in self.users(edit.asker) {
            let mut open = vec![(edit.path.to_owned(), name.to_owned())];
            while let Some((file, name)) = open.pop() {
                let paths = self.elements[&self.action(user).element].folders.paths(&file, &name);
                let Some(target) = paths.iter().find_map(|path| self.recorded_at(user, path)) else {
                    continue;
                };
                let known = self.action(user).lost.contains(&target) || Asker::Input(target) == edit.asker;
                if known || self.is_named(user, target, edit.sight) {
                    continue;
                }
                let class = self.inputs[target].class();
                self.actions[user.0 as usize].lost.insert(target);
                self.count(user, Some(class), Some(Class::Changed), edit.touched);
                self.sets.edits.entry(edit.asker).or_default().lost.push((user, target));
                let (path, seen) = (self.input_path(target), self.inputs[target].seen.clone());
                let names = self.names(&path, &seen, edit.sight);
                open.extend(names.iter().map(|name| (path.clone(), name.clone())));
            }
        }
    }

    /// Whether another input of an action names one.
    fn is_named(&mut self, user: ActionId, target: usize, sight: &dyn Sight) -> bool {
        let path = self.input_path(target);
        let others: Vec<usize> = self.inputs_of(user).filter(|number| *number != target).collect();
        let gained = self.action(user).gained.iter();
        let gained = gained.filter_map(|number| self.sets.gained[*number].found());
        let mut files: Vec<(String, Content)> =
            gained.map(|(path, content)| (path.to_owned(), content.clone())).collect();
        for number in others.into_iter().filter(|number| !self.action(user).lost.contains(number)) {
            let input = &self.inputs[number];
            files.push((self.input_path(number), input.changed().unwrap_or(&input.seen).clone()));
        }
        files.into_iter().any(|(file, content): (String, Content)| {
            self.names(&file, &content, sight).iter().any(|name| leads_to(name, &path))
        })
    }

    /// The names that a file says, by the policy.
    fn names(&mut self, path: &str, content: &Content, sight: &dyn Sight) -> Arc<[String]> {
        let Content::File { digest, .. } = content else { return Arc::default() };
        if let Some(names) = self.sets.names.get(digest) {
            return Arc::clone(names);
        }
        let file = |after| ChangedFile { path: path.to_owned(), before: Vec::new(), after };
        let proposals = sight.read(digest).map(|text| self.policy.propose(&[file(text)])).unwrap_or_default();
        let names = proposals.into_iter().filter_map(|proposal| match proposal.edit {
            SetEdit::Add { name } | SetEdit::Rename { to: name, .. } => Some(name),
            SetEdit::Remove { .. } => None,
        });
        let names: Arc<[String]> = names.collect();
        self.sets.names.insert(*digest, Arc::clone(&names));
        names
    }
}

/// Whether a name may lead to a path: the path ends with it.
fn leads_to(name: &str, path: &str) -> bool {
    let name = clean(name);
    path.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}
