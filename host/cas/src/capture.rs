//! Storing folders of the host as trees.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};

use crate::builder::DirectoryBatch;
use crate::error::{CasError, Result};
use crate::host_folder::HostFolder;
use crate::limits::UNNAMED;
use crate::overlay_xattrs::{LowerPart, OverlayXattrs, UpperDir, dangling_redirect};
use crate::scan::{Scan, ScanOptions, ScannedEntry, ScannedFolder, SpecialFile, mtime};
use crate::stat_cache::{FileIdentity, SharedStatCache, StatCache};
use crate::store::Cas;
use crate::tree::{Entry, find, push_name};
use crate::writer::{HostFile, ImportMode};

/// The digest and attributes of a file, as its tree needs them.
#[derive(Clone, Copy)]
pub(crate) struct DigestedFile {
    pub(crate) digest: Digest,
    pub(crate) executable: bool,
    /// When it was last changed, if the tree keeps that.
    pub(crate) mtime: Option<(i64, i32)>,
}

fn with_time(mtime: Option<(i64, i32)>) -> NodeProperties {
    NodeProperties { mtime, ..NodeProperties::default() }
}

/// A tree that was made from what commands wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedTree {
    /// The whole tree.
    pub root: Digest,
    /// What was left out because no tree can hold it.
    pub special: Vec<SpecialFile>,
}

impl Cas {
    /// Stores a folder of the host and answers with the digest of its tree.
    ///
    /// `filter` gets every path below the folder (relative, no leading slash); what it refuses is left out with
    /// everything below it. Symbolic links are kept as they are. A file counts as executable when its owner may
    /// execute it; other mode bits, owners and times are not kept. With [`ImportMode::Move`] the files are gone
    /// afterwards.
    ///
    /// # Errors
    /// `cas-special-file` for sockets, pipes and devices, `cas-bad-path` for names that are not UTF-8,
    /// `tree-too-large`, `cas-disk-full`, or when the file system fails.
    pub fn import_dir(
        &self,
        folder: &Path,
        take: ImportMode,
        filter: impl Fn(&str) -> bool,
    ) -> Result<Digest> {
        let host = HostFolder::of_user(folder)?;
        let scan = Scan::of(&host, "", self.scan_options(&filter, None))?;
        let root = self.store_scanned(&host, &scan, None, take)?;
        self.mark_complete(&root)?;
        Ok(root)
    }

    /// As [`import_dir`](Self::import_dir) with copies of everything but sockets, pipes and devices. A file that did not change since its
    /// digest was stored in `stat_cache` is not read, if its contents are still here. The digests that are found are stored there for
    /// the next time.
    ///
    /// # Errors
    /// As [`import_dir`](Self::import_dir).
    pub fn import_dir_again(&self, folder: &Path, stat_cache: &mut StatCache) -> Result<Digest> {
        let now = SystemTime::now();
        let (root, found) = self.import_known(folder, |identity| stat_cache.get(identity))?;
        stat_cache.replace(found.into_iter(), now);
        Ok(root)
    }

    /// As [`import_dir_again`](Self::import_dir_again), for one of several parts of a folder.
    ///
    /// # Errors
    /// As [`import_dir`](Self::import_dir).
    pub fn import_part_again(&self, part: &Path, stat_cache: &SharedStatCache) -> Result<Digest> {
        self.import_part_at(SystemTime::now(), part, stat_cache)
    }

    pub(crate) fn import_part_at(
        &self,
        now: SystemTime,
        part: &Path,
        stat_cache: &SharedStatCache,
    ) -> Result<Digest> {
        let (root, found) = self.import_known(part, |identity| stat_cache.get(identity))?;
        stat_cache.note(found.into_iter(), now);
        Ok(root)
    }

    /// As [`put_file`](Self::put_file) with a copy, but the file is not read when it did not change since its digest was stored in
    /// `stat_cache` and its contents are still here.
    ///
    /// # Errors
    /// As [`put_file`](Self::put_file).
    pub fn put_file_again(&self, file: &Path, stat_cache: &SharedStatCache) -> Result<Digest> {
        let now = SystemTime::now();
        let stat = rustix::fs::stat(file)
            .map_err(|error| CasError::io::<rustix::io::Errno>("look up", file)(error))?;
        let identity = FileIdentity::of(&stat);
        let digest = match stat_cache.get(&identity) {
            Some(digest) if self.contains(&digest)? => digest,
            _ => self.put_file(file, ImportMode::Copy)?,
        };
        stat_cache.note([(identity, digest)].into_iter(), now);
        Ok(digest)
    }

