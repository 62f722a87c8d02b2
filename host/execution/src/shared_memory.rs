//! Folders in memory, which every Linux has and every user may use, of half of the memory by default.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{Mode, OFlags, XattrFlags};

const MEMORY: &str = "/dev/shm";
const TMPFS: u64 = 0x0102_1994;
/// Bytes; containers often have one so small that little fits into it.
const WORTH_USING: u64 = 1 << 30;

/// The folder of this user for what actions write; `None` when there is no memory to use.
pub(crate) fn for_actions() -> Option<PathBuf> {
    own_folder("")
}

/// The folder of this user for layers, which outlive the process; `None` when there is no memory to use.
pub(crate) fn for_layers() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(|| own_folder("-layers")).as_deref()
}

fn own_folder(suffix: &str) -> Option<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let folder = Path::new(MEMORY).join(format!("spec-host-{user}{suffix}"));
    let found = rustix::fs::statfs(MEMORY).ok()?;
    if found.f_type as u64 != TMPFS || found.f_blocks.saturating_mul(found.f_bsize as u64) < WORTH_USING {
        return None;
    }
    // Anybody may make folders there, so what has our name may not be ours; whatever fails means not to use it.
    let _ = DirBuilder::new().mode(0o700).create(&folder);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = rustix::fs::open(&folder, flags, Mode::empty()).ok()?;
    let found = rustix::fs::fstat(&open).ok()?;
    // What is ours nobody else can replace there, for the folder above it is sticky.
    let ours = found.st_uid == user && found.st_mode & 0o077 == 0;
    // Overlayfs marks directories by attributes, which a tmpfs has since Linux 6.6.
    let mark = || rustix::fs::fsetxattr(&open, "user.spec-host", b"y", XattrFlags::empty()).is_ok();
    (ours && mark()).then_some(folder)
}

/// Whether one `part`-th of the blocks and of the files of a file system is free.
pub(crate) fn has_free(folder: &Path, part: u64) -> bool {
    rustix::fs::statvfs(folder)
        .is_ok_and(|found| found.f_bavail >= found.f_blocks / part && found.f_favail >= found.f_files / part)
}
