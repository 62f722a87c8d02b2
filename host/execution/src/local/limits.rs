//! How much one action may write, and the look at it while it runs.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use spec_cas::CasError;

use crate::local::action_root::ActionRoot;
use crate::local::scratch::{DiskUsage, ScratchAllocator, ScratchMedium};
use crate::outcome::ActionError;

/// How much one action may write. The defaults are above what the largest links and archives take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionLimits {
    /// Bytes that it writes to its root, and bytes of its outputs.
    pub bytes: u64,
    /// Files, folders and links that it writes to its root, and those of its outputs.
    pub entries: u64,
    /// Bytes of each of its standard streams.
    pub stream: u64,
    /// Bytes that it writes to memory. One that writes more is run again with its root on the disk.
    pub memory: u64,
}

impl ActionLimits {
    /// The settings of the configuration file that these bounds come from, for messages.
    pub(crate) const BYTES: &'static str = "action-size";
    pub(crate) const ENTRIES: &'static str = "action-entries";
    const STREAM: &'static str = "action-log-size";

    /// # Errors
    /// [`ActionError::TooLarge`]
    pub(crate) fn check_bytes(&self, what: &str, found: u64) -> Result<(), ActionError> {
        check(what, found, self.bytes, "bytes", Self::BYTES)
    }

    /// # Errors
    /// [`ActionError::TooLarge`]
    pub(crate) fn check_entries(&self, what: &str, found: u64) -> Result<(), ActionError> {
        check(what, found, self.entries, "entries", Self::ENTRIES)
    }

    /// # Errors
    /// [`ActionError::TooLarge`]
    pub(crate) fn check_stream(&self, what: &str, found: u64) -> Result<(), ActionError> {
        check(what, found, self.stream, "bytes", Self::STREAM)
    }
}

impl Default for ActionLimits {
    fn default() -> Self {
        Self { bytes: 64 << 30, entries: 1_000_000, stream: 1 << 30, memory: 4 << 30 }
    }
}

fn check(
    what: &str,
    found: u64,
    limit: u64,
    unit: &'static str,
    setting: &'static str,
) -> Result<(), ActionError> {
    match found > limit {
        true => Err(ActionError::TooLarge { what: what.to_owned(), found, limit, unit, setting }),
        false => Ok(()),
    }
}

/// Why a command was stopped before its end.
pub(super) enum StopReason {
    /// It takes too much of the memory, and may do better on the disk.
    Memory,
    /// It takes too much.
    TooLarge(ActionError),
}

/// Looks at what a running command takes. What is on the medium is asked for often, for that is cheap; what of it is the
/// command's own only when so much was written since that it may be too much.
pub(super) struct WriteMonitor<'a> {
    scratch: &'a ScratchAllocator,
    action_root: &'a ActionRoot,
    limits: ActionLimits,
    /// What was taken of the medium when the command began, and where its own part has to be counted again.
    next: DiskUsage,
}

impl<'a> WriteMonitor<'a> {
    pub(super) fn new(
        scratch: &'a ScratchAllocator,
        action_root: &'a ActionRoot,
        limits: ActionLimits,
    ) -> Self {
        let next = scratch.taken(action_root.medium).plus(most(action_root.medium, &limits));
        Self { scratch, action_root, limits, next }
    }

    /// Whether the command is to be stopped.
    pub(super) fn look(&mut self) -> Option<StopReason> {
        for name in ["stdout", "stderr"] {
            let length = std::fs::metadata(self.action_root.beside(name)).map_or(0, |meta| meta.len());
            if let Err(error) = self.limits.check_stream(name, length) {
                return Some(StopReason::TooLarge(error));
            }
        }
        let medium = self.action_root.medium;
        if self.scratch.is_short(medium) {
            return Some(StopReason::Memory);
        }
        let taken = self.scratch.taken(medium);
        if taken.is_within(self.next) {
            return None;
        }
        let (own, most) = (written(&self.action_root.upper()), most(medium, &self.limits));
        self.next = taken.plus(most.minus(own));
        let what = "what the command wrote";
        let checked = self.limits.check_bytes(what, own.bytes);
        match checked.and_then(|()| self.limits.check_entries(what, own.entries)) {
            Err(error) => Some(StopReason::TooLarge(error)),
            Ok(()) => (!own.is_within(most)).then_some(StopReason::Memory),
        }
    }
}

fn most(medium: ScratchMedium, limits: &ActionLimits) -> DiskUsage {
    let bytes = if medium == ScratchMedium::Memory { limits.bytes.min(limits.memory) } else { limits.bytes };
    DiskUsage { bytes, entries: limits.entries }
}

/// What a folder that a command may be writing to takes. What cannot be opened, or goes meanwhile, is not counted.
fn written(folder: &Path) -> DiskUsage {
    let mut total = DiskUsage::default();
    count(CWD.as_fd(), folder, 0, &mut total);
    total
}

fn count(parent: impl AsFd, name: impl rustix::path::Arg, depth: u32, total: &mut DiskUsage) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(folder) = rustix::fs::openat(parent, name, flags, Mode::empty()) else { return };
    let Ok(entries) = Dir::read_from(&folder) else { return };
    for entry in entries.map_while(Result::ok) {
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        total.entries += 1;
        total.bytes += size(&folder, name);
        // Deeper trees are no outputs, and each level takes a descriptor.
        if depth < spec_cas::Limits::DEEPEST && entry.file_type() == FileType::Directory {
            count(&folder, name, depth + 1, total);
        }
    }
}

fn size(folder: &OwnedFd, name: &std::ffi::CStr) -> u64 {
    let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    stat.map_or(0, |stat| stat.st_blocks as u64 * 512)
}

/// The same of trees: their bounds are the store's, their settings those of actions.
pub(super) fn of_output(output: &str, error: CasError) -> ActionError {
    match error {
        CasError::TreeTooLarge { found, limit, unit, setting, .. } => {
            let setting = match unit {
                "bytes" => ActionLimits::BYTES,
                "entries" => ActionLimits::ENTRIES,
                _ => setting,
            };
            ActionError::TooLarge { what: format!("the output '{output}'"), found, limit, unit, setting }
        }
        CasError::BadPath { path, why } => ActionError::BadOutput {
            path: output.to_owned(),
            found: format!("a directory with '{path}' in it, of which {why}"),
            expected: "names and links in UTF-8, at most 255 and 4095 bytes long",
        },
        CasError::SpecialFile { kind, .. } => ActionError::BadOutput {
            path: output.to_owned(),
            found: format!("a {kind}, or a directory with one in it"),
            expected: "files, directories and symbolic links",
        },
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_counted_without_following_links() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inside = folder.path().join("inside");
        std::fs::create_dir_all(inside.join("a/b")).expect("it is ours");
        std::fs::write(inside.join("a/b/large"), vec![1; 1 << 20]).expect("there is room");
        std::fs::write(folder.path().join("outside"), vec![1; 1 << 20]).expect("there is room");
        for (target, name) in [("..", "up"), ("../outside", "file"), ("/", "root")] {
            std::os::unix::fs::symlink(target, inside.join(name)).expect("it is ours");
        }
        let found = written(&inside);
        assert_eq!(found.entries, 6);
        assert!((1 << 20..3 << 19).contains(&found.bytes), "{found:?}");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&inside, &link).expect("it is ours");
        assert_eq!(written(&link), DiskUsage::default());
    }
}