    /// Stores a folder, and answers with the digests of its files, too. What `known` has of a file that is here is taken from it.
    fn import_known(
        &self,
        folder: &Path,
        known: impl Fn(&FileIdentity) -> Option<Digest> + Sync,
    ) -> Result<(Digest, Vec<(FileIdentity, Digest)>)> {
        let host = HostFolder::of_user(folder)?;
        let everything = |_: &str| true;
        let options = ScanOptions { skip_special: true, ..self.scan_options(&everything, None) };
        let scan = Scan::of(&host, "", options)?;
        let bytes = AtomicU64::new(0);
        let found = scan.read(&host, Some(self), |folder, path, name| {
            self.check_cancel()?;
            let stat = host.stat(folder, name);
            let stat = stat.map_err(CasError::io("look up", host.display_path(path).join(name)))?;
            let identity = FileIdentity::of(&stat);
            let mtime = self.options.keeps_times.then(|| mtime(&stat));
            let executable = stat.st_mode & 0o100 != 0;
            let file = match known(&identity) {
                Some(digest) if self.contains(&digest)? => DigestedFile { digest, executable, mtime },
                _ => self.store_found(&host, folder, path, name, ImportMode::Copy, &bytes)?,
            };
            Ok((identity, file))
        })?;
        let (identities, stored): (Vec<_>, Vec<DigestedFile>) = found.into_iter().unzip();
        let root = self.store_assembled(&scan, &stored, None)?;
        self.mark_complete(&root)?;
        Ok((root, identities.into_iter().zip(stored.iter().map(|file| file.digest)).collect()))
    }

    /// Stores the changes in an overlay's upper folder, and returns the digest of the whole tree as it is seen
    /// through the overlay. Reads only what changed. Where `filter` refuses a path, the lower tree's entry stays.
    ///
    /// Everything is read, whatever modes commands set; a file counts as executable by the mode that they set.
    /// Sockets, pipes and devices are left out. Errors name paths as the commands saw them.
    ///
    /// # Errors
    /// `cas-bad-path` for names and targets that are not UTF-8, `tree-too-large`, `cas-disk-full`, or when the file
    /// system fails; as [`directory`](Self::directory) for the tree below.
    pub fn import_upper(
        &self,
        upper: &UpperDir<'_>,
        take: ImportMode,
        filter: impl Fn(&str) -> bool,
    ) -> Result<CapturedTree> {
        let host = HostFolder::of_sandbox(upper.folder, take == ImportMode::Move)?;
        let captured = self.import_written(&host, "", upper, take, &filter)?;
        if take == ImportMode::Copy {
            host.restore_modes()?;
        }
        Ok(captured)
    }

    /// As [`import_upper`](Self::import_upper), for the folder at `path` of an open one; `upper` says which tree is
    /// below.
    pub(crate) fn import_written(
        &self,
        host: &HostFolder,
        path: &str,
        upper: &UpperDir<'_>,
        take: ImportMode,
        filter: &dyn Fn(&str) -> bool,
    ) -> Result<CapturedTree> {
        let scan = Scan::of(host, path, self.scan_options(filter, Some(upper.xattrs)))?;
        let root = self.store_scanned(host, &scan, Some(upper), take)?;
        Ok(CapturedTree { root, special: scan.special })
    }

    fn scan_options<'a>(
        &'a self,
        filter: &'a dyn Fn(&str) -> bool,
        overlay: Option<OverlayXattrs>,
    ) -> ScanOptions<'a> {
        let (limits, cancel) = (self.options.limits, &self.options.cancel);
        let times = self.options.keeps_times;
        ScanOptions { filter, overlay, skip_special: overlay.is_some(), times, limits, cancel }
    }

    fn store_scanned(
        &self,
        host: &HostFolder,
        scan: &Scan,
        upper: Option<&UpperDir<'_>>,
        take: ImportMode,
    ) -> Result<Digest> {
        let bytes = AtomicU64::new(0);
        let store = |folder: &OwnedFd, path: &str, name: &str| {
            self.check_cancel()?;
            self.store_found(host, folder, path, name, take, &bytes)
        };
        let stored = scan.read(host, Some(self), store)?;
        self.store_assembled(scan, &stored, upper)
    }

    /// Stores the directories of a scanned folder whose files are stored.
    fn store_assembled(
        &self,
        scan: &Scan,
        stored: &[DigestedFile],
        upper: Option<&UpperDir<'_>>,
    ) -> Result<Digest> {
        let load = |digest: &Digest| self.directory(digest);
        let batch = DirectoryBatch::new(self.function());
        let root_below = upper.map(|upper| upper.root_below);
        let mut assembler = DirectoryAssembler { load: &load, root_below, stored, batch };
        let root =
            assembler.assemble(&scan.root, upper.map(|upper| upper.below).as_ref(), &mut String::new())?;
        assembler.batch.store(self)?;
        Ok(root)
    }

    /// Stores one file, unless all files together are larger than a tree may be.
    fn store_found(
        &self,
        host: &HostFolder,
        folder: &OwnedFd,
        path: &str,
        name: &str,
        take: ImportMode,
        bytes: &AtomicU64,
    ) -> Result<DigestedFile> {
        let (file, stat) = host.file(folder, name, path)?;
        let size = stat.st_size as u64;
        let all = bytes.fetch_add(size, Ordering::Relaxed).saturating_add(size);
        self.options.limits.check(UNNAMED, 0, all, 0)?;
        let display_path = host.display_path(path).join(name);
        let at = HostFile { folder: folder.as_fd(), name: Path::new(name), display_path: &display_path };
        let digest = self.put_open_file(&at, file, take)?;
        let mtime = self.options.keeps_times.then(|| mtime(&stat));
        Ok(DigestedFile { digest, executable: stat.st_mode & 0o100 != 0, mtime })
    }
}

