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

/// Files up to this size are digested in one piece.
const WHOLE: u64 = 256 << 10;

/// What a folder of the host is as a tree.
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
        let look = |host: &HostFolder, folder: &OwnedFd, path: &str, name: &str| {
            read(host, folder, path, name, function, cancel).map(|(_, stored)| stored)
        };
        ExaminedFolder::at(folder, &|_| true, limits, cancel, look)?.survey(function)
    }

    /// As [`of`](Self::of), but a file that did not change since it was `stat_cache` is not read; what is found is kept there
    /// for the next time.
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
        let looked = ExaminedFolder::at(folder, &|_| true, limits, cancel, |host, folder, path, name| {
            let stat = host.stat(folder, name);
            let stat = stat.map_err(CasError::io("look up", host.display_path(path).join(name)))?;
            match stat_cache.get(&FileIdentity::of(&stat)) {
                Some(digest) => {
                    Ok((FileIdentity::of(&stat), DigestedFile { digest, executable: is_executable(&stat) }))
                }
                None => read(host, folder, path, name, function, cancel),
            }
        })?;
        stat_cache.replace(looked.found.iter().map(|(identity, file)| (*identity, file.digest)), now);
        let ExaminedFolder { scan, files, found } = looked;
        let found = found.into_iter().map(|(_, file)| file).collect();
        ExaminedFolder { scan, files, found }.survey(function)
    }
}

impl Cas {
    /// The digest of the tree that [`import_dir`](Self::import_dir) would store. Stores nothing, so it needs no room.
    ///
    /// # Errors
    /// As [`import_dir`](Self::import_dir), but for a full disk.
    pub fn digest_of_dir(&self, folder: &Path, filter: impl Fn(&str) -> bool) -> Result<Digest> {
        let look = |host: &HostFolder, folder: &OwnedFd, path: &str, name: &str| {
            read(host, folder, path, name, self.function(), &self.cancel).map(|(_, stored)| stored)
        };
        let looked = ExaminedFolder::at(folder, &filter, self.limits(), &self.cancel, look)?;
        Ok(looked.survey(self.function())?.root)
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

/// A folder, and what was found of each of its files.
struct ExaminedFolder<T> {
    scan: Scan,
    files: Vec<PathBuf>,
    found: Vec<T>,
}

impl<T: Send> ExaminedFolder<T> {
    fn at(
        folder: &Path,
        filter: &dyn Fn(&str) -> bool,
        limits: Limits,
        cancel: &Cancel,
        look: impl Fn(&HostFolder, &OwnedFd, &str, &str) -> Result<T> + Sync,
    ) -> Result<Self> {
        let host = HostFolder::of_user(folder)?;
        let options = ScanOptions { filter, overlay: None, skip_special: false, limits, cancel };
        let scan = Scan::of(&host, "", options)?;
        let found = scan.read(&host, None, |folder, path, name| {
            if cancel.is_cancelled() {
                return Err(CasError::Cancelled);
            }
            look(&host, folder, path, name)
        })?;
        let files =
            scan.files.iter().map(|file| host.display_path(&scan.folders[file.folder]).join(&file.name));
        let files = files.collect();
        Ok(Self { scan, files, found })
    }
}

impl ExaminedFolder<DigestedFile> {
    fn survey(self, function: DigestFunction) -> Result<DigestedFolder> {
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

/// Reads a file. What it was is looked up before: who writes it meanwhile changes that.
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
        size @ 0..WHOLE => {
            let mut bytes = Vec::with_capacity(size as usize + 1);
            file.read_to_end(&mut bytes).map(|_| function.of(&bytes))
        }
        _ => sparse::digest(function, &file, cancel),
    };
    let digest = digest.map_err(CasError::io("read", host.display_path(path).join(name)))?;
    Ok((FileIdentity::of(&stat), DigestedFile { digest, executable: is_executable(&stat) }))
}

fn is_executable(stat: &Stat) -> bool {
    stat.st_mode & 0o100 != 0
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::Cas;
    use crate::test_trees::{arbitrary_paths, store};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]
        #[test]
        fn a_survey_names_the_tree_that_an_import_stores(paths in arbitrary_paths()) {
            let folder = tempfile::tempdir()?;
            let cas = Cas::open(folder.path().join("store"))?;
            let root = store(&cas, &paths)?;
            let dest = folder.path().join("dest");
            cas.checkout_into(&root, &dest)?;
            let survey = DigestedFolder::of(&dest, cas.function(), cas.limits(), &Cancel::new())?;
            prop_assert_eq!(survey.root, root);
            prop_assert_eq!(cas.digest_of_dir(&dest, |_| true)?, root);
            let blobs = survey.directories.iter().map(|(digest, _)| *digest);
            let mut blobs: Vec<_> = blobs.chain(survey.files.iter().map(|(digest, _)| *digest)).collect();
            let mut below = cas.blobs_of_tree(&root)?;
            for list in [&mut blobs, &mut below] {
                list.sort_unstable();
                list.dedup();
            }
            prop_assert_eq!(blobs, below);
        }
    }

