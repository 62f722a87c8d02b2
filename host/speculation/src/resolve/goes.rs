//! Inputs that go with the contents of files.

use spec_model::Digest;
use spec_strategy::{ChangedFile, SetEdit};

use super::Resolver;
use super::ids::ActionId;
use super::input::Class;
use super::places::Asker;
use super::sets::{Edit, Sight};
use crate::paths::clean;

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
                let Some(seen) = self.inputs[target].seen.file().copied() else { continue };
                self.read_names(&[(Asker::Input(target), seen)], edit.sight);
                let path = self.input_path(target);
                open.extend(self.sets.names[&seen].iter().map(|name| (path.clone(), name.clone())));
            }
        }
    }

    /// Whether another input of an action names one.
    fn is_named(&mut self, user: ActionId, target: usize, sight: &dyn Sight) -> bool {
        let path = self.input_path(target);
        let files = self.files_but(user, target);
        self.read_names(&files, sight);
        files.iter().any(|(_, digest)| self.sets.names[digest].iter().any(|name| leads_to(name, &path)))
    }

    /// The files among the inputs that an action has now, but for one.
    fn files_but(&self, user: ActionId, target: usize) -> Vec<(Asker, Digest)> {
        let lost = &self.action(user).lost;
        let recorded = self.inputs_of(user).filter(|number| *number != target && !lost.contains(number));
        let recorded = recorded.map(|number| {
            let input = &self.inputs[number];
            (Asker::Input(number), input.changed().unwrap_or(&input.seen))
        });
        let gained = self.action(user).gained.iter().filter_map(|number| {
            let (_, content) = self.sets.gained[*number].found()?;
            Some((Asker::Gained(*number), content))
        });
        recorded.chain(gained).filter_map(|(asker, content)| Some((asker, *content.file()?))).collect()
    }

    /// Has the policy say which names are in files, where it has not before.
    fn read_names(&mut self, files: &[(Asker, Digest)], sight: &dyn Sight) {
        let (mut unread, mut questions) = (Vec::new(), Vec::new());
        for (asker, digest) in files {
            if self.sets.names.contains_key(digest) {
                continue;
            }
            self.sets.names.insert(*digest, Vec::new());
            if let (Some(path), Some(after)) = (self.path_of(*asker), sight.read(digest)) {
                unread.push(*digest);
                questions.push(ChangedFile { path, before: Vec::new(), after });
            }
        }
        let proposals = if questions.is_empty() { Vec::new() } else { self.policy.propose(&questions) };
        for proposal in proposals {
            if let SetEdit::Add { name } | SetEdit::Rename { to: name, .. } = proposal.edit {
                self.sets.names.entry(unread[proposal.file as usize]).or_default().push(name);
            }
        }
    }

    fn path_of(&self, asker: Asker) -> Option<String> {
        match asker {
            Asker::Input(number) => Some(self.input_path(number)),
            Asker::Gained(number) => self.sets.gained[number].found().map(|(path, _)| path.to_owned()),
        }
    }
}

/// Whether a name may lead to a path: the path ends with it.
fn leads_to(name: &str, path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or(path);
    let ends = |name: String| {
        path.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    name.ends_with(last) && ends(clean(name))
}
