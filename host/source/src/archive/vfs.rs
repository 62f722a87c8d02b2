//! A file system in memory, just large enough to unpack an archive into: directories, files with several names,
//! symbolic links that are followed on the way, and no way out of its root.

use std::collections::BTreeMap;

use super::member::Content;

/// A node of the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(usize);

#[derive(Debug)]
pub(crate) enum Inode {
    Directory { parent: Id, depth: u32, entries: BTreeMap<String, Id> },
    File { content: Content, executable: bool },
    Symlink { target: String },
}

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Node(Id),
    /// Nothing yet, but its directory exists.
    Free(Slot),
    /// A directory on the way is missing, or is none.
    Gap,
}

/// A name in a directory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) directory: Id,
    pub(crate) name: String,
}

/// Why a path leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
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
    pub(crate) const ROOT: Id = Id(0);

    pub(crate) fn new(most: usize) -> Self {
        let root = Inode::Directory { parent: Self::ROOT, depth: 0, entries: BTreeMap::new() };
        Self { nodes: vec![root], most }
    }

    pub(crate) fn get(&self, id: Id) -> &Inode {
        &self.nodes[id.0]
    }

    pub(crate) fn get_mut(&mut self, id: Id) -> &mut Inode {
        &mut self.nodes[id.0]
    }

    fn child(&self, directory: Id, name: &str) -> Option<Id> {
        match self.get(directory) {
            Inode::Directory { entries, .. } => entries.get(name).copied(),
            _ => None,
        }
    }

    fn parent(&self, directory: Id, path: &str) -> Result<Id, Fault> {
        match self.get(directory) {
            Inode::Directory { parent, .. } if directory != Self::ROOT => Ok(*parent),
            _ => Err(Fault::Climbs(path.to_owned())),
        }
    }

    /// Follows a path from the root. A link at its end is followed if `follow` says so.
    pub(crate) fn find(&self, path: &str, follow: bool) -> Result<Found, Fault> {
        let mut links = 0;
        self.find_from(Self::ROOT, path, follow, &mut links)
    }

    fn find_from(&self, start: Id, path: &str, follow: bool, links: &mut u32) -> Result<Found, Fault> {
        let mut at = start;
        let mut parts = path.split('/').filter(|part| !matches!(*part, "" | ".")).peekable();
        while let Some(part) = parts.next() {
            if !matches!(self.get(at), Inode::Directory { .. }) {
                return Ok(Found::Gap);
            }
            if part == ".." {
                at = self.parent(at, path)?;
                continue;
            }
            let last = parts.peek().is_none();
            at = match self.child(at, part) {
                None if last => return Ok(Found::Free(Slot { directory: at, name: part.to_owned() })),
                None => return rest_of_gap(parts, path),
                Some(id) if last && !follow => id,
                Some(id) => match self.follow(at, id, links)? {
                    Found::Node(id) => id,
                    found if last => return Ok(found),
                    _ => return Ok(Found::Gap),
                },
            };
        }
        Ok(Found::Node(at))
    }

    /// Where a node in `directory` leads: itself, unless it is a link.
    fn follow(&self, directory: Id, id: Id, links: &mut u32) -> Result<Found, Fault> {
        let Inode::Symlink { target } = self.get(id) else {
            return Ok(Found::Node(id));
        };
        *links += 1;
        if *links > MAX_LINKS {
            return Err(Fault::Blocked("its path goes through too many links"));
        }
        if target.starts_with('/') {
            return Err(Fault::Climbs(target.clone()));
        }
        self.find_from(directory, target, true, links)
    }

    /// The name that `path` stands for, with the directories above it made; the directory itself for a path that
    /// ends in `.` or `..`.
    pub(crate) fn make_way(&mut self, path: &str) -> Result<Result<Slot, Id>, Fault> {
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let Some((last, above)) = parts.split_last() else {
            return Ok(Err(Self::ROOT));
        };
        let mut at = Self::ROOT;
        let mut made = false;
        for part in above {
            at = match (*part, self.child(at, part)) {
                ("..", _) if made => {
                    return Err(Fault::Blocked("its path turns back in a missing directory"));
                }
                ("..", _) => self.parent(at, path)?,
                (_, None) => {
                    made = true;
                    self.make_directory(Slot { directory: at, name: (*part).to_owned() })?
                }
                (_, Some(id)) => self.enter(at, id)?,
            };
        }
        match *last {
            ".." => self.parent(at, path).map(Err),
            name => Ok(Ok(Slot { directory: at, name: name.to_owned() })),
        }
    }

    fn enter(&self, directory: Id, id: Id) -> Result<Id, Fault> {
        let mut links = 0;
        match self.follow(directory, id, &mut links)? {
            Found::Node(id) if matches!(self.get(id), Inode::Directory { .. }) => Ok(id),
            Found::Node(_) => Err(Fault::Blocked("a file stands where its path needs a directory")),
            _ => Err(Fault::Blocked("its path goes through a link that leads nowhere")),
        }
    }

    pub(crate) fn make_directory(&mut self, slot: Slot) -> Result<Id, Fault> {
        let depth = match self.get(slot.directory) {
            Inode::Directory { depth, .. } => depth + 1,
            _ => 0,
        };
        if depth > MAX_DEPTH {
            return Err(Fault::Blocked("its directories are nested too deeply"));
        }
        if self.nodes.len() >= self.most {
            return Err(Fault::Full);
        }
        let directory = Inode::Directory { parent: slot.directory, depth, entries: BTreeMap::new() };
        Ok(self.add(slot, directory))
    }

    /// Puts a new node there. A node of that name is replaced.
    pub(crate) fn add(&mut self, slot: Slot, node: Inode) -> Id {
        let id = Id(self.nodes.len());
        self.nodes.push(node);
        self.link(slot, id);
        id
    }

    /// Gives a node one more name.
    pub(crate) fn link(&mut self, slot: Slot, id: Id) {
        if let Inode::Directory { entries, .. } = self.get_mut(slot.directory) {
            entries.insert(slot.name, id);
        }
    }
}

