//! Trees as layers of overlays, made once and shared by all processes.
//!
//! `trees/HASH.FORM-UID-GID` is a layer; `trees/HASH.FORM-UID-GID.lock` is locked shared by users of the layer and
//! exclusively for its removal; its modification time says when the layer was last used. The lock also keeps the
//! blobs that the layer refers to from being evicted.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use spec_model::{Digest, LayerForm};

use crate::boot_id::boot_id;
use crate::checkout::rename_if_absent;
use crate::error::{CasError, Result};
use crate::image::{self, FileOwner};
use crate::layout::{self, file_name};
use crate::lock::try_lock;
use crate::merge::MergeInput;
use crate::metacopy_layer;
use crate::remove_tree::remove_all;
use crate::scratch::create_dir_exact;
use crate::store::Cas;
use crate::tree::{EntryRef, Walk, entries};
use crate::usage::{Moment, note_use_of_file};

/// Layers of one form on a store.
#[derive(Clone, Debug)]
pub struct LayerCache {
    cas: Cas,
    form: LayerForm,
    owner: FileOwner,
    /// The folder of the layers when they are not beside the store; they have locks of their own there, too.
    separate_folder: Option<PathBuf>,
}

/// A layer that is kept, with the contents of its files, as long as this value lives. Nobody may write to it.
#[derive(Debug)]
pub struct LayerGuard {
    path: PathBuf,
    tree: Digest,
    _locks: Vec<File>,
}

impl LayerGuard {
    /// The image, or the folder that holds the tree.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> &Digest {
        &self.tree
    }
}

impl LayerCache {
    /// The layers of this form, beside the store.
    #[must_use]
    pub fn new(cas: Cas, form: LayerForm) -> Self {
        Self { cas, form, owner: FileOwner::of_process(), separate_folder: None }
    }

