//! The disk store: one file per blob, named by its hash.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use rayon::prelude::*;
use rustix::fs::AtFlags;
use rustix::io::Errno;
use spec_model::tree::Directory;
use spec_model::{Cancel, Digest, DigestFunction, LayerForm};

use crate::attributes::spread_subfolders;
use crate::blob_source::BlobSource;
use crate::damaged_files::DamagedFiles;
use crate::directory_cache::DirectoryCache;
use crate::error::{CasError, Result};
use crate::existence_index::ExistenceIndex;
use crate::hold::{Hold, Holds};
use crate::layout::{self, BlobName, is_whole_blob};
use crate::limits::Limits;
use crate::replace_file::replace_file;
use crate::resource_cache::ResourceCache;
use crate::temp::TempArea;
use crate::unpublished_blob::UnpublishedBlob;
use crate::usage::{Moment, note_use_of_found_blob};

/// With fewer blobs than this one thread is faster.
pub(crate) const MIN_FOR_THREADS: usize = 64;

/// The smallest disk space of a file.
const DISK_BLOCK: u64 = 4096;

/// A content-addressed store in a folder. A clone is another handle on the same store.
///
/// All digests in a store, and in the trees that it holds, are made by one function.
///
/// All methods block and may be called from any thread; any number of processes may share the folder. A blob becomes
/// visible whole or not at all, and stays when a process is killed. After a power failure a blob may be too short; it
/// then counts as absent, because its size is wrong.
#[derive(Clone)]
pub struct Cas {
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: Arc<HandleOptions>,
}

/// What holds for one handle on a store and its clones, of which each element and source has one.
#[derive(Clone, Default)]
pub(crate) struct HandleOptions {
    pub(crate) limits: Limits,
    pub(crate) cancel: Cancel,
    pub(crate) source: Option<Arc<dyn BlobSource>>,
    /// Whether trees of folders keep times.
    pub(crate) keeps_times: bool,
}

pub(crate) struct Shared {
    pub(crate) root: PathBuf,
    pub(crate) function: DigestFunction,
    pub(crate) objects: OwnedFd,
    pub(crate) exec: OwnedFd,
    pub(crate) temp: Arc<TempArea>,
    pub(crate) directories: DirectoryCache,
    holds: Arc<Holds>,
    existence_index: ExistenceIndex,
    damaged_files: DamagedFiles,
    /// Directories that were made and cannot be stored, if this is wanted.
    pub(crate) unstored: OnceLock<Mutex<HashMap<Digest, Arc<Directory>>>>,
    /// Bytes of blobs that this handle stored and that are in no [estimate](crate::usage_estimate) yet.
    pub(crate) added_bytes: AtomicU64,
    /// Bytes of disk of all blobs that this handle stored.
    stored_bytes: AtomicU64,
    workers: OnceLock<rayon::ThreadPool>,
    pub(crate) layer_form: OnceLock<LayerForm>,
    pub(crate) resources: ResourceCache,
}

