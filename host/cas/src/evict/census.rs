//! Which blobs there are, and when each was last used.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;
use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::store::Cas;
use crate::usage::{Moment, PRECISION};

/// Sizes on disk are told in these.
const SECTOR: u64 = 512;
/// Digits of a blob's name.
const DIGITS: usize = 64;

pub(super) type Hash = [u8; 32];

/// A blob with its executable twin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blob {
    pub(super) digest: Digest,
    /// Bytes on disk, of both.
    pub(super) disk: u64,
    /// What is noted as its last use.
    pub(super) noted: Moment,
    /// The latest moment at which it may have been used, or something that needs it.
    pub(super) used: Moment,
}

#[derive(Debug)]
pub(super) struct Census {
    pub(super) blobs: Vec<Blob>,
    index: HashMap<Hash, usize>,
}

impl Census {
    /// Looks at every blob, with several threads.
    pub(super) fn take(cas: &Cas) -> Result<Self> {
        let folders: Vec<u8> = (0..=u8::MAX).collect();
        let found = cas.parallel(&folders, |folder| folder_of(cas, *folder))?;
        let blobs: Vec<Blob> = found.into_iter().flatten().collect();
        let index = blobs.iter().enumerate().map(|(at, blob)| (*blob.digest.hash(), at)).collect();
        Ok(Self { blobs, index })
    }

    pub(super) fn len(&self) -> usize {
        self.blobs.len()
    }

    pub(super) fn disk(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.disk).sum()
    }

    pub(super) fn uses(&self) -> impl Iterator<Item = (Moment, u64)> {
        self.blobs.iter().map(|blob| (blob.used, blob.disk))
    }

    /// The blob with this hash, if it is here.
    pub(super) fn get(&self, hash: &Hash) -> Option<&Blob> {
        self.index.get(hash).map(|at| &self.blobs[*at])
    }

    /// Notes that something needs the blob and was used at `moment`.
    pub(super) fn need(&mut self, hash: &Hash, moment: Moment) {
        if let Some(at) = self.index.get(hash) {
            let blob = &mut self.blobs[*at];
            blob.used = blob.used.max(moment);
        }
    }
}

/// The digests of the blobs whose hash begins with this byte, as far as their names and sizes tell.
pub(crate) fn digests(cas: &Cas, first: u8) -> Result<Vec<Digest>> {
    let mut digests = Vec::new();
    each(cas, &cas.shared.objects, first, |blob| digests.push(blob.digest))?;
    Ok(digests)
}

/// The blobs whose hash begins with this byte.
fn folder_of(cas: &Cas, first: u8) -> Result<Vec<Blob>> {
    let mut blobs = Vec::new();
    each(cas, &cas.shared.objects, first, |blob| blobs.push(blob))?;
    let places: HashMap<Digest, usize> =
        blobs.iter().enumerate().map(|(place, blob)| (blob.digest, place)).collect();
    each(cas, &cas.shared.exec, first, |twin| match places.get(&twin.digest) {
        Some(place) => blobs[*place].disk += twin.disk,
        // It may be one whose blob was quarantined.
        None => blobs.push(twin),
    })?;
    Ok(blobs)
}

fn each(cas: &Cas, kind: &OwnedFd, first: u8, mut visit: impl FnMut(Blob)) -> Result<()> {
    names(cas, kind, first, |folder, name| {
        let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(()),
            other => other.map_err(CasError::io("list", cas.root()))?,
        };
        let Ok(digest) = Digest::from_hex(name, stat.st_size as u64) else { return Ok(()) };
        let noted = Moment::of_access(&stat);
        let disk = (stat.st_blocks as u64).saturating_mul(SECTOR);
        visit(Blob { digest, disk, noted, used: noted.after(PRECISION) });
        Ok(())
    })
}

/// Visits the names of the blobs whose hash begins with this byte, in their folder.
pub(crate) fn names(
    cas: &Cas,
    kind: &OwnedFd,
    first: u8,
    mut visit: impl FnMut(&OwnedFd, &str) -> Result<()>,
) -> Result<()> {
    let failed = || CasError::io("list", cas.root());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = match rustix::fs::openat(kind, format!("{first:02x}"), flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        other => other.map_err(failed())?,
    };
    for entry in Dir::read_from(&folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        if let Ok(name) = entry.file_name().to_str()
            && name.len() == DIGITS
        {
            visit(&folder, name)?;
        }
    }
    Ok(())
}
