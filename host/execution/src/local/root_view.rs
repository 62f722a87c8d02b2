//! What is seen in a root after a command, without mounting it: what was written, over the trees below.

use std::collections::VecDeque;
use std::path::Path;

use spec_action::path::append;
use spec_cas::{
    CapturedTree, Cas, CasError, Entry, LowerPart, MergeInput, OverlayXattrs, UpperEntryKind, UpperReader,
};
use spec_model::Digest;

use crate::outcome::ActionError;

/// As many symbolic links are followed in one path, as Linux has it.
const MOST_LINKS: usize = 40;

/// A root after a command.
#[derive(Debug)]
pub(crate) struct RootView<'a> {
    cas: &'a Cas,
    written: UpperReader,
    root: ViewDirectory,
}

/// A directory in the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ViewDirectory {
    /// Where its part of what was written is, in the upper folder.
    pub(crate) written: Option<String>,
    /// Its parts of the trees below, the highest first.
    pub(crate) below: Vec<Digest>,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ViewEntry {
    Nothing,
    /// A file that was written.
    Written {
        path: String,
        executable: bool,
    },
    /// A file with the contents that it had before.
    Untouched {
        digest: Digest,
        executable: bool,
        /// Where its mode and time are, if they were written.
        written: Option<String>,
    },
    Link {
        target: String,
        written: Option<String>,
    },
    Directory(ViewDirectory),
    /// Something that trees cannot hold, and what it is.
    Special(&'static str),
}

impl<'a> RootView<'a> {
    /// The view of what was written at `upper` over the trees `below`, the highest first.
    pub(crate) fn new(
        cas: &'a Cas,
        upper: &Path,
        xattrs: OverlayXattrs,
        below: Vec<Digest>,
    ) -> Result<Self, ActionError> {
        let root = ViewDirectory { written: Some(String::new()), below };
        Ok(Self { cas, written: UpperReader::open(upper, xattrs)?, root })
    }

    /// What was written, by itself.
    pub(crate) fn written(&self) -> &UpperReader {
        &self.written
    }

    /// Stores the directory at `path`, which was written over the tree `below`, with `cas`, which may have limits of its own.
    pub(crate) fn capture(&self, cas: &Cas, path: &str, below: &Digest) -> Result<CapturedTree, CasError> {
        let root_below = || {
            let layers: Vec<_> = self.root.below.iter().rev().map(|tree| MergeInput::whole(*tree)).collect();
            Ok(cas.merge(&layers)?.root)
        };
        self.written.capture(cas, path, below, &root_below)
    }

    /// What is at the relative path `path`. Links on the way are followed, inside; one at its end only if `follow`.
    pub(crate) fn at(&self, path: &str, follow: bool) -> Result<ViewEntry, ActionError> {
        let mut names: VecDeque<String> = steps(path).collect();
        let mut way = vec![self.root.clone()];
        let mut links = 0;
        while let Some(name) = names.pop_front() {
            if name == ".." {
                way.truncate(way.len().saturating_sub(1).max(1));
                continue;
            }
            let folder = way.last().unwrap_or(&self.root);
            match self.child(folder, &name)? {
                ViewEntry::Directory(folder) => way.push(folder),
                ViewEntry::Link { target, .. } if follow || !names.is_empty() => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Ok(ViewEntry::Nothing);
                    }
                    if target.starts_with('/') {
                        way.truncate(1);
                    }
                    steps(&target).rev().for_each(|step| names.push_front(step));
                }
                seen if names.is_empty() => return Ok(seen),
                _ => return Ok(ViewEntry::Nothing),
            }
        }
        Ok(ViewEntry::Directory(way.pop().unwrap_or_else(|| self.root.clone())))
    }

    fn child(&self, folder: &ViewDirectory, name: &str) -> Result<ViewEntry, ActionError> {
        let below = self.below(folder, name)?;
        let Some(path) = folder.written.as_ref().map(|written| append(written, name)) else {
            return Ok(below);
        };
        let Some(entry) = self.written.entry(&path)? else { return Ok(below) };
        Ok(match entry.kind {
            UpperEntryKind::Folder(part) => {
                let below = match self.lower(folder, name, &part)? {
                    ViewEntry::Directory(folder) => folder.below,
                    _ => Vec::new(),
                };
                ViewEntry::Directory(ViewDirectory { written: Some(path), below })
            }
            UpperEntryKind::File => ViewEntry::Written { executable: entry.mode & 0o100 != 0, path },
            UpperEntryKind::FileBelow(part) => {
                self.changed(folder, name, &part, entry.mode & 0o100 != 0, path)?
            }
            UpperEntryKind::Symlink { target, is_text: true } => {
                ViewEntry::Link { target, written: Some(path) }
            }
            UpperEntryKind::Symlink { .. } => ViewEntry::Special("a link whose target is not UTF-8"),
            UpperEntryKind::Gone => ViewEntry::Nothing,
            UpperEntryKind::Special(kind) => ViewEntry::Special(kind),
        })
    }

    /// A file of which only the mode, the time or the name was written.
    fn changed(
        &self,
        folder: &ViewDirectory,
        name: &str,
        part: &LowerPart,
        executable: bool,
        path: String,
    ) -> Result<ViewEntry, ActionError> {
        match self.lower(folder, name, part)? {
            ViewEntry::Untouched { digest, .. } => {
                Ok(ViewEntry::Untouched { digest, executable, written: Some(path) })
            }
            _ => Err(CasError::writing(path, std::io::Error::other("its overlay mark leads nowhere")).into()),
        }
    }

    /// The part of the trees that something written has, which is called `name` in `folder`.
    fn lower(&self, folder: &ViewDirectory, name: &str, part: &LowerPart) -> Result<ViewEntry, CasError> {
        match part {
            LowerPart::Nothing => Ok(ViewEntry::Nothing),
            LowerPart::SameName => self.below(folder, name),
            LowerPart::Name(name) => self.below(folder, name),
            LowerPart::Path(path) => {
                let root = ViewDirectory { written: None, below: self.root.below.clone() };
                steps(path).try_fold(ViewEntry::Directory(root), |seen, name| match seen {
                    ViewEntry::Directory(folder) => self.below(&folder, &name),
                    _ => Ok(ViewEntry::Nothing),
                })
            }
        }
    }

    /// What the trees have. Directories merge down to the first that has something else.
    fn below(&self, folder: &ViewDirectory, name: &str) -> Result<ViewEntry, CasError> {
        let mut directories = Vec::new();
        for tree in &folder.below {
            let seen = match self.cas.lookup(tree, name)? {
                None => continue,
                Some(Entry::Directory(digest)) => {
                    directories.push(digest);
                    continue;
                }
                Some(Entry::File(file)) => {
                    ViewEntry::Untouched { digest: file.digest, executable: file.executable, written: None }
                }
                Some(Entry::Symlink(link)) => ViewEntry::Link { target: link.target, written: None },
            };
            return Ok(if directories.is_empty() { seen } else { folder_below(directories) });
        }
        Ok(if directories.is_empty() { ViewEntry::Nothing } else { folder_below(directories) })
    }
}

fn folder_below(below: Vec<Digest>) -> ViewEntry {
    ViewEntry::Directory(ViewDirectory { written: None, below })
}

fn steps(path: &str) -> impl DoubleEndedIterator<Item = String> + '_ {
    path.split('/').filter(|name| !matches!(*name, "" | ".")).map(str::to_owned)
}