/// Makes directory messages of a scanned folder.
pub(crate) struct DirectoryAssembler<'a> {
    /// Loads a directory of the lower tree.
    pub(crate) load: &'a dyn Fn(&Digest) -> Result<Arc<Directory>>,
    /// Gives the tree below the overlay's root.
    pub(crate) root_below: Option<&'a dyn Fn() -> Result<Digest>>,
    pub(crate) stored: &'a [DigestedFile],
    pub(crate) batch: DirectoryBatch,
}

impl DirectoryAssembler<'_> {
    /// Makes the directory at `path` from the scan, over the directory `lower`.
    pub(crate) fn assemble(
        &mut self,
        scanned: &ScannedFolder,
        lower: Option<&Digest>,
        path: &mut String,
    ) -> Result<Digest> {
        let lower: Arc<Directory> = match lower.filter(|_| scanned.lower != LowerPart::Nothing) {
            Some(digest) => (self.load)(digest)?,
            None => Arc::default(),
        };
        let mut directory = untouched_entries(&lower, scanned);
        if !path.is_empty() && scanned.mtime.is_some() {
            directory.properties.mtime = scanned.mtime;
        }
        for (name, found) in &scanned.entries {
            let length = path.len();
            push_name(path, name);
            self.add(&mut directory, name.clone(), found, &lower, path)?;
            path.truncate(length);
        }
        directory.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        // It is kept in memory.
        directory.files.shrink_to_fit();
        directory.directories.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        directory.symlinks.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(self.batch.add(directory))
    }

    fn add(
        &mut self,
        directory: &mut Directory,
        name: String,
        found: &ScannedEntry,
        lower: &Directory,
        path: &mut String,
    ) -> Result<()> {
        match found {
            ScannedEntry::Absent => {}
            ScannedEntry::File(index) => {
                let DigestedFile { digest, executable, mtime } = self.stored[*index];
                let properties = with_time(mtime);
                directory.files.push(FileNode { name, digest, executable, properties });
            }
            ScannedEntry::FileBelow { contents, executable, mtime } => {
                let Some(Entry::File(file)) = self.below(lower, &name, contents)? else {
                    return Err(dangling_redirect(path));
                };
                let (executable, properties) = (*executable, with_time(*mtime));
                directory.files.push(FileNode { name, digest: file.digest, executable, properties });
            }
            ScannedEntry::Symlink(target) => {
                let (target, properties) = (target.clone(), NodeProperties::default());
                directory.symlinks.push(SymlinkNode { name, target, properties });
            }
            ScannedEntry::Folder(inner) => {
                let below = match self.below(lower, &name, &inner.lower)? {
                    Some(Entry::Directory(digest)) => Some(digest),
                    _ => None,
                };
                let digest = self.assemble(inner, below.as_ref(), path)?;
                directory.directories.push(DirectoryNode { name, digest });
            }
        }
        Ok(())
    }

    /// The entry `name` of the layers below, for a folder over their directory `lower`.
    fn below(&self, lower: &Directory, name: &str, part: &LowerPart) -> Result<Option<Entry>> {
        let name = match part {
            LowerPart::Nothing => return Ok(None),
            LowerPart::SameName => name,
            LowerPart::Name(name) => name,
            LowerPart::Path(path) => {
                return match self.root_below {
                    Some(root) => lookup(self.load, root()?, path),
                    None => Ok(None),
                };
            }
        };
        Ok(find(lower, name).map(Entry::from))
    }
}

fn lookup(
    load: &dyn Fn(&Digest) -> Result<Arc<Directory>>,
    root: Digest,
    path: &str,
) -> Result<Option<Entry>> {
    let mut entry = Entry::Directory(root);
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let Entry::Directory(digest) = entry else { return Ok(None) };
        let Some(found) = find(&*load(&digest)?, name).map(Entry::from) else { return Ok(None) };
        entry = found;
    }
    Ok(Some(entry))
}

/// The entries of `lower` whose names are not in `scanned`.
fn untouched_entries(lower: &Directory, scanned: &ScannedFolder) -> Directory {
    let alone = |name: &str| !scanned.entries.contains_key(name);
    Directory {
        files: lower.files.iter().filter(|node| alone(&node.name)).cloned().collect(),
        directories: lower.directories.iter().filter(|node| alone(&node.name)).cloned().collect(),
        symlinks: lower.symlinks.iter().filter(|node| alone(&node.name)).cloned().collect(),
        properties: lower.properties.clone(),
    }
}

#[cfg(test)]
mod tests;
