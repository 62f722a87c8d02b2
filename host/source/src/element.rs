//! The sources of an element, staged together.

use std::sync::Arc;

use spec_cas::{Cas, CasError, MergeInput, Need, Refs};
use spec_model::{Digest, Key, Value};

use crate::context::{SourceContext, SourceSpec};
use crate::error::SourceError;
use crate::source::{Source, SourceWarning, Tracked, create};
use crate::watch::Watch;

/// Trees of single sources, by kind and key.
const SOURCES: &str = "sources";
/// Trees of all sources of an element, by key.
const ELEMENT_SOURCES: &str = "element-sources";

/// The sources of an element in order. Later ones are staged over earlier ones.
///
/// The digests of staged trees are remembered in the store, so nothing is unpacked twice.
#[derive(Debug)]
pub struct ElementSources {
    element: Arc<str>,
    cas: Cas,
    sources: Vec<Placed>,
}

#[derive(Debug)]
struct Placed {
    source: Box<dyn Source>,
    directory: Option<String>,
}

impl ElementSources {
    /// Configures the sources of `element` (its full name).
    ///
    /// # Errors
    /// The first wrong configuration, with its place.
    pub fn new(element: &str, context: &SourceContext, specs: &[SourceSpec]) -> Result<Self, SourceError> {
        let element: Arc<str> = element.into();
        let placed = |(index, spec): (usize, &SourceSpec)| {
            let source = create(&element, index, context, spec)?;
            let directory = spec.directory.clone().filter(|directory| !directory.is_empty());
            Ok(Placed { source, directory })
        };
        let sources = specs.iter().enumerate().map(placed).collect::<Result<_, SourceError>>()?;
        Ok(Self { cas: context.cas.clone(), element, sources })
    }

    /// The sources in order.
    pub fn sources(&self) -> impl Iterator<Item = &dyn Source> {
        self.sources.iter().map(|placed| &*placed.source)
    }

    /// What to tell the user about their configuration.
    #[must_use]
    pub fn warnings(&self) -> Vec<SourceWarning> {
        self.sources().flat_map(|source| source.warnings()).collect()
    }

