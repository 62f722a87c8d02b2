//! Looks whether a root has a program, as BuildStream does before it asks a server for anything.

use std::path::PathBuf;

use spec_cas::{Cas, CasError, Entry};
use spec_model::Digest;
use spec_sandbox::SandboxError;

use crate::error::ExecutionError;
use crate::symlinks::follow;

/// Looks for a program as the kernel and `execvp(3)` would, with the `PATH` of this environment and from the absolute path
/// `cwd`.
///
/// # Errors
/// [`SandboxError::CommandNotFound`] when it is not there.
pub(super) fn check_program(
    cas: &Cas,
    root: &Digest,
    program: &str,
    environment: &[(String, String)],
    cwd: &str,
) -> Result<(), ExecutionError> {
    let mut tried = Vec::new();
    for path in candidates(program, environment, cwd) {
        if is_file(cas, root, &path)? {
            return Ok(());
        }
        tried.push(PathBuf::from(path));
    }
    Err(SandboxError::CommandNotFound { program: program.to_owned(), tried }.into())
}

fn candidates(program: &str, environment: &[(String, String)], cwd: &str) -> Vec<String> {
    if program.starts_with('/') {
        return vec![program.to_owned()];
    }
    if program.contains('/') {
        return vec![format!("{cwd}/{program}")];
    }
    let path = environment.iter().rev().find(|(name, _)| name == "PATH").map(|(_, path)| path.as_str());
    let folders = path.unwrap_or_default().split(':').filter(|folder| folder.starts_with('/'));
    folders.map(|folder| format!("{}/{program}", folder.trim_end_matches('/'))).collect()
}

fn is_file(cas: &Cas, root: &Digest, path: &str) -> Result<bool, CasError> {
    Ok(matches!(follow(cas, root, path)?, Some((_, Entry::File(_)))))
}
