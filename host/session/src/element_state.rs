//! The states of elements: cached, or what is missing.

use spec_artifact::Artifact;
use spec_model::Digest;
use spec_project::map_independent;

use crate::error::Result;
use crate::session::Session;

/// The state of an element before a session's jobs.
#[derive(Clone, Debug)]
pub enum ElementState {
    /// A source of it has no reference.
    NoReference,
    /// It is a junction, which is never built.
    Junction,
    /// One of its dependencies must be built first.
    Waiting,
    /// Its sources must be fetched first.
    FetchNeeded,
    /// It could be built now.
    Buildable,
    /// It is cached.
    Cached(Box<Artifact>),
    /// It failed before, and the failure is cached.
    Failed(Box<Artifact>),
}

impl ElementState {
    /// BuildStream's name of the state.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoReference => "no reference",
            Self::Junction => "junction",
            Self::Waiting => "waiting",
            Self::FetchNeeded => "fetch needed",
            Self::Buildable => "buildable",
            Self::Cached(_) => "cached",
            Self::Failed(_) => "failed",
        }
    }

    /// The cached artifact.
    #[must_use]
    pub fn artifact(&self) -> Option<&Artifact> {
        match self {
            Self::Cached(artifact) | Self::Failed(artifact) => Some(artifact),
            _ => None,
        }
    }

    /// The digest of the artifact's files.
    #[must_use]
    pub fn files(&self) -> Option<Digest> {
        self.artifact().and_then(|artifact| artifact.trees.files)
    }
}

impl Session {
    /// The states of all elements, by index.
    ///
    /// # Errors
    /// When the cache fails.
    pub fn element_states(&self) -> Result<Vec<ElementState>> {
        let elements: Vec<usize> = (0..self.project.elements.len()).collect();
        let found = map_independent(elements, |element| self.own_state(element))?;
        let mut all: Vec<ElementState> = Vec::with_capacity(found.len());
        for (element, state) in found.into_iter().enumerate() {
            let built = |dependency: &usize| matches!(all[*dependency], ElementState::Cached(_));
            let state = match state {
                ElementState::Waiting if self.is_buildable(element, &built) => ElementState::Buildable,
                state => state,
            };
            all.push(state);
        }
        Ok(all)
    }

    /// Whether all that an element whose sources are here needs is built.
    fn is_buildable(&self, element: usize, built: &dyn Fn(&usize) -> bool) -> bool {
        self.key_pairs[element].is_some() && self.project.build_scope(element).iter().all(built)
    }

    /// The state of an element as far as it does not depend on those below it: one that waits may be buildable.
    fn own_state(&self, element: usize) -> Result<ElementState> {
        if self.sources(element).key()?.is_none() {
            return Ok(ElementState::NoReference);
        }
        if self.project.elements[element].is_junction() {
            return Ok(ElementState::Junction);
        }
        let Some(pair) = self.key_pairs[element] else { return Ok(ElementState::Waiting) };
        if let Some(artifact) = self.cached_artifact(element, pair)? {
            let kind = if artifact.succeeded() { ElementState::Cached } else { ElementState::Failed };
            return Ok(kind(Box::new(artifact)));
        }
        Ok(if self.fetch_needed(element)? { ElementState::FetchNeeded } else { ElementState::Waiting })
    }

    /// The key that people see: that of the artifact if there is one, or else the one it will have in strict mode.
    /// Empty when a source has no reference.
    #[must_use]
    pub fn shown_key(&self, element: usize, state: Option<&ElementState>) -> String {
        let of_artifact = state.and_then(ElementState::artifact).map(|artifact| artifact.keys.strong);
        let key = of_artifact.or(self.key_pairs[element].map(|pair| pair.strict));
        key.map(|key| key.to_string()).unwrap_or_default()
    }
}
