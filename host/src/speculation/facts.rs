//! What becomes known of sources, artifacts and trees of dependencies.

use spec_cas::Cas;
use spec_exec::{ExecError, Root, StagedTree};
use spec_model::Digest;
use spec_speculation::prime::{Board, Command};
use spec_speculation::{Content, ElementId, Fact, Sight, TreeId, content_at, look_up};

use super::start::Plan;
use crate::session::Session;

/// What is known of an element's artifact, or of its sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is going to be made.
    Pending,
    /// It is there; it may have no files.
    Here(Option<Digest>),
    /// There will be none.
    Never,
}

/// A text is no longer, in bytes; what includes others is not.
const LONGEST_TEXT: u64 = 256 << 10;

/// What is known of all elements. Their numbers on the board are those that they have in the project.
pub(super) struct Facts {
    artifacts: Vec<Known>,
    sources: Vec<Known>,
}

/// The number that an element has on the board.
pub(super) fn id(element: usize) -> ElementId {
    ElementId(element as u32)
}

impl Facts {
    /// Nothing is known yet of so many elements.
    pub(super) fn new(elements: usize) -> Self {
        Self { artifacts: vec![Known::Pending; elements], sources: vec![Known::Pending; elements] }
    }

    /// Tells what is known when the session begins.
    pub(super) fn begin(
        &mut self,
        session: &Session,
        board: &mut Board,
        plan: &Plan,
        strange: &[ElementId],
    ) -> Vec<Command> {
        let mut commands = Vec::new();
        for element in 0..self.artifacts.len() {
            if plan.to_build.binary_search(&element).is_ok() {
                commands.extend(self.sources_at_start(session, board, element));
                continue;
            }
            self.sources[element] = Known::Never;
            commands.extend(board.lost(Fact::Sources(id(element))));
            let known = match plan.files[element] {
                Some(files) => Known::Here(Some(files)),
                None => Known::Never,
            };
            commands.extend(self.artifact(session, board, element, known));
        }
        for id in strange {
            commands.extend(board.lost(Fact::Sources(*id)));
            commands.extend(board.lost(Fact::Artifact(*id)));
        }
        commands
    }

    /// Sources that were staged before need not wait for the build.
    fn sources_at_start(&mut self, session: &Session, board: &mut Board, element: usize) -> Vec<Command> {
        if board.resolver().wanted(Fact::Sources(id(element))).is_empty() {
            return Vec::new();
        }
        match session.sources(element).cached() {
            Ok(Some(tree)) => self.sources(session, board, element, &tree),
            // The build will tell.
            Ok(None) | Err(_) => Vec::new(),
        }
    }

    /// The sources of an element are known.
    pub(super) fn sources(
        &mut self,
        session: &Session,
        board: &mut Board,
        element: usize,
        tree: &Digest,
    ) -> Vec<Command> {
        let here = Known::Here(Some(*tree));
        match std::mem::replace(&mut self.sources[element], here) == here {
            true => Vec::new(),
            false => learn(session, board, Fact::Sources(id(element)), Some(tree)),
        }
    }

    /// The artifact of an element is known, or will never be. What was known before stands.
    pub(super) fn artifact(
        &mut self,
        session: &Session,
        board: &mut Board,
        element: usize,
        known: Known,
    ) -> Vec<Command> {
        if self.artifacts[element] != Known::Pending {
            return Vec::new();
        }
        self.artifacts[element] = known;
        let files = if let Known::Here(files) = known { files } else { None };
        let mut commands = learn(session, board, Fact::Artifact(id(element)), files.as_ref());
        commands.extend(self.trees(session, board, id(element)));
        commands
    }

    /// Makes the trees that have this element and miss nothing any more.
    fn trees(&self, session: &Session, board: &mut Board, element: ElementId) -> Vec<Command> {
        let trees = board.resolver().trees().filter(|(_, elements)| elements.contains(&element));
        let made: Vec<(TreeId, Option<Digest>)> =
            trees.filter_map(|(id, elements)| Some((id, self.tree(session, elements)?))).collect();
        let mut commands = Vec::new();
        for (id, digest) in made {
            commands.extend(match digest {
                Some(digest) => board.tree(id, digest),
                None => board.lost(Fact::Tree(id)),
            });
        }
        commands
    }

    /// The tree of these elements' artifacts; `Some(None)` when it cannot be made, `None` when one is not there yet.
    fn tree(&self, session: &Session, elements: &[ElementId]) -> Option<Option<Digest>> {
        let mut trees = Vec::with_capacity(elements.len());
        for element in elements {
            match self.artifacts.get(element.0 as usize).copied().unwrap_or(Known::Never) {
                Known::Pending => return None,
                Known::Never => return Some(None),
                Known::Here(files) => {
                    trees.extend(files.map(|tree| StagedTree { tree, location: "/".to_owned(), owner: 0 }))
                }
            }
        }
        let merge = || -> Result<Digest, ExecError> {
            let mut root = Root::new(session.cas.clone())?;
            root.stage(&trees)?;
            root.digest()
        };
        Some(merge().ok())
    }
}

/// What can be seen of what is known.
pub(super) struct Seen<'a> {
    pub(super) facts: &'a Facts,
    pub(super) cas: &'a Cas,
}

impl Sight for Seen<'_> {
    fn at(&self, fact: Fact, path: &str) -> Option<Option<Content>> {
        let known = match fact {
            Fact::Sources(element) => self.facts.sources.get(element.0 as usize),
            Fact::Artifact(element) => self.facts.artifacts.get(element.0 as usize),
            Fact::Outputs(_) | Fact::Tree(_) => None,
        };
        match known.copied().unwrap_or(Known::Never) {
            Known::Pending => None,
            Known::Here(Some(tree)) => Some(content_at(self.cas, &tree, path).ok().flatten()),
            Known::Here(None) | Known::Never => Some(None),
        }
    }

    fn read(&self, digest: &Digest) -> Option<Vec<u8>> {
        let text = (digest.size() <= LONGEST_TEXT).then(|| self.cas.get(digest).ok())??;
        (!text.contains(&0)).then_some(text)
    }
}

/// Looks up what is wanted of a tree; without a tree, there is nothing.
fn learn(session: &Session, board: &mut Board, fact: Fact, tree: Option<&Digest>) -> Vec<Command> {
    let wanted = board.resolver().wanted(fact);
    if wanted.is_empty() {
        return Vec::new();
    }
    match tree.and_then(|tree| look_up(&session.cas, tree, &wanted).ok()) {
        Some(found) => board.learned(found),
        None => board.lost(fact),
    }
}
