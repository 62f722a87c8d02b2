//! A file system in memory, just large enough to unpack an archive into: directories, files with several names,
//! symbolic links that are followed on the way, and no way out of its root.

use std::collections::BTreeMap;

use super::member::ContentIndex;

/// A node of the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InodeId(usize);

#[derive(Debug)]
pub(crate) enum Inode {
    Directory { parent: InodeId, depth: u32, entries: BTreeMap<String, InodeId> },
    File { content: ContentIndex, executable: bool },
    Symlink { target: String },
}

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PathLookup {
    Node(InodeId),
    /// Nothing yet, but its directory exists.
    Vacant(EntryName),
    /// A directory on the way is missing, or is none.
    Missing,
}

/// A name in a directory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EntryName {
    pub(crate) directory: InodeId,
    pub(crate) name: String,
}

/// Why a path leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PathError {
    /// It leads out of the root, through this.
    Climbs(String),
    /// Something is in the way.
    Blocked(&'static str),
    /// There are as many files and directories as there may be.
    Full,
}

pub(crate) struct Vfs {
    nodes: Vec<Inode>,
    /// Nodes above which no directory is made: a name makes all those that it goes through.
    most: usize,
}

/// As many links as Linux follows on one path.
const MAX_LINKS: u32 = 40;
/// As deep as trees may be.
const MAX_DEPTH: u32 = spec_cas::Limits::DEEPEST;

impl Vfs {
    pub(crate) const ROOT: InodeId = InodeId(0);

    pub(crate) fn new(most: usize) -> Self {
        let root = Inode::Directory { parent: Self::ROOT, depth: 0, entries: BTreeMap::new() };
        Self { nodes: vec![root], most }
    }

    pub(crate) fn get(&self, id: InodeId) -> &Inode {
        &self.nodes[id.0]
    }

    pub(crate) fn get_mut(&mut self, id: InodeId) -> &mut Inode {
        &mut self.nodes[id.0]
    }

    fn child(&self, directory: InodeId, name: &str) -> Option<InodeId> {
        match self.get(directory) {
            Inode::Directory { entries, .. } => entries.get(name).copied(),
            _ => None,
        }
    }

    fn parent(&self, directory: InodeId, path: &str) -> Result<InodeId, PathError> {
        match self.get(directory) {
            Inode::Directory { parent, .. } if directory != Self::ROOT => Ok(*parent),
            _ => Err(PathError::Climbs(path.to_owned())),
        }
    }

    /// Follows a path from the root. A link at its end is followed if `follow` says so.
    pub(crate) fn find(&self, path: &str, follow: bool) -> Result<PathLookup, PathError> {
        let mut links = 0;
        self.find_from(Self::ROOT, path, follow, &mut links)
    }

    fn find_from(
        &self,
        start: InodeId,
        path: &str,
        follow: bool,
        links: &mut u32,
    ) -> Result<PathLookup, PathError> {
        let mut at = start;
        let mut parts = path.split('/').filter(|part| !matches!(*part, "" | ".")).peekable();
        while let Some(part) = parts.next() {
            if !matches!(self.get(at), Inode::Directory { .. }) {
                return Ok(PathLookup::Missing);
            }
            if part == ".." {
                at = self.parent(at, path)?;
                continue;
            }
            let last = parts.peek().is_none();
            at = match self.child(at, part) {
                None if last => {
                    return Ok(PathLookup::Vacant(EntryName { directory: at, name: part.to_owned() }));
                }
                None => return check_missing(parts, path),
                Some(id) if last && !follow => id,
                Some(id) => match self.follow(at, id, links)? {
                    PathLookup::Node(id) => id,
                    found if last => return Ok(found),
                    _ => return Ok(PathLookup::Missing),
                },
            };
        }
        Ok(PathLookup::Node(at))
    }

    /// Where a node in `directory` leads: itself, unless it is a link.
    fn follow(&self, directory: InodeId, id: InodeId, links: &mut u32) -> Result<PathLookup, PathError> {
        let Inode::Symlink { target } = self.get(id) else {
            return Ok(PathLookup::Node(id));
        };
        *links += 1;
        if *links > MAX_LINKS {
            return Err(PathError::Blocked("its path goes through too many links"));
        }
        if target.starts_with('/') {
            return Err(PathError::Climbs(target.clone()));
        }
        self.find_from(directory, target, true, links)
    }

    /// The name that `path` stands for, with the directories above it made; the directory itself for a path that
    /// ends in `.` or `..`.
    pub(crate) fn create_parents(&mut self, path: &str) -> Result<Result<EntryName, InodeId>, PathError> {
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let Some((last, above)) = parts.split_last() else {
            return Ok(Err(Self::ROOT));
        };
        let mut at = Self::ROOT;
        let mut made = false;
        for part in above {
            at = match (*part, self.child(at, part)) {
                ("..", _) if made => {
                    return Err(PathError::Blocked("its path turns back in a missing directory"));
                }
                ("..", _) => self.parent(at, path)?,
                (_, None) => {
                    made = true;
                    self.make_directory(EntryName { directory: at, name: (*part).to_owned() })?
                }
                (_, Some(id)) => self.enter(at, id)?,
            };
        }
        match *last {
            ".." => self.parent(at, path).map(Err),
            name => Ok(Ok(EntryName { directory: at, name: name.to_owned() })),
        }
    }

    fn enter(&self, directory: InodeId, id: InodeId) -> Result<InodeId, PathError> {
        let mut links = 0;
        match self.follow(directory, id, &mut links)? {
            PathLookup::Node(id) if matches!(self.get(id), Inode::Directory { .. }) => Ok(id),
            PathLookup::Node(_) => Err(PathError::Blocked("a file stands where its path needs a directory")),
            _ => Err(PathError::Blocked("its path goes through a link that leads nowhere")),
        }
    }

    pub(crate) fn make_directory(&mut self, slot: EntryName) -> Result<InodeId, PathError> {
        let depth = match self.get(slot.directory) {
            Inode::Directory { depth, .. } => depth + 1,
            _ => 0,
        };
        if depth > MAX_DEPTH {
            return Err(PathError::Blocked("its directories are nested too deeply"));
        }
        if self.nodes.len() >= self.most {
            return Err(PathError::Full);
        }
        let directory = Inode::Directory { parent: slot.directory, depth, entries: BTreeMap::new() };
        Ok(self.add(slot, directory))
    }

    /// Puts a new node there. A node of that name is replaced.
    pub(crate) fn add(&mut self, slot: EntryName, node: Inode) -> InodeId {
        let id = InodeId(self.nodes.len());
        self.nodes.push(node);
        self.link(slot, id);
        id
    }

    /// Gives a node one more name.
    pub(crate) fn link(&mut self, slot: EntryName, id: InodeId) {
        if let Inode::Directory { entries, .. } = self.get_mut(slot.directory) {
            entries.insert(slot.name, id);
        }
    }
}

/// Behind a missing directory a path can only be checked by its words.
fn check_missing<'p>(parts: impl Iterator<Item = &'p str>, path: &str) -> Result<PathLookup, PathError> {
    let mut parts = parts;
    if parts.any(|part| part == "..") {
        return Err(PathError::Climbs(path.to_owned()));
    }
    Ok(PathLookup::Missing)
}

#[cfg(test)]
mod tests;
