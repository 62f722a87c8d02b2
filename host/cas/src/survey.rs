//! The tree of a folder of the host, without storing it.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustix::fs::{Mode, OFlags};
use spec_model::{Digest, DigestFunction};

use crate::builder::Batch;
use crate::capture::{Assembly, Stored};
use crate::error::{CasError, Result};
use crate::read::digest_of;
use crate::scan::Scanner;

/// Files up to this size are digested in one piece.
const WHOLE: u64 = 256 << 10;

/// What a folder of the host is as a tree.
#[derive(Debug)]
pub struct Survey {
    /// The digest of the tree.
    pub root: Digest,
    /// The messages of all directories, by their digests.
    pub directories: Vec<(Digest, Vec<u8>)>,
    /// All files, by their digests.
    pub files: Vec<(Digest, PathBuf)>,
}

impl Survey {
    /// Reads all of a folder, with all processors, and stores nothing. The tree is the one that
    /// [`import_dir`](crate::Cas::import_dir) would store.
    ///
    /// # Errors
    /// `cas-special-file`, `cas-bad-path`, or when the file system fails.
    pub fn of(folder: &Path, function: DigestFunction) -> Result<Self> {
        let mut scanner = Scanner { filter: &|_| true, overlay: false, files: Vec::new() };
        let scanned = scanner.scan(folder, &mut String::new())?;
        let found: Vec<Stored> =
            scanner.files.par_iter().map(|path| look_at(path, function)).collect::<Result<_>>()?;
        let nothing_below = |digest: &Digest| {
            Err(CasError::Missing { digest: *digest, what: "a folder below the folder".to_owned() })
        };
        let mut assembly = Assembly { load: &nothing_below, stored: &found, batch: Batch::new(function) };
        let root = assembly.assemble(&scanned, None)?;
        let directories = assembly.batch.into_messages().collect();
        let digests = found.iter().map(|file| file.digest);
        Ok(Self { root, directories, files: digests.zip(scanner.files).collect() })
    }
}

fn look_at(path: &Path, function: DigestFunction) -> Result<Stored> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(CasError::io("open", path))?;
    let mut file = File::from(opened);
    let meta = file.metadata().map_err(CasError::io("look up", path))?;
    let digest = match meta.len() {
        0..WHOLE => {
            let mut bytes = Vec::with_capacity(meta.len() as usize + 1);
            file.read_to_end(&mut bytes).map(|_| function.of(&bytes))
        }
        _ => digest_of(function, file),
    };
    Ok(Stored { digest: digest.map_err(CasError::io("read", path))?, executable: meta.mode() & 0o100 != 0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Cas;
    use crate::checkout::CheckoutMode;
    use crate::sample::{arbitrary_paths, store};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]
        #[test]
        fn a_survey_names_the_tree_that_an_import_stores(paths in arbitrary_paths()) {
            let folder = tempfile::tempdir()?;
            let cas = Cas::open(folder.path().join("store"))?;
            let root = store(&cas, &paths)?;
            let dest = folder.path().join("dest");
            cas.checkout(&root, &dest, CheckoutMode::Copy)?;
            let survey = Survey::of(&dest, cas.function())?;
            prop_assert_eq!(survey.root, root);
            let blobs = survey.directories.iter().map(|(digest, _)| *digest);
            let mut blobs: Vec<_> = blobs.chain(survey.files.iter().map(|(digest, _)| *digest)).collect();
            let mut below = cas.blobs_below(&root)?;
            for list in [&mut blobs, &mut below] {
                list.sort_unstable();
                list.dedup();
            }
            prop_assert_eq!(blobs, below);
        }
    }
}
