//! The sources of an element, staged together.

use std::sync::{Arc, OnceLock};

use spec_cas::{Cas, CasError, MergeInput, Need, Refs};
use spec_model::{Digest, Key, NodeError, SourceKey};

use crate::context::{SourceContext, SourceSpec};
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_cache::SourceCache;
use crate::source_kinds::configure_source;
use crate::tree_at::{tree_at, with_tree_at};

/// Trees of single sources, by kind and key.
const SOURCES: &str = "sources";
/// Trees of all sources of an element, by key.
const ELEMENT_SOURCES: &str = "element-sources";

/// The sources of an element in order. Later ones are staged over earlier ones.
///
/// The store keeps the digests of staged trees, so nothing is unpacked twice.
#[derive(Debug)]
pub struct ElementSources {
    element: Arc<str>,
    cas: Cas,
    sources: Box<[PlacedSource]>,
    /// Their key, when it was asked for; `None` where a ref is missing.
    key: OnceLock<Option<Key>>,
}

/// A source, and the directory into which it is staged.
#[derive(Debug)]
struct PlacedSource {
    source: Box<dyn Source>,
    directory: Option<String>,
}

/// What is done about sources that are not in the store.
#[derive(Clone, Copy)]
enum Missing<'a> {
    /// They are an error.
    Refused,
    /// They are downloaded, or come from this cache of staged sources.
    Downloaded(Option<&'a dyn SourceCache>),
}

impl PlacedSource {
    fn key(&self) -> Result<Option<SourceKey>, SourceError> {
        let kind = self.source.name().kind.to_owned();
        let key = self.source.unique_key()?;
        Ok(key.map(|key| SourceKey { kind, directory: self.directory.clone(), key }))
    }

    fn location(&self) -> String {
        relative_path(self.directory.as_deref().unwrap_or_default())
    }
}

/// The sources before one, as tracking sees them.
struct SourcesBefore<'e> {
    element: &'e ElementSources,
    index: usize,
    monitor: &'e FetchMonitor,
}

