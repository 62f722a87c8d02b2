//! Trees as folders of files without contents, in which overlayfs attributes (`user.overlay.metacopy` and `redirect`) name
//! the blobs that hold the contents.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::Scope;
use rustix::fs::{Mode, OFlags, XattrFlags};
use rustix::io::Errno;
use spec_model::Digest;
use spec_model::tree::FileNode;

use crate::attributes::{set_mode_and_time, set_node_time};
use crate::checkout::symlink;
use crate::error::{CasError, Result};
use crate::layout::overlay_redirect;
use crate::store::Cas;

/// Writes the layer of a tree to the empty folder `dest`; answers with about how many bytes of disk it takes.
pub(crate) fn write_metacopy_layer(cas: &Cas, root: &Digest, dest: &Path) -> Result<u64> {
    let folder = File::open(dest).map_err(CasError::io("open", dest))?;
    let writer = MetacopyLayerWriter { cas, dest, progress: Mutex::default() };
    cas.workers()?.scope(|scope| writer.folder(scope, folder, String::new(), *root));
    let progress = writer.progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Per entry an inode, and a block for attributes that do not fit into it.
    progress.failure.map_or(Ok(progress.entries * (256 + 4096)), Err)
}

#[derive(Default)]
struct WriteProgress {
    failure: Option<CasError>,
    entries: u64,
}

struct MetacopyLayerWriter<'a> {
    cas: &'a Cas,
    dest: &'a Path,
    progress: Mutex<WriteProgress>,
}

impl MetacopyLayerWriter<'_> {
    fn folder<'scope>(&'scope self, scope: &Scope<'scope>, folder: File, path: String, digest: Digest) {
        let filled = self.fill(scope, &folder, &path, &digest);
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        match filled {
            Ok(entries) => progress.entries += entries,
            Err(error) => _ = progress.failure.get_or_insert(error),
        }
    }

    fn has_failed(&self) -> bool {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).failure.is_some()
    }

    fn fill<'scope>(
        &'scope self,
        scope: &Scope<'scope>,
        folder: &File,
        path: &str,
        digest: &Digest,
    ) -> Result<u64> {
        if self.has_failed() {
            return Ok(0);
        }
        self.cas.check_cancel()?;
        let directory = self.cas.directory_at(digest, path)?;
        let place = |name: &str| self.dest.join(path).join(name);
        for child in &directory.directories {
            let below =
                make_subfolder(folder, &child.name).map_err(CasError::io("create", place(&child.name)))?;
            let (path, digest) = (format!("{path}{}/", child.name), child.digest);
            scope.spawn(move |scope| self.folder(scope, below, path, digest));
        }
        for file in &directory.files {
            make_metacopy_file(folder, file).map_err(CasError::io("create", place(&file.name)))?;
        }
        for link in &directory.symlinks {
            symlink(folder, link).map_err(CasError::io("create", place(&link.name)))?;
        }
        set_mode_and_time(folder, directory.properties.unix_mode.unwrap_or(0o755))
            .map_err(CasError::io("finish", place("")))?;
        Ok((directory.files.len() + directory.directories.len() + directory.symlinks.len()) as u64)
    }
}

fn make_subfolder(folder: impl AsFd, name: &str) -> Result<File, Errno> {
    rustix::fs::mkdirat(&folder, name, Mode::from_raw_mode(0o755))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::empty()).map(File::from)
}

/// Makes a file of the right size that takes no room.
fn make_metacopy_file(folder: &File, node: &FileNode) -> std::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mode = node.properties.unix_mode.unwrap_or(if node.executable { 0o755 } else { 0o644 });
    let file: File =
        rustix::fs::openat(folder, node.name.as_str(), flags, Mode::from_raw_mode(0o600))?.into();
    if node.digest.size() > 0 {
        rustix::fs::ftruncate(&file, node.digest.size())?;
        let redirect = overlay_redirect(&node.digest);
        for (name, value) in [("user.overlay.metacopy", ""), ("user.overlay.redirect", redirect.as_str())] {
            rustix::fs::fsetxattr(&file, name, value.as_bytes(), XattrFlags::empty())?;
        }
    }
    set_mode_and_time(&file, mode)?;
    set_node_time(&file, &node.properties)
}
