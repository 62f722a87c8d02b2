//! A file system in memory with the features that unpacking an archive needs: directories, files with several names,
//! symbolic links that are followed in paths, and no path out of its root.

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

/// The result of looking up a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PathLookup {
    Node(InodeId),
    /// There is no entry, but its directory exists.
    Vacant(EntryName),
    /// A directory on the way is missing or is not a directory.
    Missing,
}

/// A name in a directory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EntryName {
    pub(crate) directory: InodeId,
    pub(crate) name: String,
}

/// Why a path cannot be resolved or made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PathError {
    /// It leads out of the root, through this.
    Climbs(String),
    /// An entry is in the way.
    Blocked(&'static str),
    /// There are too many files and directories.
    Full,
}

pub(crate) struct Vfs {
    nodes: Vec<Inode>,
    /// The limit on nodes. It is checked here because a name makes all its missing parents.
    most: usize,
}

/// The number of links that Linux follows in one path.
const MAX_LINKS: u32 = 40;
/// The depth of trees.
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

    /// Resolves a node in `directory`: follows it if it is a link.
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

    /// Makes the directories above `path`, and returns the name of its last component; the directory itself for a
    /// path that ends in `.` or `..`.
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

    /// Adds a new node. A node of that name is replaced.
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

/// Below a missing directory only the text of the path can be checked.
fn check_missing<'p>(parts: impl Iterator<Item = &'p str>, path: &str) -> Result<PathLookup, PathError> {
    let mut parts = parts;
    if parts.any(|part| part == "..") {
        return Err(PathError::Climbs(path.to_owned()));
    }
    Ok(PathLookup::Missing)
}

#[cfg(test)]
mod tests;
