//! Inputs that come and go with the contents of files: what the overlay policy reads out of these.

use std::collections::{BTreeSet, HashMap};

use spec_model::Digest;
use spec_strategy::{ChangedFile, SetEdit};

use super::gained::{Gained, Sought, Spot};
use super::ids::{ActionId, ElementId, Fact};
use super::input::Class;
use super::places::{Asker, Found, PlaceKey};
use super::{Resolver, Woken};
use crate::record::Content;

/// As many inputs are guessed to have come at a time.
const MOST_GAINED: usize = 2000;

/// What can be seen of trees and files while the session is on.
pub trait Sight {
    /// What is at a path of an element's sources or artifact; `None` while these are not known.
    fn at(&self, fact: Fact, path: &str) -> Option<Option<Content>>;
    /// The text of a file; `None` when it is not here, too large, or no text.
    fn read(&self, digest: &Digest) -> Option<Vec<u8>>;
}

/// Changed sets of inputs.
#[derive(Debug, Default)]
pub(super) struct Sets {
    pub(super) gained: Vec<Gained>,
    /// Files whose contents have to be scanned.
    due: BTreeSet<Asker>,
    /// What came and went with the contents of a file.
    pub(super) edits: HashMap<Asker, Edits>,
    /// The names that files say.
    pub(super) names: HashMap<Digest, Vec<String>>,
}

/// What came and went with the contents of a file.
#[derive(Debug, Default)]
pub(super) struct Edits {
    gained: Vec<usize>,
    pub(super) lost: Vec<(ActionId, usize)>,
}

impl Sets {
    /// Notes whether a file has to be scanned.
    pub(super) fn note(&mut self, asker: Asker, due: bool) {
        _ = if due { self.due.insert(asker) } else { self.due.remove(&asker) };
    }
}

impl Resolver {
    /// Elements whose artifacts are staged for an element with a record: new inputs may come from them.
    pub fn set_closure(&mut self, element: ElementId, closure: Vec<ElementId>) {
        if let Some(registered) = self.elements.get_mut(&element) {
            registered.folders.set_closure(closure);
        }
    }

    /// Whether contents have to be scanned before those that read them can be predicted.
    pub(crate) fn has_to_scan(&self) -> bool {
        !self.sets.due.is_empty()
    }

    /// Has the policy scan what has to be, until nothing has.
    pub fn scan(&mut self, sight: &dyn Sight) -> Woken {
        let mut woken = Woken::new();
        while self.has_to_scan() {
            let due = std::mem::take(&mut self.sets.due);
            let files = due.iter().filter_map(|asker| Some((*asker, self.changed_file(*asker, sight)?)));
            let (askers, files): (Vec<Asker>, Vec<ChangedFile>) = files.unzip();
            let mut touched = Woken::new();
            let proposals = if files.is_empty() { Vec::new() } else { self.policy.propose(&files) };
            for proposal in proposals {
                let file = proposal.file as usize;
                let mut edit =
                    Edit { asker: askers[file], path: &files[file].path, sight, touched: &mut touched };
                match proposal.edit {
                    SetEdit::Add { name } => self.gain(&mut edit, &name),
                    SetEdit::Remove { name } => self.drop(&mut edit, &name),
                    SetEdit::Rename { from, to } => {
                        self.drop(&mut edit, &from);
                        self.gain(&mut edit, &to);
                    }
                }
            }
            due.into_iter().for_each(|asker| self.scanned(asker, &mut touched));
            woken.extend(self.settle(BTreeSet::new(), touched));
        }
        woken
    }

    /// Looks for an input that may have come.
    pub(super) fn look_for(&mut self, number: usize, touched: &mut Woken) {
        let gained = &self.sets.gained[number];
        let value = gained.look(&self.places);
        // Without users it was taken back.
        if gained.users.is_empty() || gained.value == value {
            return;
        }
        self.retract(Asker::Gained(number), touched);
        let gained = &mut self.sets.gained[number];
        let old = gained.class();
        gained.due = matches!(value, Sought::Found(_, Content::File { .. }));
        gained.value = value;
        let (new, due, users) = (gained.class(), gained.due, gained.users.clone());
        self.sets.note(Asker::Gained(number), due);
        users.into_iter().for_each(|user| self.count(user, Some(old), Some(new), touched));
    }

    /// Takes back what came and went with the contents of a file.
    pub(super) fn retract(&mut self, asker: Asker, touched: &mut Woken) {
        let Some(edits) = self.sets.edits.remove(&asker) else { return };
        for number in edits.gained {
            self.retract(Asker::Gained(number), touched);
            self.sets.note(Asker::Gained(number), false);
            let gained = &mut self.sets.gained[number];
            let (old, users) = (gained.class(), std::mem::take(&mut gained.users));
            for user in users {
                self.actions[user.0 as usize].gained.remove(&number);
                self.count(user, Some(old), None, touched);
            }
        }
        for (user, number) in edits.lost {
            self.actions[user.0 as usize].lost.remove(&number);
            self.count(user, Some(Class::Changed), Some(self.inputs[number].class()), touched);
        }
    }

