//! The path table of a record: every path is a number.

use std::collections::HashMap;
use std::fmt;

/// Bytes of the longest path that a stored record may have, with a slash before each name. Linux takes none that is longer.
pub(crate) const LONGEST: usize = 4096;

/// The number of a path in a [`PathTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub u32);

impl PathId {
    /// The empty path.
    pub const ROOT: Self = Self(0);

    /// The number as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Relative paths, stored as a tree of names. A parent has a lower number than its children.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PathTable {
    /// The parent and the name of every node except the root.
    nodes: Vec<(PathId, Box<str>)>,
    /// The nodes in each node, by name.
    children: Vec<HashMap<Box<str>, PathId>>,
}

impl PathTable {
    /// A table with only the empty path.
    #[must_use]
    pub fn new() -> Self {
        Self { nodes: Vec::new(), children: vec![HashMap::new()] }
    }

    /// The number of nodes, the root included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len() + 1
    }

    /// Whether the root is the only node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node called `name` in `parent`, added if it is not there.
    pub fn child(&mut self, parent: PathId, name: &str) -> PathId {
        if let Some(found) = self.find_child(parent, name) {
            return found;
        }
        let id = PathId(self.len() as u32);
        self.nodes.push((parent, name.into()));
        self.children.push(HashMap::new());
        self.children[parent.index()].insert(name.into(), id);
        id
    }

    /// The node called `name` in `parent`, if it is there.
    #[must_use]
    pub(crate) fn find_child(&self, parent: PathId, name: &str) -> Option<PathId> {
        self.children.get(parent.index())?.get(name).copied()
    }

    /// The node of `path`, added with its parents if it is not there. Leading, trailing and double slashes are ignored.
    pub fn add(&mut self, path: &str) -> PathId {
        names(path).fold(PathId::ROOT, |parent, name| self.child(parent, name))
    }

    /// The node of `path`, if it is there.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<PathId> {
        names(path).try_fold(PathId::ROOT, |parent, name| self.find_child(parent, name))
    }

    /// The path of a node, with single slashes; empty for the root.
    #[must_use]
    pub fn text(&self, id: PathId) -> String {
        let mut parts = Vec::new();
        let mut at = id;
        while let Some((parent, name)) = at.index().checked_sub(1).and_then(|index| self.nodes.get(index)) {
            parts.push(&**name);
            at = *parent;
        }
        parts.reverse();
        parts.join("/")
    }

    /// The parent and the name of every node except the root, by number.
    pub fn nodes(&self) -> impl Iterator<Item = (PathId, &str)> {
        self.nodes.iter().map(|(parent, name)| (*parent, &**name))
    }
}

impl fmt::Debug for PathTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((0..self.len()).map(|id| self.text(PathId(id as u32)))).finish()
    }
}

/// The names of a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// A path inside a root, without `.` and `..`: `a/./b/../c` is `a/c`. A `..` at the root is the root, as in Linux.
#[must_use]
pub(crate) fn normalized(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for name in names(path) {
        match name {
            "." => {}
            ".." => _ = parts.pop(),
            _ => parts.push(name),
        }
    }
    parts.join("/")
}

/// The path of `path` seen from the folder `folder`, [normalized].
#[must_use]
pub(crate) fn join_path(folder: &str, path: &str) -> String {
    if path.starts_with('/') { normalized(path) } else { normalized(&format!("{folder}/{path}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_number() {
        let mut paths = PathTable::new();
        let id = paths.add("usr/include/a.h");
        assert_eq!(paths.add("/usr//include/a.h"), id);
        assert_eq!(paths.text(id), "usr/include/a.h");
        assert_eq!(paths.find("usr/include"), Some(PathId(2)));
        assert_eq!(paths.find("usr/lib"), None);
        assert_eq!((paths.text(PathId::ROOT), paths.len()), (String::new(), 4));
    }

    #[test]
    fn joined_paths_are_normalized() {
        for (folder, path, expected) in [
            ("a/b", "c", "a/b/c"),
            ("a/b", "../c", "a/c"),
            ("a", "/c", "c"),
            ("", "../../c", "c"),
            ("a", ".", "a"),
        ] {
            assert_eq!(join_path(folder, path), expected, "{folder} {path}");
        }
    }
}
