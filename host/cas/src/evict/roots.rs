//! What is used by name: records, results of actions, layers made of trees.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, Stat};
use rustix::io::Errno;
use spec_model::Digest;

use super::propagation::Need;
use crate::action_cache::LARGE_RESULT;
use crate::error::{CasError, Result};
use crate::layer_cache::{recorded_size, tree_of_layer};
use crate::layout::{self, entries};
use crate::lock::try_lock;
use crate::store::Cas;
use crate::usage::Moment;

/// Tells what a record needs, from its kind (`artifacts`) and its bytes; nothing for records that it does not know.
pub type NeedsOf<'a> = &'a (dyn Fn(&str, &[u8]) -> Vec<Need> + Sync);

/// Bytes of a result's entry with so few blobs that every use of it was noted with each of them.
const SMALL: u64 = 40 * LARGE_RESULT as u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RootKind {
    Record,
    Action,
    Tree,
}

#[derive(Clone, Debug)]
pub(super) struct Root {
    pub(super) kind: RootKind,
    /// The file whose times tell of the last use.
    pub(super) path: PathBuf,
    pub(super) used: Moment,
    pub(super) needs: Arc<[Need]>,
    /// Bytes on disk beside blobs, where that is worth counting.
    pub(super) disk: u64,
}

#[derive(Debug)]
pub(super) struct Roots(Vec<Root>);

impl Roots {
    /// Everything that is used by name.
    pub(super) fn find(cas: &Cas, needs_of: NeedsOf<'_>) -> Result<Self> {
        let mut roots = Vec::new();
        records(cas, needs_of, &mut roots)?;
        trees(cas, &mut roots)?;
        let actions = cas.action_cache();
        let folders = actions.folders()?;
        let found = cas.parallel(&folders, |folder| results(cas, folder))?;
        roots.extend(found.into_iter().flatten());
        roots.sort_unstable_by_key(|root| std::cmp::Reverse(root.used));
        Ok(Self(roots))
    }

    pub(super) fn latest_first(&self) -> impl Iterator<Item = &Root> {
        self.0.iter()
    }

    /// When those that take room were last used, and how much they take.
    pub(super) fn uses(&self) -> impl Iterator<Item = (Moment, u64)> {
        self.0.iter().filter(|root| root.disk > 0).map(|root| (root.used, root.disk))
    }

    /// Those last used at `cut` or before.
    pub(super) fn until(&self, cut: Moment) -> &[Root] {
        &self.0[self.0.partition_point(|root| root.used > cut)..]
    }
}

fn records(cas: &Cas, needs_of: NeedsOf<'_>, roots: &mut Vec<Root>) -> Result<()> {
    for kind in entries(&cas.root().join(layout::REFS))? {
        let name = kind.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let refs = cas.refs(&name);
        // An artifact is there under two keys.
        let mut known: HashMap<Digest, Arc<[Need]>> = HashMap::new();
        for record in refs.list("")? {
            let path = kind.join(&record);
            let Some((used, _)) = look(&path, RootKind::Record)? else { continue };
            let bytes = refs.peek(&record).ok().flatten().unwrap_or_default();
            let needs = known.entry(Digest::of(&bytes)).or_insert_with(|| needs_of(&name, &bytes).into());
            roots.push(Root { kind: RootKind::Record, path, used, needs: Arc::clone(needs), disk: 0 });
        }
    }
    Ok(())
}

/// The results of actions in one folder.
fn results(cas: &Cas, folder: &Path) -> Result<Vec<Root>> {
    let mut roots = Vec::new();
    for path in entries(folder)? {
        let Some((used, size)) = look(&path, RootKind::Action)? else { continue };
        let needs = if size > SMALL { result_needs(cas, &path)? } else { Arc::default() };
        roots.push(Root { kind: RootKind::Action, path, used, needs, disk: 0 });
    }
    Ok(roots)
}

fn result_needs(cas: &Cas, path: &Path) -> Result<Arc<[Need]>> {
    let needs = cas.action_cache().needs_at(path)?.unwrap_or_default();
    Ok(needs.into_iter().map(Need::Blob).collect())
}

/// Layers made of trees. One that is in use is used now.
fn trees(cas: &Cas, roots: &mut Vec<Root>) -> Result<()> {
    for path in layer_locks(cas)? {
        let (Ok(lock), Some((used, _))) = (File::open(&path), look(&path, RootKind::Tree)?) else { continue };
        let free = try_lock(&lock, &path, FlockOperation::NonBlockingLockExclusive)?;
        // The walk goes by hash alone.
        let Some(root) = tree_of_layer(&path) else { continue };
        let (used, disk) = (if free { used } else { Moment::LAST }, recorded_size(&lock));
        roots.push(Root { kind: RootKind::Tree, path, used, needs: Arc::new([Need::Tree(root)]), disk });
    }
    Ok(())
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
    pub(super) fn used(self, stat: &Stat) -> Moment {
        match self {
            Self::Record => Moment::of_record(stat),
            Self::Action | Self::Tree => Moment::of_change(stat),
        }
    }
}

impl Root {
    /// What it needs, read again when that was not worth it before.
    pub(super) fn all_needs(&self, cas: &Cas) -> Result<Arc<[Need]>> {
        match self.kind {
            RootKind::Action if self.needs.is_empty() => result_needs(cas, &self.path),
            _ => Ok(Arc::clone(&self.needs)),
        }
    }
}

/// When something was last used, and its size; `None` when it has gone.
fn look(path: &Path, kind: RootKind) -> Result<Option<(Moment, u64)>> {
    match rustix::fs::stat(path) {
        Ok(stat) => Ok(Some((kind.used(&stat), stat.st_size as u64))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(CasError::io("look up", path)(error)),
    }
}
