//! Stores the files of a commit, and makes a tree of them. Nothing is checked out.

use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use git2::Oid;
use spec_cas::{Cas, CasError, DirectoryBatch, ImportMode, Limits};
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};
use spec_model::{Cancel, Digest};

use super::attributes::AttributeRules;
use super::commit_contents::{CommitContents, FileContents, NamedEntry, join, list};
use super::conversion::Conversion;
use super::converted_files::{ConvertedFiles, convert};
use super::lfs::{LfsObjects, LfsPointer};
use super::objects::{GitEntryKind, GitObjects, ObjectReader};
use crate::git_error::GitError;

/// The number of files that a thread takes at a time.
const BATCH: usize = 32;
/// Bytes of a file that is converted, which is done in memory. A conversion can make a file many times larger.
const LARGEST_CONVERTED: u64 = 1 << 30;
/// Threads that read files. More make no difference: storing takes longer.
const MOST_THREADS: usize = 8;

/// Why a commit is not staged.
#[derive(Debug)]
pub(crate) enum StageError {
    Git(GitError),
    Cas(CasError),
    Cancelled,
}

impl From<GitError> for StageError {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

impl From<CasError> for StageError {
    fn from(error: CasError) -> Self {
        Self::Cas(error)
    }
}

/// Stores the files below a folder of a repository, and answers with the tree of them. Submodules are empty folders.
pub(crate) fn stage_tree(
    objects: &GitObjects,
    root: Oid,
    rules: AttributeRules,
    lfs: Option<&LfsObjects>,
    cas: &Cas,
    cancel: &Cancel,
) -> Result<Digest, StageError> {
    let reader = objects.reader()?;
    let mut contents = list(&reader, root, cas.limits())?;
    let converted = convert(&reader, root, rules, cas.limits(), &mut contents)?;
    let files = store_files(objects.path(), &contents.files, lfs, cas, cancel)?;
    let links = read_links(&reader, &contents.links)?;
    let mut trees = TreeAssembly {
        contents: &contents,
        converted: &converted,
        files,
        links,
        batch: DirectoryBatch::new(cas.function()),
        made: HashMap::new(),
    };
    let tree = trees.assemble(root, "", 0)?;
    trees.batch.store(cas)?;
    Ok(tree)
}

/// Reads and stores files with several threads.
fn store_files(
    repository: &Path,
    files: &[FileContents],
    lfs: Option<&LfsObjects>,
    cas: &Cas,
    cancel: &Cancel,
) -> Result<HashMap<FileContents, Digest>, StageError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let threads = threads.min(files.len().div_ceil(BATCH)).max(1);
    let progress = FileProgress {
        files,
        lfs,
        cancel,
        next: AtomicUsize::new(0),
        bytes: AtomicU64::new(0),
        failure: Mutex::new(None),
    };
    let mut stored = HashMap::with_capacity(files.len());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let progress = &progress;
                scope.spawn(move || progress.work(repository, cas))
            })
            .collect();
        for worker in workers {
            stored.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    match progress.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(stored),
    }
}

/// What the threads that store files share.
struct FileProgress<'f> {
    files: &'f [FileContents],
    lfs: Option<&'f LfsObjects>,
    cancel: &'f Cancel,
    next: AtomicUsize,
    bytes: AtomicU64,
    failure: Mutex<Option<StageError>>,
}

impl FileProgress<'_> {
    /// Stores files until none is left, or one fails.
    fn work(&self, repository: &Path, cas: &Cas) -> Vec<(FileContents, Digest)> {
        let mut stored = Vec::new();
        let worked = GitObjects::open(repository).map_err(StageError::Git).and_then(|objects| {
            let reader = objects.reader()?;
            self.store_batches(&reader, cas, &mut stored)
        });
        if let Err(error) = worked {
            // The others have nothing left to take.
            self.next.store(self.files.len(), Ordering::Relaxed);
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        stored
    }

    fn store_batches(
        &self,
        reader: &ObjectReader<'_>,
        cas: &Cas,
        stored: &mut Vec<(FileContents, Digest)>,
    ) -> Result<(), StageError> {
        loop {
            let start = self.next.fetch_add(BATCH, Ordering::Relaxed);
            let Some(batch) = self.files.get(start..) else { return Ok(()) };
            for file in &batch[..batch.len().min(BATCH)] {
                stored.push((*file, self.store(reader, *file, cas)?));
            }
        }
    }

    fn store(
        &self,
        reader: &ObjectReader<'_>,
        (id, conversion): FileContents,
        cas: &Cas,
    ) -> Result<Digest, StageError> {
        if self.cancel.is_cancelled() {
            return Err(StageError::Cancelled);
        }
        // Its size is looked at before it takes memory.
        let limit = cas.limits().bytes;
        self.count(reader.size(id)?, limit)?;
        let file = reader.blob(id)?;
        if let Some(objects) = self.lfs.filter(|_| conversion.lfs)
            && let Some(pointer) = LfsPointer::parse(file.data())
        {
            self.count(pointer.size, limit)?;
            return store_lfs(objects, &pointer, cas);
        }
        if conversion != Conversion::NONE && conversion.most_bytes(file.data()) > LARGEST_CONVERTED {
            return Err(GitError::TooLarge {
                limit: format!("{LARGEST_CONVERTED} bytes in a file that its attributes convert"),
            }
            .into());
        }
        let bytes = conversion.apply(id, file.data());
        self.count((bytes.len() as u64).saturating_sub(file.data().len() as u64), limit)?;
        Ok(cas.put_bytes(&bytes)?)
    }

    fn count(&self, bytes: u64, limit: u64) -> Result<(), GitError> {
        match self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > limit {
            true => Err(GitError::TooLarge { limit: format!("{limit} bytes of files") }),
            false => Ok(()),
        }
    }
}

