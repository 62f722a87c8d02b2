//! The tree of a folder of the host, without storing it.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::Stat;
use spec_model::{Cancel, Digest, DigestFunction};

use crate::builder::DirectoryBatch;
use crate::capture::{DigestedFile, DirectoryAssembler};
use crate::error::{CasError, Result};
use crate::host_folder::HostFolder;
use crate::limits::Limits;
use crate::scan::{Scan, ScanOptions};
use crate::sparse;
use crate::stat_cache::{FileIdentity, StatCache};
use crate::store::Cas;

/// Files of fewer bytes are read and digested in one piece.
const SMALL_FILE: u64 = 256 << 10;

/// The tree of a folder of the host, digested and not stored.
#[derive(Debug)]
pub struct DigestedFolder {
    /// The digest of the tree.
    pub root: Digest,
    /// The messages of all directories, by their digests.
    pub directories: Vec<(Digest, Vec<u8>)>,
    /// All files, by their digests.
    pub files: Vec<(Digest, PathBuf)>,
}

impl DigestedFolder {
    /// Reads all of a folder, with all processors, and stores nothing. The tree is the one that
    /// [`import_dir`](crate::Cas::import_dir) would store.
    ///
    /// # Errors
    /// `cas-special-file`, `cas-bad-path`, `tree-too-large`, `cancelled`, or when the file system fails.
    pub fn of(folder: &Path, function: DigestFunction, limits: Limits, cancel: &Cancel) -> Result<Self> {
        let digest_file = |host: &HostFolder, folder: &OwnedFd, path: &str, name: &str| {
            read(host, folder, path, name, function, cancel).map(|(_, stored)| stored)
        };
        ExaminedFolder::at(folder, everything(limits, cancel), digest_file)?.into_digested(function)
    }

    /// As [`of`](Self::of), but a file that did not change since its digest was stored in `stat_cache` is not read; the digests that are found are
    /// stored there for the next time.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_cached(
        folder: &Path,
        stat_cache: &mut StatCache,
        limits: Limits,
        cancel: &Cancel,
    ) -> Result<Self> {
        Self::of_cached_at(SystemTime::now(), folder, stat_cache, limits, cancel)
    }

    fn of_cached_at(
        now: SystemTime,
        folder: &Path,
        stat_cache: &mut StatCache,
        limits: Limits,
        cancel: &Cancel,
    ) -> Result<Self> {
        let function = stat_cache.function();
        let options = everything(limits, cancel);
        let examined = ExaminedFolder::at(folder, options, |host, folder, path, name| {
            let stat = host.stat(folder, name);
            let stat = stat.map_err(CasError::io("look up", host.display_path(path).join(name)))?;
            match stat_cache.get(&FileIdentity::of(&stat)) {
                Some(digest) => Ok((
                    FileIdentity::of(&stat),
                    DigestedFile { digest, executable: is_executable(&stat), mtime: None },
                )),
                None => read(host, folder, path, name, function, cancel),
            }
        })?;
        stat_cache.replace(examined.found.iter().map(|(identity, file)| (*identity, file.digest)), now);
        let ExaminedFolder { scan, files, found } = examined;
        let found = found.into_iter().map(|(_, file)| file).collect();
        ExaminedFolder { scan, files, found }.into_digested(function)
    }
}

impl Cas {
    /// The digest of the tree that [`import_dir`](Self::import_dir) would store. Stores nothing, so it works on a full disk, too.
    ///
    /// # Errors
    /// As [`import_dir`](Self::import_dir), but for a full disk.
    pub fn digest_of_dir(&self, folder: &Path, filter: impl Fn(&str) -> bool) -> Result<Digest> {
        let digest_file = |host: &HostFolder, folder: &OwnedFd, path: &str, name: &str| {
            let (identity, stored) = read(host, folder, path, name, self.function(), &self.options.cancel)?;
            Ok(DigestedFile { mtime: self.options.keeps_times.then(|| identity.mtime()), ..stored })
        };
        let options = ScanOptions {
            filter: &filter,
            overlay: None,
            skip_special: false,
            times: self.options.keeps_times,
            limits: self.limits(),
            cancel: &self.options.cancel,
        };
        let examined = ExaminedFolder::at(folder, options, digest_file)?;
        Ok(examined.into_digested(self.function())?.root)
    }

    /// The digest that [`put_file`](Self::put_file) would answer with. Stores nothing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn digest_of_file(&self, path: &Path) -> Result<Digest> {
        let digest = std::fs::File::open(path).and_then(|file| self.digest_of(&file));
        digest.map_err(CasError::io("read", path))
    }
}

/// A scan of a whole folder, without its times.
fn everything(limits: Limits, cancel: &Cancel) -> ScanOptions<'_> {
    let filter = &|_: &str| true;
    ScanOptions { filter, overlay: None, skip_special: false, times: false, limits, cancel }
}

/// A folder that was scanned, and what was found about each of its files.
struct ExaminedFolder<T> {
    scan: Scan,
    files: Vec<PathBuf>,
    found: Vec<T>,
}

impl<T: Send> ExaminedFolder<T> {
    fn at(
        folder: &Path,
        options: ScanOptions<'_>,
        examine_file: impl Fn(&HostFolder, &OwnedFd, &str, &str) -> Result<T> + Sync,
    ) -> Result<Self> {
        let host = HostFolder::of_user(folder)?;
        let cancel = options.cancel;
        let scan = Scan::of(&host, "", options)?;
        let found = scan.read(&host, None, |folder, path, name| {
            if cancel.is_cancelled() {
                return Err(CasError::Cancelled);
            }
            examine_file(&host, folder, path, name)
        })?;
        let files =
            scan.files.iter().map(|file| host.display_path(&scan.folders[file.folder]).join(&file.name));
        let files = files.collect();
        Ok(Self { scan, files, found })
    }
}

impl ExaminedFolder<DigestedFile> {
    fn into_digested(self, function: DigestFunction) -> Result<DigestedFolder> {
        let nothing_below = |digest: &Digest| {
            Err(CasError::Missing { digest: *digest, what: "a folder below the folder".to_owned() })
        };
        let batch = DirectoryBatch::new(function);
        let mut assembler =
            DirectoryAssembler { root_below: None, load: &nothing_below, stored: &self.found, batch };
        let root = assembler.assemble(&self.scan.root, None, &mut String::new())?;
        let directories = assembler.batch.into_messages().collect();
        let digests = self.found.iter().map(|file| file.digest);
        Ok(DigestedFolder { root, directories, files: digests.zip(self.files).collect() })
    }
}

/// Reads a file. Its identity is taken before, so that a change during the reading is noticed the next time.
fn read(
    host: &HostFolder,
    folder: &OwnedFd,
    path: &str,
    name: &str,
    function: DigestFunction,
    cancel: &Cancel,
) -> Result<(FileIdentity, DigestedFile)> {
    let (mut file, stat) = host.file(folder, name, path)?;
    let digest = match stat.st_size as u64 {
        size @ 0..SMALL_FILE => {
            let mut bytes = Vec::with_capacity(size as usize + 1);
            file.read_to_end(&mut bytes).map(|_| function.of(&bytes))
        }
        _ => sparse::digest(function, &file, cancel),
    };
    let digest = digest.map_err(CasError::io("read", host.display_path(path).join(name)))?;
    Ok((FileIdentity::of(&stat), DigestedFile { digest, executable: is_executable(&stat), mtime: None }))
}

fn is_executable(stat: &Stat) -> bool {
    stat.st_mode & 0o100 != 0
}

#[cfg(test)]
mod tests;
