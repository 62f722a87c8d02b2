//! The states of elements: cached, or what is missing.

use spec_artifact::Artifact;
use spec_model::Digest;

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
        let mut all: Vec<ElementState> = Vec::with_capacity(self.project.elements.len());
        for element in 0..self.project.elements.len() {
            let state = self.element_state(element, &all)?;
            all.push(state);
        }
        Ok(all)
    }

    fn element_state(&self, element: usize, below: &[ElementState]) -> Result<ElementState> {
        if self.source_keys[element].is_none() {
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
        if self.fetch_needed(element)? {
            return Ok(ElementState::FetchNeeded);
        }
        let built = |dependency: &usize| matches!(below[*dependency], ElementState::Cached(_));
        let buildable = self.project.build_scope(element).iter().all(built);
        Ok(if buildable { ElementState::Buildable } else { ElementState::Waiting })
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
