//! Removing what was last used at some moment or before.
//!
//! Whoever uses something while it is being removed either finds it gone, or has noted the use before it was taken
//! away: so everything is first taken away, then looked at again, and given back if it was used in between.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, RenameFlags};
use rustix::io::Errno;

use super::census::{Blob, Census, Hash};
use super::needs::{Need, directories};
use super::roots::{Root, RootKind, Roots};
use crate::error::{CasError, Result};
use crate::layout::BlobName;
use crate::scratch::ScratchDir;
use crate::store::Cas;
use crate::usage::Moment;

/// What is needed by roots that stay after all.
#[derive(Default)]
struct Kept {
    blobs: HashSet<Hash>,
    /// Directories that are among them with all below.
    folders: HashSet<Hash>,
}

pub(super) struct Removal<'a> {
    pub(super) cas: &'a Cas,
    pub(super) census: &'a Census,
    pub(super) cut: Moment,
}

/// What went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Removed {
    pub(super) bytes: u64,
    pub(super) blobs: usize,
    pub(super) roots: usize,
}

impl Removal<'_> {
    pub(super) fn run(&self, roots: &Roots) -> Result<Removed> {
        let (removed, trash) = self.cas.while_removing(|| {
            let (mut removed, mut kept) = (Removed::default(), Kept::default());
            let trash = self.trash(&mut removed)?;
            for (number, root) in roots.until(self.cut).iter().enumerate() {
                match self.take_root(root, &trash.path().join(format!("root-{number}")))? {
                    true => {
                        removed.roots += 1;
                        removed.bytes += root.disk;
                    }
                    false => self.keep(root, &mut kept)?,
                }
            }
            self.remove_blobs(trash.path(), &kept.blobs, &mut removed)?;
            Ok((removed, trash))
        })?;
        // It is emptied when nobody waits any more.
        drop(trash);
        Ok(removed)
    }

    /// A folder for what is taken away. Where there is no room for one, those blobs go at once that were not used for
    /// the longest time, until there is.
    fn trash(&self, removed: &mut Removed) -> Result<ScratchDir> {
        let mut full = match self.cas.scratch() {
            Err(error @ CasError::DiskFull { .. }) => error,
            other => return other,
        };
        for blob in self.going(&HashSet::new()) {
            let failed = || CasError::io("remove", self.cas.blob_path(&blob.digest));
            if !self.remove_now(blob).map_err(failed())? {
                continue;
            }
            removed.blobs += 1;
            removed.bytes += blob.disk;
            full = match self.cas.scratch() {
                Err(error @ CasError::DiskFull { .. }) => error,
                other => return other,
            };
        }
        Err(full)
    }

    /// Removes a blob with its twin; `false` when it is gone or was used again. Who uses it at this very moment may not
    /// be noticed.
    fn remove_now(&self, blob: &Blob) -> Result<bool, Errno> {
        let (name, gone) = (BlobName::of(&blob.digest), AtFlags::empty());
        let (objects, exec) = (&self.cas.shared.objects, &self.cas.shared.exec);
        let found = rustix::fs::statat(objects, name.path(), AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|stat| Moment::of_access(&stat) > blob.noted) {
            return Ok(false);
        }
        self.cas.shared.directories.forget(&blob.digest);
        let removed = [objects, exec].map(|folder| match rustix::fs::unlinkat(folder, name.path(), gone) {
            Err(Errno::NOENT) => Ok(false),
            other => other.map(|()| true),
        });
        Ok(removed.into_iter().collect::<Result<Vec<_>, _>>()?.contains(&true))
    }

    /// The blobs that nothing needs which stays, those first that were not used for the longest time.
    fn going(&self, kept: &HashSet<Hash>) -> Vec<&Blob> {
        let goes = |blob: &&Blob| {
            blob.used <= self.cut && blob.digest.size() > 0 && !kept.contains(blob.digest.hash())
        };
        let mut going: Vec<&Blob> = self.census.blobs.iter().filter(goes).collect();
        going.sort_unstable_by_key(|blob| blob.used);
        going
    }

    /// Takes away a root; `false` when it was used again.
    fn take_root(&self, root: &Root, to: &Path) -> Result<bool> {
        if root.kind == RootKind::Tree {
            let tree = root.path.with_extension("");
            return self.cas.take_tree(&tree, &root.path, self.cut, to);
        }
        match fs::rename(&root.path, to) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            other => other.map_err(CasError::io("remove", &root.path))?,
        }
        let stat = rustix::fs::stat(to).map_err(CasError::io("look up", to))?;
        if root.kind.used(&stat) <= self.cut {
            return Ok(true);
        }
        give_back(CWD, to, CWD, &root.path).map_err(CasError::io("keep", &root.path))?;
        Ok(false)
    }

    /// Notes what a root needs that stays after all.
    fn keep(&self, root: &Root, kept: &mut Kept) -> Result<()> {
        for need in root.all_needs(self.cas)?.iter() {
            match need {
                Need::Blob(digest) => _ = kept.blobs.insert(*digest.hash()),
                Need::Tree(tree) => {
                    let Some(root) = self.census.get(tree.hash()) else { continue };
                    let blobs = self.cas.blobs_below(&root.digest);
                    // A tree of which something is missing keeps nothing.
                    kept.blobs.extend(blobs.unwrap_or_default().iter().map(|digest| *digest.hash()));
                }
                Need::Directories(root) => {
                    kept.blobs.extend(directories(self.cas, root, &mut kept.folders));
                }
            }
        }
        Ok(())
    }

    fn remove_blobs(&self, trash: &Path, kept: &HashSet<Hash>, removed: &mut Removed) -> Result<()> {
        let folder = File::open(trash).map_err(CasError::io("open", trash))?;
        let going = self.going(kept);
        let gone = self.cas.parallel(&going, |blob| {
            self.take_blob(blob, &folder).map_err(CasError::io("remove", self.cas.blob_path(&blob.digest)))
        })?;
        removed.blobs += gone.iter().filter(|gone| **gone).count();
        let bytes = going.iter().zip(&gone).filter(|(_, gone)| **gone).map(|(blob, _)| blob.disk);
        removed.bytes += bytes.sum::<u64>();
        Ok(())
    }

    /// Takes away a blob with its twin; `false` when it was used again.
    fn take_blob(&self, blob: &Blob, trash: &File) -> Result<bool, Errno> {
        let (name, hex) = (BlobName::of(&blob.digest), blob.digest.hex());
        let (objects, exec) = (&self.cas.shared.objects, &self.cas.shared.exec);
        let noted = |stat: rustix::fs::Stat| Moment::of_access(&stat);
        let used_again = |noted: Moment| noted > blob.noted;
        match rustix::fs::statat(objects, name.path(), AtFlags::empty()).map(noted) {
            Ok(noted) if used_again(noted) => return Ok(false),
            Ok(_) => {
                rustix::fs::renameat(objects, name.path(), trash, &hex)?;
                let stat = rustix::fs::statat(trash, &hex, AtFlags::empty())?;
                if used_again(noted(stat)) {
                    give_back(trash, &hex, objects, name.path())?;
                    return Ok(false);
                }
                rustix::fs::unlinkat(trash, &hex, AtFlags::empty())?;
            }
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
        self.cas.shared.directories.forget(&blob.digest);
        match rustix::fs::unlinkat(exec, name.path(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Moves something back to its place, unless there is a new one.
fn give_back(
    from: impl std::os::fd::AsFd,
    name: impl rustix::path::Arg,
    to: impl std::os::fd::AsFd,
    place: impl rustix::path::Arg,
) -> Result<(), Errno> {
    match rustix::fs::renameat_with(from, name, to, place, RenameFlags::NOREPLACE) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error),
    }
}