impl PreviousSources for SourcesBefore<'_> {
    fn tree(&self) -> Result<Digest, SourceError> {
        let Self { element, index, monitor } = *self;
        let whole = element.stage_first(index, monitor, Missing::Downloaded(None))?;
        let part = tree_at(&element.cas, &whole, &element.sources[index].location());
        part.map_err(|error| element.cas_error(error))
    }

    fn submodule_commit(&self, path: &str) -> Result<Option<String>, SourceError> {
        for PlacedSource { source, .. } in self.element.sources[..self.index].iter().rev() {
            source.fetch(self.monitor)?;
            if let Some(commit) = source.submodule_commit(path)? {
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }
}

impl ElementSources {
    /// Configures the sources of `element` (its full name).
    ///
    /// # Errors
    /// The first wrong configuration, with its place.
    pub fn new(element: &str, context: &SourceContext, specs: &[SourceSpec]) -> Result<Self, SourceError> {
        let element: Arc<str> = element.into();
        let placed = |(index, spec): (usize, &SourceSpec)| {
            let source = configure_source(&element, index, context, spec)?;
            let directory = spec.directory.clone().filter(|directory| !directory.is_empty());
            Ok(PlacedSource { source, directory })
        };
        let sources: Box<[PlacedSource]> =
            specs.iter().enumerate().map(placed).collect::<Result<_, SourceError>>()?;
        if let Some(PlacedSource { source, .. }) = sources.first()
            && source.tracks_previous()
        {
            return Err(cannot_be_first(source.name()));
        }
        Ok(Self { cas: context.cas.clone(), element, sources, key: OnceLock::new() })
    }

    /// The sources in order.
    pub fn sources(&self) -> impl Iterator<Item = &dyn Source> {
        self.sources.iter().map(|placed| &*placed.source)
    }

    /// Warnings about their configuration.
    #[must_use]
    pub fn warnings(&self) -> Vec<SourceWarning> {
        self.sources().flat_map(|source| source.warnings()).collect()
    }

    /// The canonical text of what the sources contribute to cache keys; `None` when a ref is missing.
    ///
    /// # Errors
    /// When local files cannot be read.
    pub fn key_text(&self) -> Result<Option<String>, SourceError> {
        let keys = self.sources.iter().map(PlacedSource::key).collect::<Result<Vec<_>, _>>()?;
        let keys: Option<Vec<SourceKey>> = keys.into_iter().collect();
        let text = keys.map(|keys| SourceKey::canonical_list(&keys));
        self.key.get_or_init(|| text.as_ref().map(|text| Key::of(text.as_bytes())));
        Ok(text)
    }

    fn required_keys(&self) -> Result<Vec<SourceKey>, SourceError> {
        let no_ref = |placed: &PlacedSource| SourceError::NoRef { name: placed.source.name().clone() };
        self.sources.iter().map(|placed| placed.key()?.ok_or_else(|| no_ref(placed))).collect()
    }

    /// The cache key of the sources themselves, under which the store keeps their tree.
    ///
    /// # Errors
    /// When local files cannot be read.
    pub fn key(&self) -> Result<Option<Key>, SourceError> {
        match self.key.get() {
            Some(key) => Ok(*key),
            None => Ok(self.key_text()?.map(|text| Key::of(text.as_bytes()))),
        }
    }

    /// The staged tree, if it is complete in the store.
    ///
    /// # Errors
    /// When local files or the store cannot be read.
    pub fn cached(&self) -> Result<Option<Digest>, SourceError> {
        match self.key()? {
            Some(key) => self.recorded_tree(&self.cas.refs(ELEMENT_SOURCES), &key.to_string()),
            None => Ok(None),
        }
    }

    /// Downloads what is missing, and stages.
    ///
    /// # Errors
    /// `missing-ref`, and those of [`Source::fetch`] and [`Source::stage`].
    pub fn fetch(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        self.stage_all(monitor, Missing::Downloaded(None))
    }

    /// As [`fetch`](Self::fetch), but looks into a cache of staged sources first: for all sources together, then for each.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_through(
        &self,
        cache: &dyn SourceCache,
        monitor: &FetchMonitor,
    ) -> Result<Digest, SourceError> {
        self.stage_all(monitor, Missing::Downloaded(Some(cache)))
    }

    /// The trees of the single sources that are in the store, whole, with their kinds and keys. Sources without a ref, such
    /// as local folders, are not among them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn single_trees(&self) -> Result<Vec<(String, Key, Digest)>, SourceError> {
        let refs = self.cas.refs(SOURCES);
        let mut trees = Vec::new();
        for source in self.sources() {
            let (Some(_), Some(key)) = (source.reference(), source.unique_key()?) else { continue };
            let (kind, key) = (source.name().kind.to_owned(), key.key());
            if let Some(tree) = self.recorded_tree(&refs, &format!("{kind}/{key}"))? {
                trees.push((kind, key, tree));
            }
        }
        Ok(trees)
    }

    /// Stages what has been fetched and answers with the root of the tree.
    ///
    /// # Errors
    /// `missing-ref`, `source-not-fetched`, and those of [`Source::stage`].
    pub fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        self.stage_all(monitor, Missing::Refused)
    }

    /// Asks every source for a new ref and sets it. Answers with the positions of those that have refs.
    ///
    /// # Errors
    /// Those of [`Source::track`].
    pub fn track(&mut self, monitor: &FetchMonitor) -> Result<Vec<(usize, TrackedRef)>, SourceError> {
        let mut all = Vec::new();
        for index in 0..self.sources.len() {
            let previous = SourcesBefore { element: self, index, monitor };
            if let Some(tracked) = self.sources[index].source.track(&previous, monitor)? {
                self.sources[index].source.set_ref(&tracked.new)?;
                self.key.take();
                all.push((index, tracked));
            }
        }
        Ok(all)
    }

    /// Finds errors before anything is downloaded.
    ///
    /// # Errors
    /// Those of [`Source::check`].
    pub fn check(&self) -> Result<(), SourceError> {
        self.sources().try_for_each(Source::check)
    }

    fn stage_all(&self, monitor: &FetchMonitor, missing: Missing<'_>) -> Result<Digest, SourceError> {
        let key = Key::of(SourceKey::canonical_list(&self.required_keys()?).as_bytes());
        let refs = self.cas.refs(ELEMENT_SOURCES);
        if let Some(tree) = self.recorded_tree(&refs, &key.to_string())? {
            return Ok(tree);
        }
        if let Missing::Downloaded(cache) = missing {
            let found = cache.map(|cache| cache.element_sources(&key, monitor)).transpose();
            if let Some(tree) = found.map_err(|error| self.cas_error(error))?.flatten() {
                self.record_tree(&refs, &key.to_string(), tree)?;
                return Ok(tree);
            }
            self.check()?;
        }
        let tree = self.stage_first(self.sources.len(), monitor, missing)?;
        self.record_tree(&refs, &key.to_string(), tree)?;
        Ok(tree)
    }

    /// Stages the first `count` sources over each other.
    fn stage_first(
        &self,
        count: usize,
        monitor: &FetchMonitor,
        missing: Missing<'_>,
    ) -> Result<Digest, SourceError> {
        let mut layers: Vec<(String, Digest)> = Vec::new();
        for placed in &self.sources[..count] {
            let location = placed.location();
            let source = &*placed.source;
            if !source.changes_previous() {
                layers.push((location, self.tree(source, monitor, missing)?));
                continue;
            }
            if matches!(missing, Missing::Downloaded(_)) && !source.is_cached() {
                source.fetch(monitor)?;
            }
            let below = self.merged(&layers, monitor)?;
            let part = tree_at(&self.cas, &below, &location).map_err(|error| self.cas_error(error))?;
            let changed = source.stage_onto(part, monitor)?;
            let whole = with_tree_at(&self.cas, &below, &location, changed);
            layers = vec![(String::new(), whole.map_err(|error| self.cas_error(error))?)];
        }
        self.merged(&layers, monitor)
    }

    fn merged(&self, layers: &[(String, Digest)], monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let inputs: Vec<MergeInput<'_>> = layers
            .iter()
            .map(|(location, root)| MergeInput { root: *root, location, filter: None })
            .collect();
        let cas = self.cas.clone().with_cancel(&monitor.cancel);
        Ok(cas.merge(&inputs).map_err(|error| self.cas_error(error))?.root)
    }

    /// The tree of one source.
    fn tree(
        &self,
        source: &dyn Source,
        monitor: &FetchMonitor,
        missing: Missing<'_>,
    ) -> Result<Digest, SourceError> {
        let (Some(_), Some(key)) = (source.reference(), source.unique_key()?) else {
            return source.stage(monitor);
        };
        let refs = self.cas.refs(SOURCES);
        let (kind, key) = (source.name().kind, key.key());
        let record = format!("{kind}/{key}");
        if let Some(tree) = self.recorded_tree(&refs, &record)? {
            return Ok(tree);
        }
        if let Missing::Downloaded(cache) = missing {
            // The original can be staged sooner than a tree comes from elsewhere.
            let cache = cache.filter(|_| !source.is_cached());
            let found = cache.map(|cache| cache.source(kind, &key, monitor)).transpose();
            if let Some(tree) = found.map_err(|error| self.cas_error(error))?.flatten() {
                self.record_tree(&refs, &record, tree)?;
                return Ok(tree);
            }
            source.fetch(monitor)?;
        }
        let tree = source.stage(monitor)?;
        self.record_tree(&refs, &record, tree)?;
        Ok(tree)
    }

    fn recorded_tree(&self, refs: &Refs, record: &str) -> Result<Option<Digest>, SourceError> {
        recorded_tree(&self.cas, refs, record).map_err(|error| self.cas_error(error))
    }

    fn record_tree(&self, refs: &Refs, record: &str, tree: Digest) -> Result<(), SourceError> {
        let done =
            self.cas.mark_complete(&tree).and_then(|()| refs.put(&[record], tree.to_string().as_bytes()));
        done.map_err(|error| self.cas_error(error))
    }

    fn cas_error(&self, error: CasError) -> SourceError {
        SourceError::Cas { who: self.element.to_string(), error: Box::new(error) }
    }
}