    /// Keeps layers in a folder of this user, such as one in memory, for all stores; layers that were not used for an
    /// hour are removed now.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn in_folder(mut self, folder: PathBuf) -> Result<Self> {
        remove_unused(&folder)?;
        self.separate_folder = Some(folder);
        Ok(self)
    }

    #[cfg(test)]
    pub(crate) fn store(&self) -> &Cas {
        &self.cas
    }

    /// The form of the layers.
    #[must_use]
    pub fn form(&self) -> LayerForm {
        self.form
    }

    /// The folder of blobs, the overlay's data-only layer. `None` when layers have contents themselves.
    #[must_use]
    pub fn contents(&self) -> Option<PathBuf> {
        (self.form != LayerForm::Copied).then(|| self.cas.root().join(layout::OBJECTS))
    }

    /// Trees that give the same root as `trees`, lowest first, when they are stacked as layers of this form.
    ///
    /// When a file of an image refers to contents, the kernel looks for that path in the images below before it looks
    /// into the folder of blobs. So a tree with such paths could change the contents of files of other trees. If one
    /// of the trees has such paths, all are merged into a single tree: an image with nothing below it gets contents
    /// from the blobs only.
    ///
    /// # Errors
    /// As [`Cas::directory`]; `cas-collision` when the trees cannot be laid over each other.
    pub fn stackable(&self, trees: &[Digest]) -> Result<Vec<Digest>> {
        if self.form == LayerForm::Image && trees.len() > 1 {
            for tree in trees {
                if self.cas.has_blob_paths(tree)? {
                    let layers: Vec<MergeInput<'_>> =
                        trees.iter().map(|tree| MergeInput::whole(*tree)).collect();
                    return Ok(vec![self.cas.merge(&layers)?.root]);
                }
            }
        }
        Ok(trees.to_vec())
    }

    /// The tree as a layer, made now if it does not exist yet.
    ///
    /// # Errors
    /// `cas-missing` naming the path, `cas-disk-full`, or when the file system fails.
    pub fn layer(&self, tree: &Digest) -> Result<LayerGuard> {
        let name = format!("{}.{}-{}-{}", tree.hex(), self.form.as_str(), self.owner.uid, self.owner.gid);
        let beside = self.cas.root().join(layout::TREES);
        // This lock keeps the blobs, wherever the layer is.
        let (lock, is_new) = lock_shared(&beside.join(format!("{name}.lock")))?;
        let mut locks = vec![lock];
        let path = self.separate_folder.as_ref().unwrap_or(&beside).join(&name);
        if let Some(folder) = &self.separate_folder {
            locks.push(lock_shared(&folder.join(format!("{name}.lock")))?.0);
        }
        let is_there = self.is_whole(&path) && !self.is_truncated(tree, &path, &locks[0])?;
        if self.form != LayerForm::Copied {
            self.check_blobs(tree, is_there && !is_new)?;
        }
        if !is_there {
            self.make(tree, &path, &locks[0])?;
        }
        Ok(LayerGuard { path, tree: *tree, _locks: locks })
    }

    /// Whether the layer exists. A power failure may have cut an image short.
    fn is_whole(&self, path: &Path) -> bool {
        match self.form {
            LayerForm::Image => image::is_whole(path),
            LayerForm::Metacopy | LayerForm::Copied => path.is_dir(),
        }
    }

    /// Whether a power failure has cut files of a copy short: then the copy is removed. Checked once after every
    /// boot.
    fn is_truncated(&self, tree: &Digest, path: &Path, lock: &File) -> Result<bool> {
        if self.form != LayerForm::Copied || recorded_boot_id(lock) == boot_id() {
            return Ok(false);
        }
        let mut whole = true;
        self.cas.walk(tree, |below, entry| {
            if let EntryRef::File(file) = entry {
                let length = fs::symlink_metadata(path.join(below)).map(|meta| meta.len());
                whole &= length.is_ok_and(|length| length == file.digest.size());
            }
            Ok(if whole { Walk::Enter } else { Walk::Skip })
        })?;
        if !whole {
            let aside = self.cas.shared.temp.unused_path()?;
            fs::rename(path, &aside).map_err(CasError::io("remove", path))?;
            let _ = remove_all(&aside);
            return Ok(true);
        }
        let bytes = recorded_size(lock);
        write_lock_record(lock, bytes).map_err(CasError::io("write", path))?;
        Ok(false)
    }

    /// Makes sure that all contents are in the store. When the layer was `known` before, blobs can only be missing if
    /// something was removed since the last check; otherwise a running eviction must learn of this use.
    fn check_blobs(&self, tree: &Digest, known: bool) -> Result<()> {
        let store = self.cas.clone().without_blob_source();
        if known && store.is_complete(tree)? {
            return Ok(());
        }
        self.cas.tree_size(tree)?;
        self.cas.bring_tree(tree)?;
        let missing = store.missing(&self.cas.blobs_of_tree(tree)?)?;
        match missing.first() {
            Some(digest) => Err(self.missing(tree, digest)?),
            None => self.cas.mark_complete(tree),
        }
    }

    fn missing(&self, tree: &Digest, digest: &Digest) -> Result<CasError> {
        let mut what = "blob".to_owned();
        self.cas.walk(tree, |path, entry| {
            if matches!(entry, EntryRef::File(file) if file.digest == *digest) {
                what = format!("file /{path}");
            }
            Ok(Walk::Enter)
        })?;
        Ok(CasError::Missing { digest: *digest, what })
    }

    fn make(&self, tree: &Digest, path: &Path, lock: &File) -> Result<()> {
        let fresh = self.unused_path(path)?;
        let made = self.fill(tree, &fresh).and_then(|bytes| {
            // For the estimate of the store's size; layers in memory do not belong to the store.
            let bytes = if self.separate_folder.is_some() { 0 } else { bytes };
            write_lock_record(lock, bytes).map_err(CasError::io("write", path))?;
            rename_if_absent(&fresh, path)
        });
        if !matches!(made, Ok(true)) {
            let _ = remove_all(&fresh);
        }
        // An image that was cut short has the name of the new one.
        match made {
            Ok(false) if !self.is_whole(path) => {
                fs::remove_file(path).map_err(CasError::io("remove", path))?;
                self.make(tree, path, lock)
            }
            other => other.map(drop),
        }
    }

    /// An unused path on the file system of `path`.
    fn unused_path(&self, path: &Path) -> Result<PathBuf> {
        let beside = self.cas.shared.temp.unused_path()?;
        let Some(folder) = &self.separate_folder else { return Ok(beside) };
        let own = format!(".{}-{}", std::process::id(), file_name(&beside));
        Ok(folder.join(own + &file_name(path)))
    }

    /// Makes the layer at `fresh`; bytes of disk that it takes.
    fn fill(&self, tree: &Digest, fresh: &Path) -> Result<u64> {
        match self.form {
            LayerForm::Image => {
                let failed = || CasError::io("write", fresh);
                let file = File::create_new(fresh).map_err(CasError::io("create", fresh))?;
                let mut to = BufWriter::with_capacity(1 << 20, file);
                image::write_image(&self.cas, tree, self.owner, &mut to)?;
                let file = to.into_inner().map_err(|error| failed()(error.into_error()))?;
                Ok(file.metadata().map_err(failed())?.len())
            }
            LayerForm::Metacopy => {
                create_dir_exact(fresh, 0o755)?;
                metacopy_layer::write_metacopy_layer(&self.cas, tree, fresh)
            }
            LayerForm::Copied => {
                self.cas.checkout_into(tree, fresh)?;
                let blobs = self.cas.blobs_of_tree(tree)?;
                Ok(blobs.iter().map(Digest::size).fold(0, u64::saturating_add))
            }
        }
    }
}