/// Stores the file that a pointer of Git LFS stands for.
fn store_lfs(objects: &LfsObjects, pointer: &LfsPointer, cas: &Cas) -> Result<Digest, StageError> {
    let wrong = |why: String| GitError::Lfs { sha256: pointer.sha256.clone(), why };
    let path = objects.find(pointer).ok_or_else(|| wrong("is not here".to_owned()))?;
    let digest = cas.put_file(&path, ImportMode::Copy)?;
    match digest.hex() == pointer.sha256 {
        true => Ok(digest),
        false => Err(wrong(format!("is damaged: {}", path.display())).into()),
    }
}

/// The targets of symbolic links, by their objects.
fn read_links(reader: &ObjectReader<'_>, links: &[Oid]) -> Result<HashMap<Oid, String>, GitError> {
    let mut targets = HashMap::new();
    for id in links {
        let object = reader.blob(*id)?;
        let target = std::str::from_utf8(object.data());
        let target = target.ok().filter(|text| !text.is_empty() && !text.contains('\0'));
        let target = target.ok_or_else(|| GitError::damaged(id, &"it is no target of a symbolic link"))?;
        targets.insert(*id, target.to_owned());
    }
    Ok(targets)
}

/// Makes directories of folders, from the innermost.
struct TreeAssembly<'c> {
    contents: &'c CommitContents,
    converted: &'c ConvertedFiles,
    files: HashMap<FileContents, Digest>,
    links: HashMap<Oid, String>,
    batch: DirectoryBatch,
    /// The folders without converted files, which are the same wherever they are.
    made: HashMap<Oid, Digest>,
}

impl TreeAssembly<'_> {
    fn assemble(&mut self, id: Oid, path: &str, depth: u32) -> Result<Digest, StageError> {
        let is_converted = self.converted.folders.contains(path);
        if !is_converted && let Some(made) = self.made.get(&id) {
            return Ok(*made);
        }
        if depth > Limits::DEEPEST {
            return Err(GitError::TooLarge { limit: format!("{} levels of folders", Limits::DEEPEST) }.into());
        }
        let mut directory = Directory::default();
        let contents = self.contents;
        let entries = contents.folders.get(&id).map_or(&[][..], Vec::as_slice);
        for NamedEntry { name, kind, id } in entries {
            let name = name.clone();
            match kind {
                GitEntryKind::Folder => {
                    let inner =
                        if self.converted.files.is_empty() { String::new() } else { join(path, &name) };
                    let digest = self.assemble(*id, &inner, depth + 1)?;
                    directory.directories.push(DirectoryNode { name, digest });
                }
                GitEntryKind::Submodule => {
                    let digest = self.batch.add(Directory::default());
                    directory.directories.push(DirectoryNode { name, digest });
                }
                GitEntryKind::Link => {
                    let target = self.links.get(id).cloned().unwrap_or_default();
                    directory.symlinks.push(SymlinkNode {
                        name,
                        target,
                        properties: NodeProperties::default(),
                    });
                }
                GitEntryKind::File { executable } => {
                    let conversion = match is_converted {
                        true => self.converted.files.get(&join(path, &name)).copied(),
                        false => None,
                    };
                    let file = (*id, conversion.unwrap_or(Conversion::NONE));
                    let digest =
                        *self.files.get(&file).ok_or_else(|| GitError::damaged(id, &"it was not read"))?;
                    let executable = *executable;
                    let properties = NodeProperties::default();
                    directory.files.push(FileNode { name, digest, executable, properties });
                }
            }
        }
        sort(&mut directory, id)?;
        let digest = self.batch.add(directory);
        if !is_converted {
            self.made.insert(id, digest);
        }
        Ok(digest)
    }
}

/// Sorts by name, because git sorts folders as if their names ended with a slash. No name may occur twice.
fn sort(directory: &mut Directory, id: Oid) -> Result<(), GitError> {
    directory.files.sort_by(|a, b| a.name.cmp(&b.name));
    directory.directories.sort_by(|a, b| a.name.cmp(&b.name));
    directory.symlinks.sort_by(|a, b| a.name.cmp(&b.name));
    let names = directory.files.iter().map(|node| &node.name);
    let names = names.chain(directory.directories.iter().map(|node| &node.name));
    let mut seen = HashSet::new();
    match names.chain(directory.symlinks.iter().map(|node| &node.name)).find(|name| !seen.insert(*name)) {
        Some(name) => Err(GitError::damaged(&id, &format!("it has the name '{name}' twice"))),
        None => Ok(()),
    }
}
