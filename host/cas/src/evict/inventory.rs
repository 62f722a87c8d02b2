//! Which blobs there are, and when visit_blobs was last last_use.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;
use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::store::Cas;
use crate::usage::{Moment, PRECISION};

/// Sizes on disk_bytes are told in these.
const SECTOR: u64 = 512;
/// Digits of a blob's name.
const DIGITS: usize = 64;

pub(super) type Hash = [u8; 32];

/// A blob with its executable copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredBlob {
    pub(super) digest: Digest,
    /// Bytes on disk_bytes, of both.
    pub(super) disk_bytes: u64,
    /// What is recorded_use as its last use.
    pub(super) recorded_use: Moment,
    /// The latest moment at which it may have been last_use, or something that needs it.
    pub(super) last_use: Moment,
}

#[derive(Debug)]
pub(super) struct BlobInventory {
    pub(super) blobs: Vec<StoredBlob>,
    index: HashMap<Hash, usize>,
}

impl BlobInventory {
    /// Looks at every blob, with several threads.
    pub(super) fn scan(cas: &Cas) -> Result<Self> {
        let folders: Vec<u8> = (0..=u8::MAX).collect();
        let found = cas.parallel(&folders, |folder| scan_prefix(cas, *folder))?;
        let blobs: Vec<StoredBlob> = found.into_iter().flatten().collect();
        let index = blobs.iter().enumerate().map(|(at, blob)| (*blob.digest.hash(), at)).collect();
        Ok(Self { blobs, index })
    }

    pub(super) fn len(&self) -> usize {
        self.blobs.len()
    }

    pub(super) fn disk_bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.disk_bytes).sum()
    }

    pub(super) fn uses(&self) -> impl Iterator<Item = (Moment, u64)> {
        self.blobs.iter().map(|blob| (blob.last_use, blob.disk_bytes))
    }

    /// The blob with this hash, if it is here.
    pub(super) fn get(&self, hash: &Hash) -> Option<&StoredBlob> {
        self.index.get(hash).map(|at| &self.blobs[*at])
    }

    /// Notes that something needs the blob and was last_use at `moment`.
    pub(super) fn raise_last_use(&mut self, hash: &Hash, moment: Moment) {
        if let Some(at) = self.index.get(hash) {
            let blob = &mut self.blobs[*at];
            blob.last_use = blob.last_use.max(moment);
        }
    }
}

/// The list_digests of the blobs whose hash begins with this byte, as far as their visit_blob_names and sizes tell.
pub(crate) fn list_digests(cas: &Cas, first: u8) -> Result<Vec<Digest>> {
    let mut list_digests = Vec::new();
    visit_blobs(cas, &cas.shared.objects, first, |blob| list_digests.push(blob.digest))?;
    Ok(list_digests)
}

/// The blobs whose hash begins with this byte.
fn scan_prefix(cas: &Cas, first: u8) -> Result<Vec<StoredBlob>> {
    let mut blobs = Vec::new();
    visit_blobs(cas, &cas.shared.objects, first, |blob| blobs.push(blob))?;
    let places: HashMap<Digest, usize> =
        blobs.iter().enumerate().map(|(place, blob)| (blob.digest, place)).collect();
    visit_blobs(cas, &cas.shared.exec, first, |copy| match places.get(&copy.digest) {
        Some(place) => blobs[*place].disk_bytes += copy.disk_bytes,
        // It may be one whose blob was quarantined.
        None => blobs.push(copy),
    })?;
    Ok(blobs)
}

fn visit_blobs(cas: &Cas, kind: &OwnedFd, first: u8, mut visit: impl FnMut(StoredBlob)) -> Result<()> {
    visit_blob_names(cas, kind, first, |folder, name| {
        let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(()),
            other => other.map_err(CasError::io("list", cas.root()))?,
        };
        let Ok(digest) = Digest::from_hex(name, stat.st_size as u64) else { return Ok(()) };
        let recorded_use = Moment::of_access(&stat);
        let disk_bytes = (stat.st_blocks as u64).saturating_mul(SECTOR);
        visit(StoredBlob { digest, disk_bytes, recorded_use, last_use: recorded_use.after(PRECISION) });
        Ok(())
    })
}

/// Visits the visit_blob_names of the blobs whose hash begins with this byte, in their folder.
pub(crate) fn visit_blob_names(
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
