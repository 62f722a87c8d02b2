//! The files of a commit that are kept by Git LFS.

use std::collections::BTreeSet;

use spec_cas::Limits;

use super::attributes::AttributeRules;
use super::commit_contents::list;
use super::converted_files::convert;
use super::lfs::{LARGEST_POINTER, LfsPointer};
use super::objects::{GitEntryKind, GitObjects, oid};
use crate::git_error::GitError;

/// Bytes of a file that is looked at.
const LARGEST: u64 = 1 << 20;

/// The pointers of a commit whose files are wanted.
pub(super) fn lfs_pointers(
    objects: &GitObjects,
    commit: &str,
    limits: Limits,
) -> Result<BTreeSet<LfsPointer>, GitError> {
    let reader = objects.reader()?;
    let root = reader.commit(oid(commit)?)?.tree;
    let mut contents = list(&reader, root, limits)?;
    let found = convert(&reader, root, AttributeRules::Git { lfs: true }, limits, &mut contents)?;
    let mut pointers = BTreeSet::new();
    if found.files.is_empty() {
        return Ok(pointers);
    }
    for (id, conversion) in &contents.files {
        if conversion.lfs && reader.size(*id)? <= LARGEST_POINTER {
            pointers.extend(LfsPointer::parse(reader.blob(*id)?.data()));
        }
    }
    let bytes = pointers.iter().fold(0u64, |sum, pointer| sum.saturating_add(pointer.size));
    match bytes > limits.bytes {
        true => Err(GitError::TooLarge { limit: format!("{} bytes of files", limits.bytes) }),
        false => Ok(pointers),
    }
}

/// The text of a commit's `.lfsconfig`.
pub(super) fn lfs_config(objects: &GitObjects, commit: &str) -> Result<Option<String>, GitError> {
    let reader = objects.reader()?;
    let entry = reader.entry(oid(commit)?, ".lfsconfig")?;
    match entry.filter(|entry| matches!(entry.kind, GitEntryKind::File { .. })) {
        Some(entry) if reader.size(entry.id)? <= LARGEST => {
            Ok(Some(String::from_utf8_lossy(reader.blob(entry.id)?.data()).into_owned()))
        }
        _ => Ok(None),
    }
}

/// Whether the `.gitattributes` at the root of a commit name Git LFS, as BuildStream's plugin looks for it.
pub(super) fn names_lfs(objects: &GitObjects, commit: &str) -> Result<bool, GitError> {
    let reader = objects.reader()?;
    let Some(entry) = reader.entry(oid(commit)?, super::attributes::ATTRIBUTES_FILE)? else {
        return Ok(false);
    };
    if !matches!(entry.kind, GitEntryKind::File { .. }) || reader.size(entry.id)? > LARGEST {
        return Ok(false);
    }
    let blob = reader.blob(entry.id)?;
    let text = String::from_utf8_lossy(blob.data());
    Ok(["filter=lfs", "diff=lfs", "merge=lfs"].iter().any(|words| text.contains(words)))
}