/// Behind a missing directory a path can only be checked by its words.
fn rest_of_gap<'p>(parts: impl Iterator<Item = &'p str>, path: &str) -> Result<Found, Fault> {
    let mut parts = parts;
    if parts.any(|part| part == "..") {
        return Err(Fault::Climbs(path.to_owned()));
    }
    Ok(Found::Gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Result<Vfs, Fault> {
        let mut vfs = Vfs::new(100);
        for (path, target) in [
            ("usr/lib/x", ""),
            ("lib", "usr/lib"),
            ("out", "../elsewhere"),
            ("abs", "/usr"),
            ("loop", "loop"),
            ("gone", "usr/none"),
            ("usr/up", "../usr/lib"),
        ] {
            let slot = vfs.make_way(path)?.map_err(|_| Fault::Blocked("root"))?;
            if target.is_empty() {
                vfs.make_directory(slot)?;
            } else {
                vfs.add(slot, Inode::Symlink { target: target.to_owned() });
            }
        }
        Ok(vfs)
    }

    #[test]
    fn links_are_followed_inside_only() -> Result<(), Fault> {
        let vfs = sample()?;
        let place = vfs.find("usr/lib/x", true)?;
        assert_eq!(vfs.find("lib/x", true)?, place);
        assert_eq!(vfs.find("./usr//up/../lib/x", true)?, place);
        assert_eq!(vfs.find("lib/x/../../../out", true), Err(Fault::Climbs("../elsewhere".to_owned())));
        assert_eq!(vfs.find("abs/bin", true), Err(Fault::Climbs("/usr".to_owned())));
        assert_eq!(vfs.find("..", true), Err(Fault::Climbs("..".to_owned())));
        assert!(matches!(vfs.find("loop", true), Err(Fault::Blocked(_))));
        assert!(matches!(vfs.find("loop", false)?, Found::Node(_)));
        assert!(matches!(vfs.find("gone", true)?, Found::Free(_)));
        assert_eq!(vfs.find("no/where", true)?, Found::Gap);
        assert!(matches!(vfs.find("no/../..", true), Err(Fault::Climbs(_))));
        Ok(())
    }

    #[test]
    fn the_way_is_made_through_links() -> Result<(), Fault> {
        let mut vfs = sample()?;
        vfs.make_way("lib/new/deep/file")?.map_err(|_| Fault::Blocked("root"))?;
        assert!(matches!(vfs.find("usr/lib/new/deep", true)?, Found::Node(_)));
        assert!(matches!(vfs.make_way("gone/file"), Err(Fault::Blocked(_))));
        assert!(matches!(vfs.make_way("abs/file"), Err(Fault::Climbs(_))));
        assert!(matches!(vfs.make_way("fresh/../file"), Err(Fault::Blocked(_))));
        assert_eq!(vfs.make_way("usr/..")?, Err(Vfs::ROOT));
        Ok(())
    }

    #[test]
    fn directories_that_a_name_makes_are_counted() -> Result<(), Fault> {
        let mut vfs = Vfs::new(4);
        vfs.make_way("a/b/c/file")?.map_err(|_| Fault::Blocked("root"))?;
        assert_eq!(vfs.make_way("a/b/d/file"), Err(Fault::Full));
        Ok(())
    }
}
