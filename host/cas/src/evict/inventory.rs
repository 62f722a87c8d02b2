//! The blobs of a store, and when each was last used.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use rustix::fs::AtFlags;
use rustix::io::Errno;
use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::layout::visit_blob_names;
use crate::store::Cas;
use crate::usage::{Moment, PRECISION};

/// The unit in which the system says how much of the disk a file takes.
const SECTOR: u64 = 512;

pub(super) type Hash = [u8; 32];

/// A blob, together with its executable copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredBlob {
    pub(super) digest: Digest,
    /// Bytes of disk that both take.
    pub(super) disk_bytes: u64,
    /// The time of its last use, as recorded.
    pub(super) recorded_use: Moment,
    /// The latest time at which it, or something that needs it, may have been used.
    pub(super) last_use: Moment,
}

#[derive(Debug)]
pub(super) struct BlobInventory {
    pub(super) blobs: Vec<StoredBlob>,
    by_hash: HashMap<Hash, usize>,
}

impl BlobInventory {
    /// Looks at every blob, with several threads.
    pub(super) fn scan(cas: &Cas) -> Result<Self> {
        let prefixes: Vec<u8> = (0..=u8::MAX).collect();
        let found = cas.parallel(&prefixes, |first| scan_prefix(cas, *first))?;
        let blobs: Vec<StoredBlob> = found.into_iter().flatten().collect();
        let by_hash = blobs.iter().enumerate().map(|(at, blob)| (*blob.digest.hash(), at)).collect();
        Ok(Self { blobs, by_hash })
    }

    pub(super) fn len(&self) -> usize {
        self.blobs.len()
    }

    /// Bytes of disk that all of them take.
    pub(super) fn disk_bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.disk_bytes).sum()
    }

    /// For each blob the time of its last use and the bytes of disk that it takes.
    pub(super) fn uses(&self) -> impl Iterator<Item = (Moment, u64)> {
        self.blobs.iter().map(|blob| (blob.last_use, blob.disk_bytes))
    }

    /// The blob with this hash, if it is here.
    pub(super) fn get(&self, hash: &Hash) -> Option<&StoredBlob> {
        self.by_hash.get(hash).map(|at| &self.blobs[*at])
    }

    /// Notes that something that needs the blob was used at `moment`.
    pub(super) fn raise_last_use(&mut self, hash: &Hash, moment: Moment) {
        if let Some(at) = self.by_hash.get(hash) {
            let blob = &mut self.blobs[*at];
            blob.last_use = blob.last_use.max(moment);
        }
    }
}

/// The digests of the blobs whose hash begins with this byte, by their names and sizes: contents are not read.
pub(crate) fn list_digests(cas: &Cas, first: u8) -> Result<Vec<Digest>> {
    let mut digests = Vec::new();
    visit_blobs(cas, &cas.shared.objects, first, |blob| digests.push(blob.digest))?;
    Ok(digests)
}

/// The blobs whose hash begins with this byte.
fn scan_prefix(cas: &Cas, first: u8) -> Result<Vec<StoredBlob>> {
    let mut blobs = Vec::new();
    visit_blobs(cas, &cas.shared.objects, first, |blob| blobs.push(blob))?;
    let by_digest: HashMap<Digest, usize> =
        blobs.iter().enumerate().map(|(at, blob)| (blob.digest, at)).collect();
    visit_blobs(cas, &cas.shared.exec, first, |copy| match by_digest.get(&copy.digest) {
        Some(at) => blobs[*at].disk_bytes += copy.disk_bytes,
        // An executable copy without a blob: the blob may be in quarantine.
        None => blobs.push(copy),
    })?;
    Ok(blobs)
}

fn visit_blobs(cas: &Cas, blobs: &OwnedFd, first: u8, mut visit: impl FnMut(StoredBlob)) -> Result<()> {
    visit_blob_names(blobs, cas.root(), first, |folder, name| {
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
