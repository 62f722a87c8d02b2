//! Times of last use: the access time of a blob or a record, the modification time of a result or of a layer's lock.
//! The modification time of a record is when it was stored.
//!
//! A use is recorded only when the recorded time has become old, so that reading does not cause writes.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use rustix::io::Errno;
use rustix::path::Arg;

use crate::layout::BlobName;

/// The recorded time of a last use is at most this much too early.
pub(crate) const PRECISION: Duration = Duration::from_secs(600);
/// A recorded time older than this is renewed. It is half of [`PRECISION`], because uses from memory are looked up on
/// disk only as often again.
pub(crate) const STALE: Duration = Duration::from_secs(300);

/// A time in whole seconds since 1970, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

impl Moment {
    pub(crate) const LAST: Self = Self(i64::MAX);

    pub(crate) fn now() -> Self {
        SystemTime::now().into()
    }

    /// When a blob was last used.
    pub(crate) fn of_access(stat: &Stat) -> Self {
        Self(stat.st_atime)
    }

    /// When a record was last used; putting it is a use.
    pub(crate) fn of_record(stat: &Stat) -> Self {
        Self(stat.st_atime.max(stat.st_mtime))
    }

    /// When a result or a layer was last used.
    pub(crate) fn of_change(stat: &Stat) -> Self {
        Self(stat.st_mtime)
    }

    pub(crate) fn before(self, time: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(time.as_secs()))
    }

    pub(crate) fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(time.as_secs()))
    }

    fn is_stale(self) -> bool {
        self < Self::now().before(STALE)
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(since.as_secs().try_into().unwrap_or(i64::MAX))
    }
}

impl From<Moment> for SystemTime {
    fn from(moment: Moment) -> Self {
        Self::UNIX_EPOCH + Duration::from_secs(moment.0.try_into().unwrap_or(0))
    }
}

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
const LEAVE: Timespec = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
const ACCESSED: Timestamps = Timestamps { last_access: NOW, last_modification: LEAVE };
const CHANGED: Timestamps = Timestamps { last_access: LEAVE, last_modification: NOW };

/// Notes a use of a blob that was just looked up in the folder `objects`; `false` when it has gone meanwhile.
pub(crate) fn note_use_of_found_blob(objects: &OwnedFd, name: &BlobName, stat: &Stat) -> bool {
    if !Moment::of_access(stat).is_stale() {
        return true;
    }
    let noted = rustix::fs::utimensat(objects, name.path(), &ACCESSED, AtFlags::empty());
    // Where no use can be recorded, as on a read-only file system, nothing can be evicted either.
    !matches!(noted, Err(Errno::NOENT))
}

/// Opens a file such that reading it does not count as a use.
pub(crate) fn open_noatime(folder: impl AsFd, path: impl Arg + Copy) -> Result<File, Errno> {
    let open = |flags| rustix::fs::openat(&folder, path, flags, Mode::empty());
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    match open(flags | OFlags::NOATIME) {
        // Only the owner may.
        Err(Errno::PERM) => open(flags),
        other => other,
    }
    .map(File::from)
}

/// Notes a use of a blob that is open.
pub(crate) fn note_use_of_blob(file: &File, stat: &Stat) {
    if Moment::of_access(stat).is_stale() {
        let _ = rustix::fs::futimens(file, &ACCESSED);
    }
}

/// Notes a use of a record that is open.
pub(crate) fn note_use_of_record(file: &File) {
    if rustix::fs::fstat(file).is_ok_and(|stat| Moment::of_record(&stat).is_stale()) {
        let _ = rustix::fs::futimens(file, &ACCESSED);
    }
}

/// Notes a use of an open file that is neither a blob nor a record.
pub(crate) fn note_use_of_file(file: &File) {
    if rustix::fs::fstat(file).is_ok_and(|stat| Moment::of_change(&stat).is_stale()) {
        let _ = rustix::fs::futimens(file, &CHANGED);
    }
}
