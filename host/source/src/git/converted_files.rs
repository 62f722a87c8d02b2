//! Finds the files of a commit that are checked out with other contents than the repository has.

use std::collections::{HashMap, HashSet};

use git2::Oid;
use spec_cas::Limits;

use super::attributes::{ATTRIBUTES_FILE, AttributeRules, AttributeStack};
use super::commit_contents::{CommitContents, FileContents, join};
use super::conversion::Conversion;
use super::objects::{GitEntryKind, ObjectReader};
use crate::git_error::GitError;

/// Bytes of a `.gitattributes`. Real ones have thousands.
const LARGEST: u64 = 4 << 20;

/// The files that are converted, by their paths.
#[derive(Default)]
pub(super) struct ConvertedFiles {
    pub(super) files: HashMap<String, Conversion>,
    /// The folders with such files, and those above them.
    pub(super) folders: HashSet<String>,
}

/// Finds the converted files of a folder, and lists the files of its contents anew if there are some.
pub(super) fn convert(
    reader: &ObjectReader<'_>,
    root: Oid,
    rules: AttributeRules,
    limits: Limits,
    contents: &mut CommitContents,
) -> Result<ConvertedFiles, GitError> {
    let texts = attribute_files(reader, rules, contents)?;
    if texts.is_empty() {
        return Ok(ConvertedFiles::default());
    }
    let mut search = ConversionSearch {
        contents,
        texts: &texts,
        attributes: AttributeStack::new(rules),
        entries: 0,
        limits,
        used: HashSet::new(),
        found: ConvertedFiles::default(),
    };
    search.folder(root, "", 0)?;
    let (used, found) = (search.used, search.found);
    contents.files = used.into_iter().collect();
    Ok(found)
}

/// The texts of `.gitattributes`, by their objects; none if no file is converted by any of them.
fn attribute_files(
    reader: &ObjectReader<'_>,
    rules: AttributeRules,
    contents: &CommitContents,
) -> Result<HashMap<Oid, Vec<u8>>, GitError> {
    let mut texts = HashMap::new();
    for entry in contents.folders.values().flatten() {
        // As for git, a symbolic link of this name means nothing.
        if entry.name == ATTRIBUTES_FILE && matches!(entry.kind, GitEntryKind::File { .. }) {
            if reader.size(entry.id)? > LARGEST {
                return Err(GitError::TooLarge { limit: format!("{LARGEST} bytes in {ATTRIBUTES_FILE}") });
            }
            texts.insert(entry.id, reader.blob(entry.id)?.data().to_vec());
        }
    }
    match texts.values().any(|text| rules.may_convert(text)) {
        true => Ok(texts),
        false => Ok(HashMap::new()),
    }
}

/// Goes through all paths: a folder may be at several, where its files have different attributes.
struct ConversionSearch<'s> {
    contents: &'s CommitContents,
    texts: &'s HashMap<Oid, Vec<u8>>,
    attributes: AttributeStack,
    entries: u64,
    limits: Limits,
    used: HashSet<FileContents>,
    found: ConvertedFiles,
}

impl ConversionSearch<'_> {
    /// Answers whether a file in the folder, or below it, is converted.
    fn folder(&mut self, id: Oid, path: &str, depth: u32) -> Result<bool, GitError> {
        if depth > Limits::DEEPEST {
            return Err(GitError::TooLarge { limit: format!("{} levels of folders", Limits::DEEPEST) });
        }
        let contents = self.contents;
        let entries = contents.folders.get(&id).map_or(&[][..], Vec::as_slice);
        self.entries += entries.len() as u64;
        if self.entries > self.limits.entries {
            return Err(GitError::TooLarge { limit: format!("{} files and folders", self.limits.entries) });
        }
        let texts = self.texts;
        let file = |kind: &GitEntryKind| matches!(kind, GitEntryKind::File { .. });
        let own = entries.iter().find(|entry| entry.name == ATTRIBUTES_FILE && file(&entry.kind));
        let own = own.and_then(|entry| texts.get(&entry.id));
        if let Some(text) = own {
            self.attributes.enter(path, text)?;
        }
        let mut any = false;
        for entry in entries {
            let inner = join(path, &entry.name);
            match entry.kind {
                GitEntryKind::Folder => any |= self.folder(entry.id, &inner, depth + 1)?,
                GitEntryKind::File { .. } => any |= self.file(entry.id, inner)?,
                GitEntryKind::Link | GitEntryKind::Submodule => {}
            }
        }
        if own.is_some() {
            self.attributes.leave();
        }
        if any {
            self.found.folders.insert(path.to_owned());
        }
        Ok(any)
    }

    fn file(&mut self, id: Oid, path: String) -> Result<bool, GitError> {
        let conversion = self.attributes.conversion(&path)?;
        self.used.insert((id, conversion));
        let is_converted = conversion != Conversion::NONE;
        if is_converted {
            self.found.files.insert(path, conversion);
        }
        Ok(is_converted)
    }
}
