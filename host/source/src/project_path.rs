//! Paths of files of the project, by BuildStream's rules.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};

use spec_model::Node;

use crate::error::SourceError;

/// What a path must lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathKind {
    Any,
    File,
    Directory,
}

/// The absolute path that `node` names, by BuildStream's rules: relative, existing, inside the project with all links
/// resolved, and no link itself.
pub(crate) fn project_path(project: &Path, node: &Node, expected: PathKind) -> Result<PathBuf, SourceError> {
    const INVALID: &str = "proj-path-invalid";
    const KIND: &str = "proj-path-invalid-kind";
    let text = node.as_str()?;
    let bad = |reason, why| SourceError::BadPath {
        path: text.to_owned(),
        why,
        reason,
        position: node.position.clone(),
    };
    let missing = || bad("missing-file", "does not exist; expected a file or folder of the project");
    let path = Path::new(text);
    let full = project.join(path);
    if fs::symlink_metadata(&full).is_ok_and(|meta| meta.is_symlink()) {
        return Err(bad(KIND, "is a symbolic link; expected what it points at"));
    }
    if path.components().next() == Some(Component::ParentDir) {
        return Err(bad(INVALID, "begins with '..'; expected a path inside the project"));
    }
    let resolved = full.canonicalize().map_err(|_| missing())?;
    let root = project.canonicalize().map_err(|_| missing())?;
    if !resolved.starts_with(&root) {
        return Err(bad(INVALID, "leads out of the project; expected a path inside it"));
    }
    if path.is_absolute() {
        return Err(bad(INVALID, "is absolute; expected a path relative to the folder of project.conf"));
    }
    let kind = fs::metadata(&resolved).map_err(|_| missing())?.file_type();
    if kind.is_socket() || kind.is_fifo() || kind.is_block_device() || kind.is_char_device() {
        return Err(bad(KIND, "is a special file; expected a file or folder"));
    }
    match expected {
        PathKind::File if !kind.is_file() => Err(bad(KIND, "is a folder; expected a file")),
        PathKind::Directory if !kind.is_dir() => Err(bad(KIND, "is a file; expected a folder")),
        _ => Ok(full),
    }
}