    /// What the sources contribute to the element's cache key: a list of `key`, `name` and `directory`. `None` when a
    /// ref is missing.
    ///
    /// # Errors
    /// When local files cannot be read.
    pub fn unique_key(&self) -> Result<Option<Value>, SourceError> {
        match self.required_key() {
            Err(SourceError::NoRef { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    fn required_key(&self) -> Result<Value, SourceError> {
        let mut list = Vec::new();
        for Placed { source, directory } in &self.sources {
            let key = source.unique_key()?;
            let key = key.ok_or_else(|| SourceError::NoRef { name: source.name().clone() })?;
            let name = Value::from(source.name().kind);
            let directory = directory.as_deref().map(|directory| ("directory", Value::from(directory)));
            list.push(Value::map([("key", key), ("name", name)].into_iter().chain(directory)));
        }
        Ok(Value::Seq(list))
    }

    /// The cache key of the sources themselves, under which their tree is remembered.
    ///
    /// # Errors
    /// When local files cannot be read.
    pub fn key(&self) -> Result<Option<Key>, SourceError> {
        Ok(self.unique_key()?.map(|value| value.key()))
    }

    /// The staged tree, if it is in the store, whole.
    ///
    /// # Errors
    /// When local files or the store cannot be read.
    pub fn cached(&self) -> Result<Option<Digest>, SourceError> {
        match self.key()? {
            Some(key) => self.recall(&self.cas.refs(ELEMENT_SOURCES), &key.to_string()),
            None => Ok(None),
        }
    }

    /// Downloads what is missing, and stages.
    ///
    /// # Errors
    /// `missing-ref`, and those of [`Source::fetch`] and [`Source::stage`].
    pub fn fetch(&self, watch: &Watch) -> Result<Digest, SourceError> {
        self.provide(watch, true)
    }

    /// Stages what has been fetched and answers with the root of the tree.
    ///
    /// # Errors
    /// `missing-ref`, `source-not-fetched`, and those of [`Source::stage`].
    pub fn stage(&self, watch: &Watch) -> Result<Digest, SourceError> {
        self.provide(watch, false)
    }

    /// Asks every source for a new ref and sets it. Answers with the positions of those that have refs.
    ///
    /// # Errors
    /// Those of [`Source::track`].
    pub fn track(&mut self, watch: &Watch) -> Result<Vec<(usize, Tracked)>, SourceError> {
        let mut all = Vec::new();
        for (index, placed) in self.sources.iter_mut().enumerate() {
            if let Some(tracked) = placed.source.track(watch)? {
                placed.source.set_ref(Some(tracked.new.clone()));
                all.push((index, tracked));
            }
        }
        Ok(all)
    }

    /// Looks for what is wrong before anything is downloaded.
    ///
    /// # Errors
    /// Those of [`Source::check`].
    pub fn check(&self) -> Result<(), SourceError> {
        self.sources().try_for_each(Source::check)
    }

    fn provide(&self, watch: &Watch, download: bool) -> Result<Digest, SourceError> {
        let key = self.required_key()?.key().to_string();
        let refs = self.cas.refs(ELEMENT_SOURCES);
        if let Some(tree) = self.recall(&refs, &key)? {
            return Ok(tree);
        }
        if download {
            self.check()?;
        }
        let mut layers = Vec::new();
        for Placed { source, directory } in &self.sources {
            let root = self.tree(&**source, watch, download)?;
            layers.push((normal(directory.as_deref().unwrap_or_default()), root));
        }
        let layers: Vec<MergeInput<'_>> = layers
            .iter()
            .map(|(location, root)| MergeInput { root: *root, location, filter: None })
            .collect();
        let cas = self.cas.clone().with_cancel(&watch.cancel);
        let tree = cas.merge(&layers).map_err(|error| self.cas_error(error))?.root;
        self.remember(&refs, &key, tree)?;
        Ok(tree)
    }

    /// The tree of one source.
    fn tree(&self, source: &dyn Source, watch: &Watch, download: bool) -> Result<Digest, SourceError> {
        let (Some(_), Some(key)) = (source.reference(), source.unique_key()?) else {
            return source.stage(watch);
        };
        let refs = self.cas.refs(SOURCES);
        let record = format!("{}/{}", source.name().kind, key.key());
        if let Some(tree) = self.recall(&refs, &record)? {
            return Ok(tree);
        }
        if download {
            source.fetch(watch)?;
        }
        let tree = source.stage(watch)?;
        self.remember(&refs, &record, tree)?;
        Ok(tree)
    }

    fn recall(&self, refs: &Refs, record: &str) -> Result<Option<Digest>, SourceError> {
        recall(&self.cas, refs, record).map_err(|error| self.cas_error(error))
    }

    fn remember(&self, refs: &Refs, record: &str, tree: Digest) -> Result<(), SourceError> {
        let done =
            self.cas.mark_complete(&tree).and_then(|()| refs.put(&[record], tree.to_string().as_bytes()));
        done.map_err(|error| self.cas_error(error))
    }

    fn cas_error(&self, error: CasError) -> SourceError {
        SourceError::Cas { who: self.element.to_string(), error: Box::new(error) }
    }
}

/// The tree of all sources of an element, by their key ([`ElementSources::key`]), if it is in the store, whole.
///
/// # Errors
/// When the store fails.
pub fn staged_tree(cas: &Cas, key: &Key) -> Result<Option<Digest>, CasError> {
    recall(cas, &cas.refs(ELEMENT_SOURCES), &key.to_string())
}

fn recall(cas: &Cas, refs: &Refs, record: &str) -> Result<Option<Digest>, CasError> {
    let Some(bytes) = refs.get(record)? else { return Ok(None) };
    match tree_of(&bytes) {
        Some(digest) if cas.is_complete(&digest)? => Ok(Some(digest)),
        Some(_) => Ok(None),
        None => {
            refs.report_damaged(record, "it names no tree");
            Ok(None)
        }
    }
}

/// What a record of a source's tree needs; nothing when it cannot be read.
#[must_use]
pub fn record_needs(record: &[u8]) -> Vec<Need> {
    tree_of(record).map(Need::Tree).into_iter().collect()
}

fn tree_of(record: &[u8]) -> Option<Digest> {
    std::str::from_utf8(record).ok()?.parse().ok()
}

/// The folder as a relative path; BuildStream takes `/a//b/` for `a/b`.
fn normal(directory: &str) -> String {
    let names: Vec<&str> = directory.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    names.join("/")
}
