//! The sources and artifacts of the session's elements, as far as they are known.

use spec_cas::Cas;
use spec_execution::{ExecutionError, Root, StagedTree};
use spec_model::Digest;
use spec_recording::SessionRecorder;
use spec_speculation::priming::{PrimingEffect, PrimingState};
use spec_speculation::{Content, ContentLookup, ElementId, Fact, TreeId, content_at, look_up};

use super::recorded_events::{record_files, record_text, record_tree};
use super::session_elements::SessionElements;
use crate::session::Session;

/// What is known of the tree of an element's artifact, or of its sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementTree {
    /// It is going to be made.
    Pending,
    /// It exists; an artifact may have no files.
    Known(Option<Digest>),
    /// It will not be made.
    Unavailable,
}

/// The largest file that is scanned for the names of other files, in bytes.
const MAX_TEXT_SIZE: u64 = 256 << 10;

/// The trees of all elements of the project.
pub(super) struct ElementTrees {
    artifacts: Vec<ElementTree>,
    sources: Vec<ElementTree>,
}

/// The number of an element of the project for the predictions: the same number.
pub(super) fn element_id(element: usize) -> ElementId {
    ElementId(element as u32)
}

impl ElementTrees {
    /// All trees are pending.
    pub(super) fn new(elements: usize) -> Self {
        Self {
            artifacts: vec![ElementTree::Pending; elements],
            sources: vec![ElementTree::Pending; elements],
        }
    }

    /// Tells the priming state what is known when the session begins.
    pub(super) fn begin(
        &mut self,
        session: &Session,
        priming: &mut PrimingState,
        elements: &SessionElements,
    ) -> Vec<PrimingEffect> {
        let mut effects = self.tell_unknown(priming);
        for element in 0..self.artifacts.len() {
            if elements.is_built(element) {
                effects.extend(self.staged_before(session, priming, element));
                continue;
            }
            self.sources[element] = ElementTree::Unavailable;
            effects.extend(priming.fact_unavailable(Fact::Sources(element_id(element))));
            let tree = match elements.planned.files[element] {
                Some(files) => ElementTree::Known(Some(files)),
                None if elements.is_pulled(element) => continue,
                None => ElementTree::Unavailable,
            };
            effects.extend(self.set_artifact(session, priming, element, tree));
        }
        effects
    }

    /// Tells the priming state again what is known, after records were added.
    pub(super) fn tell_again(&mut self, session: &Session, priming: &mut PrimingState) -> Vec<PrimingEffect> {
        let mut effects = self.tell_unknown(priming);
        for element in 0..self.artifacts.len() {
            let id = element_id(element);
            for (fact, tree) in
                [(Fact::Sources(id), self.sources[element]), (Fact::Artifact(id), self.artifacts[element])]
            {
                effects.extend(match (fact, tree) {
                    (_, ElementTree::Known(files)) => tell(session, priming, fact, files.as_ref()),
                    (_, ElementTree::Unavailable) => priming.fact_unavailable(fact),
                    // What is not going to be built has no pending sources.
                    (Fact::Sources(_), ElementTree::Pending) => self.staged_before(session, priming, element),
                    (_, ElementTree::Pending) => Vec::new(),
                });
            }
        }
        effects.extend(self.make_dependency_trees(session, priming, None));
        effects
    }

    /// Tells that elements which records name and the project does not have will not be made.
    fn tell_unknown(&self, priming: &mut PrimingState) -> Vec<PrimingEffect> {
        let unknown = self.artifacts.len() as u32..priming.resolver().element_count() as u32;
        let facts = unknown.flat_map(|id| [Fact::Sources(ElementId(id)), Fact::Artifact(ElementId(id))]);
        facts.flat_map(|fact| priming.fact_unavailable(fact)).collect()
    }

    /// Tells the sources of an element that is going to be built, if they were staged in an earlier session.
    fn staged_before(
        &mut self,
        session: &Session,
        priming: &mut PrimingState,
        element: usize,
    ) -> Vec<PrimingEffect> {
        if priming.resolver().wanted_paths(Fact::Sources(element_id(element))).is_empty() {
            return Vec::new();
        }
        match session.sources(element).cached() {
            Ok(Some(tree)) => self.set_sources(session, priming, element, &tree),
            // They become known when the build stages them.
            Ok(None) | Err(_) => Vec::new(),
        }
    }

    /// Sets the sources of an element.
    pub(super) fn set_sources(
        &mut self,
        session: &Session,
        priming: &mut PrimingState,
        element: usize,
        tree: &Digest,
    ) -> Vec<PrimingEffect> {
        let known = ElementTree::Known(Some(*tree));
        match std::mem::replace(&mut self.sources[element], known) == known {
            true => Vec::new(),
            false => tell(session, priming, Fact::Sources(element_id(element)), Some(tree)),
        }
    }