impl Cas {
    /// Whether a tree has an entry at a path that a blob has in the folder of blobs.
    fn has_blob_paths(&self, tree: &Digest) -> Result<bool> {
        let is_hex = |name: &str, digits: usize| {
            name.len() == digits && name.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        };
        let directory = self.directory(tree)?;
        for folder in directory.directories.iter().filter(|node| is_hex(&node.name, 2)) {
            if entries(&*self.directory(&folder.digest)?).any(|entry| is_hex(entry.name(), 64)) {
                return Ok(true);
            }
        }
        let leaves = entries(&directory).filter(|entry| !matches!(entry, EntryRef::Directory(_)));
        Ok(leaves.into_iter().any(|entry| is_hex(entry.name(), 2)))
    }

    /// Moves the layer at `path` to `to` and removes its lock; `false` when it is in use or was used after `cut`.
    pub(crate) fn remove_layer_if_unused(
        &self,
        path: &Path,
        lock_path: &Path,
        cut: Moment,
        to: &Path,
    ) -> Result<bool> {
        let Ok(lock) = File::open(lock_path) else { return Ok(true) };
        let alone = try_lock(&lock, lock_path, FlockOperation::NonBlockingLockExclusive)?;
        let stat = rustix::fs::fstat(&lock).map_err(CasError::io("look up", lock_path))?;
        if !alone || Moment::of_change(&stat) > cut {
            return Ok(false);
        }
        match fs::rename(path, to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(CasError::io("remove", path)(error));
            }
            _ => {}
        }
        // Whoever opened the lock before finds that it is gone, and makes a new one.
        fs::remove_file(lock_path).map_err(CasError::io("remove", lock_path))?;
        Ok(true)
    }
}

/// The hash of the tree whose layer, or lock of a layer, has this path.
pub(crate) fn tree_of_layer(path: &Path) -> Option<Digest> {
    let name = path.file_name()?.to_str()?;
    Digest::from_hex(name.split('.').next()?, 0).ok()
}

/// Bytes of disk that a layer takes, as its lock says.
pub(crate) fn recorded_size(lock: &File) -> u64 {
    lock_fields(lock).0.parse().unwrap_or(0)
}

/// The boot since which a layer is known to be whole, as its lock says.
fn recorded_boot_id(lock: &File) -> String {
    lock_fields(lock).1
}

fn lock_fields(lock: &File) -> (String, String) {
    let mut text = [0; 128];
    let length = lock.read_at(&mut text, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&text[..length]).into_owned();
    let mut words = text.split_whitespace().map(str::to_owned);
    (words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

fn write_lock_record(lock: &File, bytes: u64) -> io::Result<()> {
    lock.set_len(0)?;
    lock.write_all_at(format!("{bytes} {}\n", boot_id()).as_bytes(), 0)
}

/// Locks a file shared, creates it when it does not exist, and notes the use; also returns whether it was created. An
/// exclusive lock is only held for a removal, which is quick.
fn lock_shared(path: &Path) -> Result<(File, bool)> {
    loop {
        let (lock, is_new) = open_lock(path)?;
        let locked = rustix::fs::flock(&lock, FlockOperation::LockShared);
        match locked {
            Err(rustix::io::Errno::INTR) => continue,
            other => other.map_err(CasError::io("lock", path))?,
        }
        // Otherwise it was removed since it was opened, and locks nothing.
        if rustix::fs::fstat(&lock).is_ok_and(|stat| stat.st_nlink > 0) {
            note_use_of_file(&lock);
            return Ok((lock, is_new));
        }
    }
}

fn open_lock(path: &Path) -> Result<(File, bool)> {
    let mut options = File::options();
    options.read(true).write(true);
    loop {
        match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other.map(|file| (file, false)).map_err(CasError::io("open", path)),
        }
        match options.clone().create_new(true).open(path) {
            Ok(file) => return Ok((file, true)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().unwrap_or(path);
                fs::create_dir_all(folder).map_err(CasError::io("create", folder))?;
            }
            Err(error) => return Err(CasError::io("create", path)(error)),
        }
    }
}

/// Layers in memory that were not used for this long are removed.
const MAX_UNUSED_IN_MEMORY: std::time::Duration = std::time::Duration::from_secs(3600);

fn remove_unused(folder: &Path) -> Result<()> {
    let cut = Moment::now().before(MAX_UNUSED_IN_MEMORY);
    for path in layout::entries(folder)? {
        let name = file_name(&path);
        if let Some(half_made) = name.strip_prefix('.') {
            let owner = half_made.split('-').next().unwrap_or_default();
            if !Path::new("/proc").join(owner).exists() {
                let _ = remove_all(&path);
            }
            continue;
        }
        let Some(layer) = name.strip_suffix(".lock") else { continue };
        let Ok(lock) = File::open(&path) else { continue };
        let alone = try_lock(&lock, &path, FlockOperation::NonBlockingLockExclusive)?;
        if alone && rustix::fs::fstat(&lock).is_ok_and(|stat| Moment::of_change(&stat) <= cut) {
            let _ = remove_all(&folder.join(layer));
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
}
