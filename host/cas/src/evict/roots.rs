//! Roots: entries that are found by name and keep the blobs that they need. They are records, results of actions and
//! layers.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, Stat};
use rustix::io::Errno;
use spec_model::Digest;

use crate::action_cache::LARGE_RESULT;
use crate::error::{CasError, Result};
use crate::layer_cache::{recorded_size, tree_of_layer};
use crate::layout::{self, entries, file_name};
use crate::lock::try_lock;
use crate::store::Cas;
use crate::usage::Moment;

/// Something that a record needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A blob.
    Blob(Digest),
    /// A tree with all that is in it, as far as it is here.
    Tree(Digest),
    /// The directories of a tree, as far as they are here, and no files.
    Directories(Digest),
}

/// Returns what a record needs, by its kind (`artifacts`) and its bytes; nothing for records that it does not know.
pub type NeedsOf<'a> = &'a (dyn Fn(&str, &[u8]) -> Vec<Need> + Sync);

/// The size of the entry of a result with at most [`LARGE_RESULT`] blobs: a use of such an entry is noted with each
/// of its blobs.
const SMALL_RESULT: u64 = 40 * LARGE_RESULT as u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RootKind {
    Record,
    ActionResult,
    Layer,
}

#[derive(Clone, Debug)]
pub(super) struct Root {
    pub(super) kind: RootKind,
    /// The file whose times record uses.
    pub(super) path: PathBuf,
    pub(super) last_use: Moment,
    pub(super) needs: Arc<[Need]>,
    /// Bytes of disk that it takes beside blobs; 0 for small files.
    pub(super) disk_bytes: u64,
}

/// All roots of a store, the most recently used first.
#[derive(Debug)]
pub(super) struct Roots(Vec<Root>);

impl Roots {
    /// Lists the roots of a store.
    pub(super) fn find(cas: &Cas, needs_of: NeedsOf<'_>) -> Result<Self> {
        let mut roots = records(cas, needs_of)?;
        roots.extend(layers(cas)?);
        let found = cas.parallel(&cas.action_cache().folders()?, |folder| results(cas, folder))?;
        roots.extend(found.into_iter().flatten());
        roots.sort_unstable_by_key(|root| std::cmp::Reverse(root.last_use));
        Ok(Self(roots))
    }

    pub(super) fn latest_first(&self) -> impl Iterator<Item = &Root> {
        self.0.iter()
    }

    /// For each root that takes disk beside blobs, when it was last used and how many bytes it takes.
    pub(super) fn uses(&self) -> impl Iterator<Item = (Moment, u64)> {
        self.0.iter().filter(|root| root.disk_bytes > 0).map(|root| (root.last_use, root.disk_bytes))
    }

    /// The roots that were last used at `cutoff` or before.
    pub(super) fn unused_since(&self, cutoff: Moment) -> &[Root] {
        &self.0[self.0.partition_point(|root| root.last_use > cutoff)..]
    }
}

fn records(cas: &Cas, needs_of: NeedsOf<'_>) -> Result<Vec<Root>> {
    let mut roots = Vec::new();
    for folder in entries(&cas.root().join(layout::REFS))? {
        let kind = file_name(&folder);
        let refs = cas.refs(&kind);
        // An artifact has a record under each of its two keys.
        let mut known: HashMap<Digest, Arc<[Need]>> = HashMap::new();
        for record in refs.list("")? {
            let path = folder.join(&record);
            let Some((last_use, _)) = last_use_and_size(&path, RootKind::Record)? else { continue };
            let bytes = refs.peek(&record).ok().flatten().unwrap_or_default();
            let needs = known.entry(Digest::of(&bytes)).or_insert_with(|| needs_of(&kind, &bytes).into());
            let needs = Arc::clone(needs);
            roots.push(Root { kind: RootKind::Record, path, last_use, needs, disk_bytes: 0 });
        }
    }
    Ok(roots)
}

/// The results of actions in one folder.
fn results(cas: &Cas, folder: &Path) -> Result<Vec<Root>> {
    let mut roots = Vec::new();
    for path in entries(folder)? {
        let Some((last_use, size)) = last_use_and_size(&path, RootKind::ActionResult)? else { continue };
        let needs = if size > SMALL_RESULT { needs_of_result(cas, &path)? } else { Arc::default() };
        roots.push(Root { kind: RootKind::ActionResult, path, last_use, needs, disk_bytes: 0 });
    }
    Ok(roots)
}

fn needs_of_result(cas: &Cas, path: &Path) -> Result<Arc<[Need]>> {
    let needs = cas.action_cache().needs_at(path)?.unwrap_or_default();
    Ok(needs.into_iter().map(Need::Blob).collect())
}

/// The layers made of trees. A layer that is locked is in use.
fn layers(cas: &Cas) -> Result<Vec<Root>> {
    let mut roots = Vec::new();
    for path in layer_locks(cas)? {
        let found = (File::open(&path), last_use_and_size(&path, RootKind::Layer)?);
        let (Ok(lock), Some((last_use, _))) = found else { continue };
        let is_unused = try_lock(&lock, &path, FlockOperation::NonBlockingLockExclusive)?;
        let Some(tree) = tree_of_layer(&path) else { continue };
        let last_use = if is_unused { last_use } else { Moment::LAST };
        let (needs, disk_bytes) = (Arc::new([Need::Tree(tree)]), recorded_size(&lock));
        roots.push(Root { kind: RootKind::Layer, path, last_use, needs, disk_bytes });
    }
    Ok(roots)
}

fn layer_locks(cas: &Cas) -> Result<impl Iterator<Item = PathBuf>> {
    let paths = entries(&cas.root().join(layout::TREES))?.into_iter();
    Ok(paths.filter(|path| path.extension().is_some_and(|extension| extension == "lock")))
}

/// Bytes of disk that layers take.
pub(super) fn disk_bytes_of_layers(cas: &Cas) -> Result<u64> {
    Ok(layer_locks(cas)?.filter_map(|path| File::open(path).ok()).map(|lock| recorded_size(&lock)).sum())
}

impl RootKind {
    /// When something of this kind was last used.
    pub(super) fn last_use(self, stat: &Stat) -> Moment {
        match self {
            Self::Record => Moment::of_record(stat),
            Self::ActionResult | Self::Layer => Moment::of_change(stat),
        }
    }
}

impl Root {
    /// Everything that it needs. The needs of small results are read now.
    pub(super) fn all_needs(&self, cas: &Cas) -> Result<Arc<[Need]>> {
        match self.kind {
            RootKind::ActionResult if self.needs.is_empty() => needs_of_result(cas, &self.path),
            _ => Ok(Arc::clone(&self.needs)),
        }
    }
}

/// The last use of the root with this file, and the size of the file; `None` when the file is gone.
fn last_use_and_size(path: &Path, kind: RootKind) -> Result<Option<(Moment, u64)>> {
    match rustix::fs::stat(path) {
        Ok(stat) => Ok(Some((kind.last_use(&stat), stat.st_size as u64))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(CasError::io("look up", path)(error)),
    }
}
