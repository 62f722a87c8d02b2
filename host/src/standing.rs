//! How elements stand: cached, or what is missing.

use spec_artifact::Artifact;
use spec_model::{Digest, KeyPair};

use crate::error::CommandResult;
use crate::session::Session;

/// How an element stands.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// A source of it has no reference.
    NoReference,
    /// Something below it must be built first.
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

impl Standing {
    /// bst's word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NoReference => "no reference",
            Self::Waiting => "waiting",
            Self::FetchNeeded => "fetch needed",
            Self::Buildable => "buildable",
            Self::Cached(_) => "cached",
            Self::Failed(_) => "failed",
        }
    }

    /// The cached artifact.
    pub(crate) fn artifact(&self) -> Option<&Artifact> {
        match self {
            Self::Cached(artifact) | Self::Failed(artifact) => Some(artifact),
            _ => None,
        }
    }

    /// The digest of the artifact's files.
    pub(crate) fn files(&self) -> Option<Digest> {
        self.artifact().and_then(|artifact| artifact.trees.files)
    }
}

impl Session {
    /// How all elements stand, by index.
    ///
    /// # Errors
    /// When the cache fails.
    pub(crate) fn standings(&self) -> CommandResult<Vec<Standing>> {
        let mut all: Vec<Standing> = Vec::with_capacity(self.project.elements.len());
        for element in 0..self.project.elements.len() {
            let standing = self.standing(element, &all)?;
            all.push(standing);
        }
        Ok(all)
    }

    fn standing(&self, element: usize, below: &[Standing]) -> CommandResult<Standing> {
        if self.source_keys[element].is_none() {
            return Ok(Standing::NoReference);
        }
        let Some(pair) = self.pairs[element] else { return Ok(Standing::Waiting) };
        if let Some(artifact) = self.cached(element, pair)? {
            let kind = if artifact.succeeded() { Standing::Cached } else { Standing::Failed };
            return Ok(kind(Box::new(artifact)));
        }
        if self.fetch_needed(element)? {
            return Ok(Standing::FetchNeeded);
        }
        let built = |dependency: &usize| matches!(below[*dependency], Standing::Cached(_));
        let buildable = self.project.build_scope(element).iter().all(built);
        Ok(if buildable { Standing::Buildable } else { Standing::Waiting })
    }

    /// The element's artifact: under its strict key, or in non-strict mode under its weak one.
    ///
    /// # Errors
    /// When the cache fails.
    pub(crate) fn cached(&self, element: usize, pair: KeyPair) -> CommandResult<Option<Artifact>> {
        let element = &self.project.elements[element];
        let strict = self.artifacts.lookup(&element.project, &element.name, &pair.strict)?;
        match strict {
            None if !self.strict => Ok(self.artifacts.lookup(&element.project, &element.name, &pair.weak)?),
            found => Ok(found),
        }
    }

    /// Whether sources must be downloaded before the element can be built.
    ///
    /// # Errors
    /// When the cache fails.
    pub(crate) fn fetch_needed(&self, element: usize) -> CommandResult<bool> {
        let sources = self.sources(element);
        let here = sources.sources().all(|source| source.is_cached());
        Ok(!here && sources.cached()?.is_none())
    }
}