    /// Well after everything: all that is there has settled.
    fn later() -> SystemTime {
        SystemTime::now() + Duration::from_secs(60)
    }

    #[test]
    fn what_did_not_change_is_not_read_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (store, tree) = (folder.path().join("stat_cache"), folder.path().join("tree"));
        fs::create_dir(&tree).expect("a folder");
        fs::write(tree.join("file"), "one").expect("a file");
        let open = || StatCache::open(&store, &tree, DigestFunction::Sha256);
        let plain = || {
            DigestedFolder::of(&tree, DigestFunction::Sha256, Limits::default(), &Cancel::new())
                .expect("it can be read")
                .root
        };
        let of_cached = |now| {
            DigestedFolder::of_cached_at(now, &tree, &mut open(), Limits::default(), &Cancel::new())
                .expect("it can be read")
                .root
        };
        let first = of_cached(SystemTime::now());
        assert!(first == plain() && open().is_empty(), "it may be written of_cached within the tick");
        assert!(of_cached(later()) == first && !open().is_empty());

        // A lie shows who is asked.
        let mut stat_cache = open();
        let stat = rustix::fs::lstat(tree.join("file")).expect("it is there");
        let lie = [(FileIdentity::of(&stat), Digest::of(b"two"))];
        stat_cache.replace(lie.into_iter(), later());
        assert_ne!(of_cached(later()), first);

        // Of the same size, and as old as before.
        let old = fs::metadata(tree.join("file")).and_then(|meta| meta.modified()).expect("it is there");
        std::thread::sleep(Duration::from_millis(20));
        fs::write(tree.join("file"), "six").expect("a file");
        let file = fs::File::options().write(true).open(tree.join("file")).expect("it is there");
        file.set_modified(old).expect("it is ours");
        assert_eq!(of_cached(later()), plain());

        // A file of the memory that was damaged is as good as none.
        let memory = fs::read_dir(&store).expect("it is there").flatten().next().expect("one").path();
        let mut bytes = fs::read(&memory).expect("a file");
        bytes[60] ^= 1;
        fs::write(&memory, bytes).expect("a file");
        assert!(open().is_empty() && of_cached(later()) == plain());
    }

    #[test]
    fn where_nothing_can_be_remembered_everything_is_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tree = folder.path().join("tree");
        fs::create_dir(&tree).expect("a folder");
        fs::write(tree.join("file"), "one").expect("a file");
        let mut stat_cache = StatCache::open(&tree.join("file/stat_cache"), &tree, DigestFunction::Sha256);
        let survey =
            DigestedFolder::of_cached_at(later(), &tree, &mut stat_cache, Limits::default(), &Cancel::new())
                .expect("it can be read");
        assert_eq!(
            survey.root,
            DigestedFolder::of(&tree, DigestFunction::Sha256, Limits::default(), &Cancel::new())
                .expect("it can be read")
                .root
        );
    }
}