/// The tree of all sources of an element, by their key ([`ElementSources::key`]), if it is complete in the store.
///
/// # Errors
/// When the store fails.
pub fn staged_tree(cas: &Cas, key: &Key) -> Result<Option<Digest>, CasError> {
    recorded_tree(cas, &cas.refs(ELEMENT_SOURCES), &key.to_string())
}

fn recorded_tree(cas: &Cas, refs: &Refs, record: &str) -> Result<Option<Digest>, CasError> {
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

/// The blobs that a record of a source's tree needs; none when it cannot be read.
#[must_use]
pub fn record_needs(record: &[u8]) -> Vec<Need> {
    tree_of(record).map(Need::Tree).into_iter().collect()
}

fn tree_of(record: &[u8]) -> Option<Digest> {
    std::str::from_utf8(record).ok()?.parse().ok()
}

/// The error of a source that looks at what those before it staged, when there are none.
fn cannot_be_first(name: &SourceName) -> SourceError {
    let message = format!("{name} cannot be the first of its element, because it reads what others staged");
    let error = NodeError::new("source-cannot-be-first", name.position.as_ref(), message);
    error.with_hint("put it after the source that has the files").into()
}

/// The folder as a relative path; BuildStream takes `/a//b/` for `a/b`.
fn relative_path(directory: &str) -> String {
    let names: Vec<&str> = directory.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    names.join("/")
}
