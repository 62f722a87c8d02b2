//! Paths in project files that must stay inside the project.

use std::os::unix::fs::FileTypeExt as _;
use std::path::{Component, Path, PathBuf};

use spec_model::Node;

use crate::LoadError;

const OUTSIDE: &str = "proj-path-invalid";
const WRONG_KIND: &str = "proj-path-invalid-kind";

/// What a path must lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A file or a directory.
    Any,
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// The real path that a node names relative to the project in `directory`, which must be a real path itself.
///
/// # Errors
/// `proj-path-invalid` when it is absolute or leads outside, `missing-file` when nothing is there,
/// `proj-path-invalid-kind` when it is not of the expected kind or a symbolic link.
pub fn project_path(directory: &Path, node: &Node, kind: PathKind) -> Result<PathBuf, LoadError> {
    let text = node.as_str()?;
    let path = Path::new(text);
    let error =
        |reason, what: &str| Err(LoadError::at(reason, node.position.as_ref(), format!("'{text}' {what}")));
    let full = directory.join(path);
    if full.is_symlink() {
        return error(WRONG_KIND, "is a symbolic link; expected what it points at");
    }
    if path.is_absolute() {
        return error(OUTSIDE, "is an absolute path; expected one relative to the project");
    }
    if path.components().next() == Some(Component::ParentDir) {
        return error(OUTSIDE, "leads outside of the project");
    }
    let Ok(real) = full.canonicalize() else {
        return error("missing-file", "does not exist in the project");
    };
    if !real.starts_with(directory) {
        return error(OUTSIDE, "leads outside of the project");
    }
    match (kind, real.metadata().map(|data| data.file_type())) {
        (PathKind::File, Ok(found)) if !found.is_file() => error(WRONG_KIND, "is not a regular file"),
        (PathKind::Directory, Ok(found)) if !found.is_dir() => error(WRONG_KIND, "is not a directory"),
        (_, Ok(found)) if found.is_socket() || found.is_fifo() || found.is_block_device() => {
            error(WRONG_KIND, "is neither a file nor a directory")
        }
        _ => Ok(real),
    }
}