impl Cas {
    /// Opens the SHA-256 store in the folder `root`, making it when it is not there, and removes what killed
    /// processes left. An existing store can be opened even when nothing can be written, because its disk is full or
    /// it belongs to somebody else.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        Self::open_with(root, DigestFunction::Sha256)
    }

    /// As [`open`](Self::open), for another digest function: the folder `root` holds a store for each, which share
    /// nothing. That of SHA-256 is in the folder itself, others are in one below that has the function's name.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open_with(root: impl Into<PathBuf>, function: DigestFunction) -> Result<Self> {
        let root = match function {
            DigestFunction::Sha256 => root.into(),
            DigestFunction::Blake3 => root.into().join(function.name()),
        };
        for name in [layout::OBJECTS, layout::EXEC] {
            fs::create_dir_all(root.join(name)).map_err(CasError::io("create", root.join(name)))?;
        }
        let temp = Arc::new(TempArea::open(root.join(layout::TMP))?);
        let shared = Shared {
            objects: open_folder(&root.join(layout::OBJECTS))?,
            exec: open_folder(&root.join(layout::EXEC))?,
            directories: DirectoryCache::default(),
            holds: Arc::new(Holds::new(Arc::clone(&temp))),
            temp,
            existence_index: ExistenceIndex::default(),
            damaged_files: DamagedFiles::default(),
            unstored: OnceLock::new(),
            added_bytes: AtomicU64::new(0),
            stored_bytes: AtomicU64::new(0),
            workers: OnceLock::new(),
            layer_form: OnceLock::new(),
            resources: ResourceCache::default(),
            function,
            root,
        };
        let cas = Self { shared: Arc::new(shared), options: Arc::default() };
        match cas.put_bytes(b"") {
            Err(error) if !error.is_unwritable() => Err(error),
            _ => Ok(cas),
        }
    }

    /// From now on keeps directories that merges make in memory when they cannot be stored, so that trees can be
    /// merged where nothing can be written. Only this handle and its clones see them.
    pub fn allow_unstored_directories(&self) {
        self.shared.unstored.get_or_init(Mutex::default);
    }

    /// A handle on the same store that takes larger trees, or only smaller ones.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        Arc::make_mut(&mut self.options).limits =
            Limits { depth: limits.depth.min(Limits::DEEPEST), ..limits };
        self
    }

    /// A handle on the same store whose work ends with `cancelled` within milliseconds after `cancel` is requested.
    /// Nothing partial becomes visible; what was stored by then stays.
    #[must_use]
    pub fn with_cancel(mut self, cancel: &Cancel) -> Self {
        Arc::make_mut(&mut self.options).cancel = cancel.clone();
        self
    }

    /// A handle on the same store which keeps the times of files, and of folders of users, in the trees that it makes of folders. Incremental
    /// builds need them. Like BuildStream's, they are exact to a microsecond, and the root has none.
    #[must_use]
    pub fn with_times(mut self) -> Self {
        Arc::make_mut(&mut self.options).keeps_times = true;
        self
    }

    /// The limits on trees of this handle.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.options.limits
    }

    pub(crate) fn check_cancel(&self) -> Result<()> {
        if self.options.cancel.is_cancelled() { Err(CasError::Cancelled) } else { Ok(()) }
    }

    /// The store's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.shared.root
    }

    /// The value for the store's file at `path`, such as a mount of it; `make` makes it when there is none. All
    /// handles on the store in this process share the value until many others were used; the file may be gone by
    /// then.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn cached_resource<T: Any + Send + Sync, E>(
        &self,
        path: &Path,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        self.shared.resources.get_or_make(path, make)
    }

    /// The function that makes this store's digests.
    #[must_use]
    pub fn function(&self) -> DigestFunction {
        self.shared.function
    }

    /// The digest that `bytes` have in this store, whether they are stored or not.
    #[must_use]
    pub fn digest(&self, bytes: &[u8]) -> Digest {
        self.shared.function.of(bytes)
    }

    /// Whether the blob is here, whole, or elsewhere. Counts as a use.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn contains(&self, digest: &Digest) -> Result<bool> {
        Ok(self.is_stored(digest)? || self.is_elsewhere(digest))
    }

    /// Whether the blob is in the store itself, whole. Counts as a use.
    pub(crate) fn is_stored(&self, digest: &Digest) -> Result<bool> {
        let name = BlobName::of(digest);
        match rustix::fs::statat(&self.shared.objects, name.path(), AtFlags::empty()) {
            Ok(stat) => Ok(is_whole_blob(&stat, digest.size())
                && note_use_of_found_blob(&self.shared.objects, &name, &stat)),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(CasError::io("look up", self.blob_path(digest))(error)),
        }
    }

    /// Those of `digests` that are not here, in the order given. Counts as a use of the others.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn missing(&self, digests: &[Digest]) -> Result<Vec<Digest>> {
        let absent = self.parallel(digests, |digest| self.contains(digest).map(|here| !here))?;
        Ok(digests.iter().zip(absent).filter(|(_, absent)| *absent).map(|(digest, _)| *digest).collect())
    }

    /// From now on [`probably_missing`](Self::probably_missing) answers from memory. Lists the store, which takes 50
    /// ms for 100,000 blobs; each takes some 18 bytes of memory.
    ///
    /// # Errors
    /// When the store cannot be listed.
    pub fn build_existence_index(&self) -> Result<()> {
        self.shared.existence_index.build(&self.shared.objects, self.root())
    }

    /// As [`missing`](Self::missing), but it may name blobs that another process stored.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn probably_missing(&self, digests: &[Digest]) -> Result<Vec<Digest>> {
        let Some(may_be_here) = self.shared.existence_index.may_contain(digests) else {
            return self.missing(digests);
        };
        let both = || digests.iter().zip(&may_be_here);
        let unsure: Vec<Digest> = both().filter(|(_, here)| **here).map(|(digest, _)| *digest).collect();
        let mut gone = self.missing(&unsure)?.into_iter().peekable();
        let is_missing = |(digest, here): &(&Digest, &bool)| {
            (!**here && !self.is_elsewhere(digest)) || gone.next_if_eq(*digest).is_some()
        };
        Ok(both().filter(is_missing).map(|(digest, _)| *digest).collect())
    }

    /// Makes a hold: what is used while it lives is not evicted, nor what was used during the
    /// [grace](Self::hold_recently_used) before. Where nothing can be written only this process respects it, until
    /// [`publish_holds`](Self::publish_holds) succeeds.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn hold(&self) -> Result<Hold> {
        self.shared.holds.hold()
    }

    /// Holds everything for `grace` after its use by any process, as long as this is called again and again.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn hold_recently_used(&self, grace: Duration) -> Result<()> {
        self.shared.holds.set_grace(grace)
    }

    /// Writes holds down for other processes that could not be written when they were made.
    ///
    /// # Errors
    /// When the file system fails otherwise.
    pub fn publish_holds(&self) -> Result<()> {
        self.shared.holds.publish()
    }

    /// Replaces a small file of the store: readers find the old one or the new one, whole.
    pub(crate) fn replace_file(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        replace_file(&self.shared.temp, self.root(), path, bytes)
    }

    /// The time since which uses are held, by this process or another one.
    pub(crate) fn held_since(&self) -> Result<Moment> {
        self.shared.holds.held_since()
    }

    /// Sets the callback that gets each file that counts as missing because it is damaged, once, and what is wrong
    /// with it. Only the first call has an effect.
    pub fn on_damaged_file(&self, callback: impl Fn(&Path, &str) + Send + Sync + 'static) {
        self.shared.damaged_files.set_callback(callback);
    }

    /// Reports that a file of the store is damaged.
    pub(crate) fn report_damaged_file(&self, path: &Path, why: &str) {
        self.shared.damaged_files.report(path, why);
    }

    /// Stores `bytes` and answers with their digest.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn put_bytes(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = self.digest(bytes);
        self.put_known(&digest, bytes)?;
        Ok(digest)
    }

    /// Stores many blobs, with several threads. Much faster than one by one; digests come in the order given.
    ///
    /// # Errors
    /// When the disk is full or fails; some of the blobs may be stored then.
    pub fn put_many(&self, blobs: &[&[u8]]) -> Result<Vec<Digest>> {
        self.parallel(blobs, |bytes| self.put_bytes(bytes))
    }

    /// Stores bytes if they have this digest.
    ///
    /// # Errors
    /// `cas-wrong-digest` when they have another one; when the disk is full or fails.
    pub fn put_expecting(&self, expected: &Digest, bytes: &[u8]) -> Result<()> {
        CasError::check_digest(expected, self.digest(bytes))?;
        self.put_known(expected, bytes)
    }

    /// Stores those of many blobs that have their digest, with several threads.
    ///
    /// # Errors
    /// As [`put_expecting`](Self::put_expecting); some of the blobs may be stored then.
    pub fn put_many_expecting(&self, blobs: &[(Digest, Vec<u8>)]) -> Result<()> {
        self.parallel(blobs, |(expected, bytes)| self.put_expecting(expected, bytes)).map(drop)
    }

    /// Stores bytes whose digest has just been computed from them.
    pub(crate) fn put_known(&self, digest: &Digest, bytes: &[u8]) -> Result<()> {
        if self.is_stored(digest)? {
            return Ok(());
        }
        let temp = self.unpublished_blob(digest)?;
        temp.file().write_all(bytes).map_err(CasError::io("write to", &self.shared.root))?;
        self.publish(temp, digest)
    }

    /// A file in the folder where the blob of this digest will be. For a digest that is not known yet any folder will do.
    pub(crate) fn unpublished_blob(&self, digest: &Digest) -> Result<UnpublishedBlob> {
        UnpublishedBlob::create(&self.shared.objects, BlobName::of(digest).path(), &self.shared.temp)
    }

    pub(crate) fn publish(&self, temp: UnpublishedBlob, digest: &Digest) -> Result<()> {
        temp.publish(&self.shared.objects, BlobName::of(digest).path(), 0o644, &self.shared.temp)?;
        self.note_new_blob(digest);
        Ok(())
    }

    /// Notes that a blob was stored that was not here before.
    pub(crate) fn note_new_blob(&self, digest: &Digest) {
        self.shared.existence_index.insert(digest);
        let disk = digest.size().next_multiple_of(DISK_BLOCK);
        self.shared.added_bytes.fetch_add(disk, Ordering::Relaxed);
        self.shared.stored_bytes.fetch_add(disk, Ordering::Relaxed);
    }

    /// Bytes of disk of the blobs that this handle stored and that were not here before.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.shared.stored_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.shared.root.join(layout::OBJECTS).join(BlobName::of(digest).text())
    }

    /// Runs `job` on every item, on the store's own threads when there are many items.
    pub(crate) fn parallel<T: Sync, R: Send>(
        &self,
        items: &[T],
        job: impl Fn(&T) -> Result<R> + Sync + Send,
    ) -> Result<Vec<R>> {
        let job = |item: &T| self.check_cancel().and_then(|()| job(item));
        if items.len() < MIN_FOR_THREADS {
            return items.iter().map(job).collect();
        }
        self.workers()?.install(|| items.par_iter().map(job).collect())
    }

    /// The store's own threads, one per processor, started when first needed.
    pub(crate) fn workers(&self) -> Result<&rayon::ThreadPool> {
        if let Some(pool) = self.shared.workers.get() {
            return Ok(pool);
        }
        let pool = rayon::ThreadPoolBuilder::new().thread_name(|n| format!("cas-{n}")).build();
        let pool =
            pool.map_err(|error| CasError::io("start threads for", self.root())(io::Error::other(error)))?;
        Ok(self.shared.workers.get_or_init(|| pool))
    }
}

impl fmt::Debug for Cas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cas({})", self.shared.root.display())
    }
}

/// Opens a folder of blobs.
fn open_folder(path: &Path) -> Result<OwnedFd> {
    let folder = File::open(path).map_err(CasError::io("open", path))?;
    spread_subfolders(&folder);
    Ok(folder.into())
}