    /// Sets the artifact of an element, unless it is set already.
    pub(super) fn set_artifact(
        &mut self,
        session: &Session,
        priming: &mut PrimingState,
        element: usize,
        tree: ElementTree,
    ) -> Vec<PrimingEffect> {
        if self.artifacts[element] != ElementTree::Pending {
            return Vec::new();
        }
        self.artifacts[element] = tree;
        let files = if let ElementTree::Known(files) = tree { files } else { None };
        let mut effects = tell(session, priming, Fact::Artifact(element_id(element)), files.as_ref());
        effects.extend(self.make_dependency_trees(session, priming, Some(element_id(element))));
        effects
    }

    /// Makes the trees of dependencies that contain this element, or all, if all their artifacts are known.
    fn make_dependency_trees(
        &self,
        session: &Session,
        priming: &mut PrimingState,
        element: Option<ElementId>,
    ) -> Vec<PrimingEffect> {
        let is_meant = |elements: &[ElementId]| element.is_none_or(|element| elements.contains(&element));
        let trees = priming.resolver().trees().filter(|(_, elements)| is_meant(elements));
        let made: Vec<(TreeId, ElementTree)> =
            trees.map(|(id, elements)| (id, self.recorded_tree(session, elements))).collect();
        let mut effects = Vec::new();
        for (id, tree) in made {
            effects.extend(match tree {
                ElementTree::Known(Some(digest)) => priming.tree_known(id, digest),
                ElementTree::Known(None) | ElementTree::Unavailable => {
                    priming.fact_unavailable(Fact::Tree(id))
                }
                ElementTree::Pending => Vec::new(),
            });
        }
        effects
    }

    /// The tree of the artifacts of these elements, which is recorded.
    fn recorded_tree(&self, session: &Session, elements: &[ElementId]) -> ElementTree {
        let tree = self.dependency_tree(session, elements);
        let digest = match tree {
            ElementTree::Pending => return tree,
            ElementTree::Known(digest) => digest,
            ElementTree::Unavailable => None,
        };
        record_tree(&session.options.recorder, elements, digest);
        tree
    }

    /// The tree of the artifacts of these elements, staged together.
    fn dependency_tree(&self, session: &Session, elements: &[ElementId]) -> ElementTree {
        let mut trees = Vec::with_capacity(elements.len());
        for element in elements {
            let artifact = self.artifacts.get(element.0 as usize).copied();
            match artifact.unwrap_or(ElementTree::Unavailable) {
                ElementTree::Known(files) => trees.extend(files.map(|tree| StagedTree {
                    tree,
                    location: "/".to_owned(),
                    owner: 0,
                    movable: false,
                })),
                other => return other,
            }
        }
        let merge = || -> Result<Digest, ExecutionError> {
            let mut root = Root::new(session.cas.clone())?;
            root.stage(&trees)?;
            root.digest()
        };
        merge().map_or(ElementTree::Unavailable, |digest| ElementTree::Known(Some(digest)))
    }
}

/// Looks up contents of known trees.
pub(super) struct KnownContent<'a> {
    pub(super) trees: &'a ElementTrees,
    pub(super) cas: &'a Cas,
    pub(super) recorder: &'a SessionRecorder,
}

impl ContentLookup for KnownContent<'_> {
    fn content_at(&self, fact: Fact, path: &str) -> Option<Option<Content>> {
        let tree = match fact {
            Fact::Sources(element) => self.trees.sources.get(element.0 as usize),
            Fact::Artifact(element) => self.trees.artifacts.get(element.0 as usize),
            Fact::Outputs(_) | Fact::Tree(_) => None,
        };
        match tree.copied().unwrap_or(ElementTree::Unavailable) {
            ElementTree::Pending => None,
            ElementTree::Known(Some(tree)) => {
                let content = content_at(self.cas, &tree, path).ok().flatten();
                record_files(self.recorder, fact, Some(std::iter::once((path, content.clone()))));
                Some(content)
            }
            ElementTree::Known(None) | ElementTree::Unavailable => Some(None),
        }
    }

    fn text(&self, digest: &Digest) -> Option<Vec<u8>> {
        let text = (digest.size() <= MAX_TEXT_SIZE).then(|| self.cas.get(digest).ok())??;
        record_text(self.recorder, digest, &text);
        (!text.contains(&0)).then_some(text)
    }
}

/// Looks up the paths that the priming state wants of a tree, and tells it. Without a tree, no path exists.
fn tell(
    session: &Session,
    priming: &mut PrimingState,
    fact: Fact,
    tree: Option<&Digest>,
) -> Vec<PrimingEffect> {
    let wanted = priming.resolver().wanted_paths(fact);
    if wanted.is_empty() {
        return Vec::new();
    }
    let found = tree.and_then(|tree| look_up(&session.cas, tree, &wanted).ok());
    let contents = found.as_ref().map(|found| found.iter().map(|(_, content)| content.clone()));
    let paths = wanted.iter().map(|(_, path)| *path);
    record_files(&session.options.recorder, fact, contents.map(|contents| paths.zip(contents)));
    match found {
        Some(found) => priming.origins_known(found),
        None => priming.fact_unavailable(fact),
    }
}
