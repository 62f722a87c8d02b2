//! The entries of a mapping: nodes by name, in order.

use std::hash::{BuildHasher, RandomState};
use std::ops::Index;
use std::sync::Arc;

use hashbrown::HashTable;

use super::Node;

/// Up to so many names are compared one after the other. Most mappings have fewer than five, whose hash index would take more
/// memory than their entries.
const MAX_COMPARED: usize = 32;

/// Nodes by name, in the order in which the names were first inserted.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    list: Vec<(Arc<str>, Node)>,
    /// The names, when there are more than [`MAX_COMPARED`].
    names: Option<Box<HashedNames>>,
}

/// The index of each name in a list of entries.
#[derive(Clone, Debug, Default)]
struct HashedNames {
    hasher: RandomState,
    indices: HashTable<u32>,
}

impl HashedNames {
    fn of(list: &[(Arc<str>, Node)]) -> Self {
        let mut names = Self::default();
        (1..=list.len()).for_each(|count| names.add_last(&list[..count]));
        names
    }

    fn index_of(&self, name: &str, list: &[(Arc<str>, Node)]) -> Option<usize> {
        let is_it = |index: &u32| *list[*index as usize].0 == *name;
        self.indices.find(self.hasher.hash_one(name), is_it).map(|index| *index as usize)
    }

    /// Adds the last entry of the list, whose name is new.
    fn add_last(&mut self, list: &[(Arc<str>, Node)]) {
        let hash = |index: &u32| self.hasher.hash_one(&*list[*index as usize].0);
        let last = u32::try_from(list.len() - 1).expect("a file of so many entries is too large to be read");
        self.indices.insert_unique(hash(&last), last, hash);
    }
}

impl Entries {
    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The names and nodes, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Arc<str>, &Node)> + ExactSizeIterator + Clone {
        self.list.iter().map(borrowed)
    }

    /// The names, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Arc<str>> + ExactSizeIterator + Clone {
        self.list.iter().map(|(name, _)| name)
    }

    /// The nodes, in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Node> + ExactSizeIterator + Clone {
        self.list.iter().map(|(_, node)| node)
    }

    /// The nodes, in order, to change them.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Node> {
        self.list.iter_mut().map(|(_, node)| node)
    }

    /// The first entry.
    #[must_use]
    pub fn first(&self) -> Option<(&Arc<str>, &Node)> {
        self.list.first().map(borrowed)
    }

    /// The index of the entry of that name.
    #[must_use]
    pub fn get_index_of(&self, name: &str) -> Option<usize> {
        match &self.names {
            Some(names) => names.index_of(name, &self.list),
            None => self.list.iter().position(|(known, _)| **known == *name),
        }
    }

    /// The entry with that index.
    #[must_use]
    pub fn get_index(&self, index: usize) -> Option<(&Arc<str>, &Node)> {
        self.list.get(index).map(borrowed)
    }

    /// The node of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.get_index_of(name).map(|index| &self.list[index].1)
    }

    /// The node of a name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.get_index_of(name).map(|index| &mut self.list[index].1)
    }

    /// The node of a name, to change it; `missing` is inserted where there is none.
    pub fn get_or_insert_with(&mut self, name: &str, missing: impl FnOnce() -> Node) -> &mut Node {
        let index = self.get_index_of(name).unwrap_or_else(|| self.push(name.into(), missing()));
        &mut self.list[index].1
    }

    /// Sets an entry, in place if there is one of that name, otherwise last. What it replaces is returned.
    pub fn insert(&mut self, name: Arc<str>, node: Node) -> Option<Node> {
        match self.get_mut(&name) {
            Some(known) => Some(std::mem::replace(known, node)),
            None => {
                self.push(name, node);
                None
            }
        }
    }

    /// Adds an entry whose name is new. Its index is returned.
    fn push(&mut self, name: Arc<str>, node: Node) -> usize {
        if self.list.len() == self.list.capacity() {
            // Vectors double, and most copies of mappings get an entry or two.
            self.list.reserve_exact(1 + self.list.len() / 4);
        }
        self.list.push((name, node));
        match &mut self.names {
            Some(names) => names.add_last(&self.list),
            None => self.hash_names(),
        }
        self.list.len() - 1
    }

    /// Takes an entry out and keeps the order of the rest.
    pub fn shift_remove(&mut self, name: &str) -> Option<Node> {
        let (_, node) = self.list.remove(self.get_index_of(name)?);
        self.hash_names();
        Some(node)
    }

    /// Takes out the entries that `keep` refuses.
    pub fn retain(&mut self, mut keep: impl FnMut(&Arc<str>, &Node) -> bool) {
        self.list.retain(|(name, node)| keep(name, node));
        self.hash_names();
    }

    /// Gives back the memory that was reserved for more entries.
    pub fn shrink_to_fit(&mut self) {
        self.list.shrink_to_fit();
    }

    /// Hashes the names again, after an entry came or went.
    fn hash_names(&mut self) {
        let are_many = self.list.len() > MAX_COMPARED;
        self.names = are_many.then(|| Box::new(HashedNames::of(&self.list)));
    }
}

fn borrowed((name, node): &(Arc<str>, Node)) -> (&Arc<str>, &Node) {
    (name, node)
}

impl Index<usize> for Entries {
    type Output = Node;

    fn index(&self, index: usize) -> &Node {
        &self.list[index].1
    }
}

impl Extend<(Arc<str>, Node)> for Entries {
    fn extend<I: IntoIterator<Item = (Arc<str>, Node)>>(&mut self, entries: I) {
        for (name, node) in entries {
            self.insert(name, node);
        }
    }
}

impl IntoIterator for Entries {
    type Item = (Arc<str>, Node);
    type IntoIter = std::vec::IntoIter<(Arc<str>, Node)>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'e> IntoIterator for &'e Entries {
    type Item = (&'e Arc<str>, &'e Node);
    type IntoIter = std::iter::Map<
        std::slice::Iter<'e, (Arc<str>, Node)>,
        fn(&'e (Arc<str>, Node)) -> (&'e Arc<str>, &'e Node),
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter().map(borrowed)
    }
}

impl<'e> IntoIterator for &'e mut Entries {
    type Item = (&'e Arc<str>, &'e mut Node);
    type IntoIter = std::iter::Map<
        std::slice::IterMut<'e, (Arc<str>, Node)>,
        fn(&'e mut (Arc<str>, Node)) -> (&'e Arc<str>, &'e mut Node),
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter_mut().map(|(name, node)| (&*name, node))
    }
}

#[cfg(test)]
mod tests;
