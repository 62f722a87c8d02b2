//! The sources and artifacts of a simulated session, as far as they are known.

use spec_scheduler::Task;
use spec_speculation::priming::{PrimingEffect, PrimingState};
use spec_speculation::{Content, ContentLookup, ElementId, Fact, TreeId};

use crate::recorded_session::{KnownFiles, RecordedSession};

/// What is known of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FactState {
    Pending,
    Known,
    Unavailable,
}

/// The sources and artifacts of all elements, in the order of the recording.
#[derive(Debug)]
pub(crate) struct SimulatedFacts<'a> {
    session: &'a RecordedSession,
    artifacts: Vec<FactState>,
    sources: Vec<FactState>,
}

pub(crate) fn element_id(element: usize) -> ElementId {
    ElementId(element as u32)
}

impl<'a> SimulatedFacts<'a> {
    /// All are pending.
    pub(crate) fn new(session: &'a RecordedSession) -> Self {
        let pending = vec![FactState::Pending; session.elements.len()];
        Self { session, artifacts: pending.clone(), sources: pending }
    }

    /// Tells what is known when the predictions begin.
    pub(crate) fn begin(&mut self, priming: &mut PrimingState) -> Vec<PrimingEffect> {
        let mut effects = self.tell_unknown(priming);
        for element in 0..self.artifacts.len() {
            if self.session.has_job(element, Task::Build) || self.session.has_job(element, Task::Prime) {
                continue;
            }
            self.sources[element] = FactState::Unavailable;
            effects.extend(priming.fact_unavailable(Fact::Sources(element_id(element))));
            if !self.session.has_job(element, Task::Pull) {
                effects.extend(self.set_artifact(priming, element, true));
            }
        }
        effects
    }

    /// Tells again what is known, after records were added.
    pub(crate) fn tell_again(&self, priming: &mut PrimingState) -> Vec<PrimingEffect> {
        let mut effects = self.tell_unknown(priming);
        for element in 0..self.artifacts.len() {
            let id = element_id(element);
            for (fact, state) in
                [(Fact::Sources(id), self.sources[element]), (Fact::Artifact(id), self.artifacts[element])]
            {
                effects.extend(match state {
                    FactState::Known => self.tell(priming, fact),
                    FactState::Unavailable => priming.fact_unavailable(fact),
                    FactState::Pending => Vec::new(),
                });
            }
        }
        effects.extend(self.make_trees(priming, None));
        effects
    }

    /// Elements that records name and the project does not have are not made.
    fn tell_unknown(&self, priming: &mut PrimingState) -> Vec<PrimingEffect> {
        let unknown = self.artifacts.len() as u32..priming.resolver().element_count() as u32;
        let facts = unknown.flat_map(|id| [Fact::Sources(ElementId(id)), Fact::Artifact(ElementId(id))]);
        facts.flat_map(|fact| priming.fact_unavailable(fact)).collect()
    }

    /// The sources of an element are known.
    pub(crate) fn sources_known(&mut self, priming: &mut PrimingState, element: usize) -> Vec<PrimingEffect> {
        match std::mem::replace(&mut self.sources[element], FactState::Known) {
            FactState::Pending => self.tell(priming, Fact::Sources(element_id(element))),
            FactState::Known | FactState::Unavailable => Vec::new(),
        }
    }

    /// The artifact of an element exists, or will not.
    pub(crate) fn set_artifact(
        &mut self,
        priming: &mut PrimingState,
        element: usize,
        exists: bool,
    ) -> Vec<PrimingEffect> {
        if self.artifacts[element] != FactState::Pending {
            return Vec::new();
        }
        let (id, state) =
            (element_id(element), if exists { FactState::Known } else { FactState::Unavailable });
        self.artifacts[element] = state;
        let mut effects = match exists {
            true => self.tell(priming, Fact::Artifact(id)),
            false => priming.fact_unavailable(Fact::Artifact(id)),
        };
        effects.extend(self.make_trees(priming, Some(id)));
        effects
    }

    /// Tells the trees that contain this element, or all, if all their artifacts are known.
    fn make_trees(&self, priming: &mut PrimingState, element: Option<ElementId>) -> Vec<PrimingEffect> {
        let is_meant = |elements: &[ElementId]| element.is_none_or(|element| elements.contains(&element));
        let trees = priming.resolver().trees().filter(|(_, elements)| is_meant(elements));
        let trees: Vec<(TreeId, Vec<ElementId>)> =
            trees.map(|(id, elements)| (id, elements.to_vec())).collect();
        let mut effects = Vec::new();
        for (id, elements) in trees {
            let state = |element: &ElementId| {
                self.artifacts.get(element.0 as usize).copied().unwrap_or(FactState::Unavailable)
            };
            if elements.iter().any(|element| state(element) == FactState::Pending) {
                continue;
            }
            effects.extend(match self.session.trees.get(&elements).copied().flatten() {
                Some(digest) => priming.tree_known(id, digest),
                None => priming.fact_unavailable(Fact::Tree(id)),
            });
        }
        effects
    }

    fn files(&self, fact: Fact) -> Option<&'a KnownFiles> {
        let files = match fact {
            Fact::Sources(element) => self.session.sources.get(&(element.0 as usize)),
            Fact::Artifact(element) => self.session.artifacts.get(&(element.0 as usize)),
            Fact::Outputs(_) | Fact::Tree(_) => None,
        };
        files.filter(|files| !files.unavailable)
    }

    /// Tells the contents of the paths that the predictions want of a tree.
    fn tell(&self, priming: &mut PrimingState, fact: Fact) -> Vec<PrimingEffect> {
        let wanted = priming.resolver().wanted_paths(fact);
        if wanted.is_empty() {
            return Vec::new();
        }
        let Some(files) = self.files(fact) else { return priming.fact_unavailable(fact) };
        let content = |path: &str| files.paths.get(path).cloned().flatten();
        let found = wanted.into_iter().map(|(origin, path)| (origin, content(path))).collect();
        priming.origins_known(found)
    }
}

impl ContentLookup for SimulatedFacts<'_> {
    fn content_at(&self, fact: Fact, path: &str) -> Option<Option<Content>> {
        let state = match fact {
            Fact::Sources(element) => self.sources.get(element.0 as usize),
            Fact::Artifact(element) => self.artifacts.get(element.0 as usize),
            Fact::Outputs(_) | Fact::Tree(_) => None,
        };
        match state.copied().unwrap_or(FactState::Unavailable) {
            FactState::Pending => None,
            FactState::Known => {
                Some(self.files(fact).and_then(|files| files.paths.get(path).cloned().flatten()))
            }
            FactState::Unavailable => Some(None),
        }
    }

    fn text(&self, digest: &spec_model::Digest) -> Option<Vec<u8>> {
        self.session.texts.get(digest).filter(|text| !text.contains(&0)).cloned()
    }
}