    fn changed_file(&self, asker: Asker, sight: &dyn Sight) -> Option<ChangedFile> {
        let (path, before, after) = match asker {
            Asker::Input(number) => {
                let input = &self.inputs[number];
                (self.input_path(number), Some(&input.seen), input.changed()?)
            }
            Asker::Gained(number) => {
                let (path, content) = self.sets.gained[number].found()?;
                (path.to_owned(), None, content)
            }
        };
        let text = |content: &Content| match content {
            Content::File { digest, .. } => sight.read(digest),
            Content::Symlink(_) => None,
        };
        // Without what it was, all that it names is taken to be new; most of it is there already.
        Some(ChangedFile { path, before: before.and_then(text).unwrap_or_default(), after: text(after)? })
    }

    fn scanned(&mut self, asker: Asker, touched: &mut Woken) {
        let due = match asker {
            Asker::Input(number) => &mut self.inputs[number].due,
            Asker::Gained(number) => &mut self.sets.gained[number].due,
        };
        if !std::mem::replace(due, false) {
            return;
        }
        for user in self.users(asker) {
            let (lost, new) = match asker {
                Asker::Input(number) => {
                    (self.action(user).lost.contains(&number), self.inputs[number].class())
                }
                Asker::Gained(number) => (false, self.sets.gained[number].class()),
            };
            if !lost {
                self.count(user, Some(Class::Pending), Some(new), touched);
            }
        }
    }

    pub(super) fn users(&self, asker: Asker) -> Vec<ActionId> {
        match asker {
            Asker::Input(number) => self.inputs[number].users.clone(),
            Asker::Gained(number) => self.sets.gained[number].users.clone(),
        }
    }

    /// A file names one more.
    fn gain(&mut self, edit: &mut Edit<'_>, name: &str) {
        let mut users = self.users(edit.asker);
        let live = self.sets.gained.iter().filter(|gained| !gained.users.is_empty()).count();
        if users.is_empty() || live >= MOST_GAINED {
            return;
        }
        let sites = self.sites(self.action(users[0]).element, edit, name);
        users.retain(|user| !sites.iter().any(|site| self.has(*user, &site.path)));
        if users.is_empty() || sites.iter().all(|site| site.places.is_empty()) {
            return;
        }
        let number = self.sets.gained.len();
        for user in &users {
            self.actions[user.0 as usize].gained.insert(number);
            self.count(*user, None, Some(Class::Pending), edit.touched);
        }
        let spots = sites.into_iter().map(|site| self.watch(site, number)).collect();
        self.sets.gained.push(Gained { spots, value: Sought::Pending, due: false, users });
        self.sets.edits.entry(edit.asker).or_default().gained.push(number);
        self.look_for(number, edit.touched);
    }

    /// Where a name may lead, up to the first path that something is known to be at.
    fn sites(&self, element: ElementId, edit: &Edit<'_>, name: &str) -> Vec<Site> {
        let folders = &self.elements[&element].folders;
        let mut sites = Vec::new();
        for path in folders.paths(edit.path, name) {
            let open = folders.places(&path).into_iter().filter_map(|key| {
                let known = edit.sight.at(key.fact()?, key.path());
                (known != Some(None)).then_some((key, known.flatten()))
            });
            let places: Vec<(PlaceKey, Option<Content>)> = open.collect();
            let found = places.iter().any(|(_, known)| known.is_some());
            sites.push(Site { path, places });
            if found {
                break;
            }
        }
        sites
    }

    /// Has an input that may have come asked whenever more is known of a site.
    fn watch(&mut self, site: Site, number: usize) -> Spot {
        let watched = site.places.into_iter().map(|(key, known)| {
            let place = self.places.add(key, Asker::Gained(number));
            if let Some(content) = known {
                // Whoever else asks for it knows it since it is known.
                self.places.set(place, Found::Known(content));
            }
            place
        });
        Spot { places: watched.collect(), path: site.path }
    }

    /// Whether an action has an input at a path, recorded or gained.
    fn has(&self, user: ActionId, path: &str) -> bool {
        let mut gained = self.action(user).gained.iter();
        gained.any(|number| self.sets.gained[*number].found().is_some_and(|(at, _)| at == path))
            || self.recorded_at(user, path).is_some()
    }

    /// The recorded input of an action at a path.
    pub(super) fn recorded_at(&self, user: ActionId, path: &str) -> Option<usize> {
        let paths = &self.elements[&self.action(user).element].expanded.record.paths;
        let id = paths.find(path)?;
        self.inputs_of(user).find(|number| self.inputs[*number].path == id)
    }
}

/// A path where a name may lead, and the places that may be staged there: with what is at them, if that is known.
struct Site {
    path: String,
    places: Vec<(PlaceKey, Option<Content>)>,
}

/// A change of the inputs of all that read a file.
pub(super) struct Edit<'a> {
    pub(super) asker: Asker,
    pub(super) path: &'a str,
    pub(super) sight: &'a dyn Sight,
    pub(super) touched: &'a mut Woken,
}
