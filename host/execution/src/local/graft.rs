//! An input root made to fit the tree that it is laid over.
//!
//! Plainly laid over each other, a directory `lib` of the input root would hide the link `lib -> usr/lib` of the tree
//! below, and with it everything behind. So what the input root has below such a link goes to where the link leads,
//! as it would if the input root were unpacked over the tree.

use std::collections::{HashSet, VecDeque};

use spec_action::path::append;
use spec_cas::{Cas, CasError, Entry, Layer};
use spec_model::Digest;

/// More links than this in one input root, or in one path, go in circles.
const MOST_LINKS: usize = 40;
/// Bytes of a path, as Linux has it.
const LONGEST: usize = 4096;

/// The input root `high` as it has to be laid over `low`.
///
/// # Errors
/// `cas-collision` where one of them has a directory and the other something else.
pub(crate) fn graft_through_symlinks(cas: &Cas, low: &Digest, high: &Digest) -> Result<Digest, CasError> {
    let mut root = *high;
    for _ in 0..MOST_LINKS {
        let mut search = LinkSearch { cas, seen: HashSet::new() };
        let Some(path) = search.first_over_link(low, &root, "")? else { return Ok(root) };
        let collision = || CasError::Collision { path: path.clone(), old: "symbolic link", new: "directory" };
        let place = directory_behind(cas, low, &path)?.ok_or_else(collision)?;
        let moved = cas.subtree(&root, &path)?.ok_or_else(collision)?;
        let names: Vec<&str> = path.split('/').collect();
        let rest = Layer::whole(without(cas, &root, &names)?);
        root = cas.merge(&[rest, Layer { root: moved, location: &place, filter: None }])?.root;
    }
    Err(CasError::Collision { path: String::new(), old: "circle of symbolic links", new: "directory" })
}

/// Looks for directories over links. A pair of directories is looked at once, wherever it occurs.
struct LinkSearch<'a> {
    cas: &'a Cas,
    seen: HashSet<(Digest, Digest)>,
}

impl LinkSearch<'_> {
    /// The first path at which `high` has a directory and `low` a link. Reads only directories that both have.
    fn first_over_link(
        &mut self,
        low: &Digest,
        high: &Digest,
        path: &str,
    ) -> Result<Option<String>, CasError> {
        if path.len() > LONGEST {
            return Err(CasError::BadPath { path: path.to_owned(), why: "it is longer than 4096 bytes" });
        }
        if !self.seen.insert((*low, *high)) {
            return Ok(None);
        }
        let (below, above) = (self.cas.directory(low)?, self.cas.directory(high)?);
        let directory =
            |name: &str| below.directories.binary_search_by(|node| node.name.as_str().cmp(name)).ok();
        let collision =
            |name: &str, old, new| Err(CasError::Collision { path: append(path, name), old, new });
        for child in &above.directories {
            let inside = append(path, &child.name);
            if let Some(at) = directory(&child.name) {
                let found = self.first_over_link(&below.directories[at].digest, &child.digest, &inside)?;
                if found.is_some() {
                    return Ok(found);
                }
                continue;
            }
            match self.cas.lookup(low, &child.name)? {
                None => {}
                Some(Entry::Symlink(_)) => return Ok(Some(inside)),
                Some(_) => return collision(&child.name, "file", "directory"),
            }
        }
        let files = above.files.iter().map(|node| (&node.name, "file"));
        let mut others = files.chain(above.symlinks.iter().map(|node| (&node.name, "symbolic link")));
        match others.find(|(name, _)| directory(name).is_some()) {
            Some((name, kind)) => collision(name, "directory", kind),
            None => Ok(None),
        }
    }
}

/// The path without links of the directory that `path` leads to; `None` if it leads to something else.
fn directory_behind(cas: &Cas, root: &Digest, path: &str) -> Result<Option<String>, CasError> {
    let steps = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let mut names = VecDeque::from(steps(path));
    let (mut way, mut links): (Vec<String>, usize) = (Vec::new(), 0);
    while let Some(name) = names.pop_front() {
        match name.as_str() {
            "" | "." => continue,
            ".." => _ = way.pop(),
            _ => match cas.lookup(root, &append(&way.join("/"), &name))? {
                Some(Entry::Directory(_)) => way.push(name),
                Some(Entry::Symlink(link)) if links < MOST_LINKS => {
                    links += 1;
                    if link.target.starts_with('/') {
                        way.clear();
                    }
                    steps(&link.target).into_iter().rev().for_each(|step| names.push_front(step));
                }
                _ => return Ok(None),
            },
        }
    }
    Ok(Some(way.join("/")))
}

/// The tree `root` without the directory at `names`.
fn without(cas: &Cas, root: &Digest, names: &[&str]) -> Result<Digest, CasError> {
    let mut directory = spec_model::tree::Directory::clone(&*cas.directory(root)?);
    if let [name] = names {
        directory.directories.retain(|child| child.name != *name);
    } else if let [name, rest @ ..] = names
        && let Some(child) = directory.directories.iter_mut().find(|child| child.name == *name)
    {
        child.digest = without(cas, &child.digest, rest)?;
    }
    cas.store_directory(&directory)
}

#[cfg(test)]
mod tests {
    use spec_cas::TreeBuilder;
    use spec_model::UserError;

    use super::*;

    fn tree(cas: &Cas, paths: &[&str]) -> Digest {
        let mut builder = TreeBuilder::new();
        for path in paths {
            let added = match path.split_once(" -> ") {
                Some((path, target)) => builder.add_symlink(path, target),
                None => builder.add_file(path, Digest::of(b""), false),
            };
            added.expect("the path is good");
        }
        builder.store(cas).expect("the store takes it")
    }

    fn check(low: &[&str], high: &[&str], expected: Result<&[&str], &str>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        let found = graft_through_symlinks(&cas, &tree(&cas, low), &tree(&cas, high));
        let expected = expected.map(|paths| tree(&cas, paths)).map_err(str::to_owned);
        assert_eq!(found.map_err(|error| error.reason().to_owned()), expected, "{high:?} over {low:?}");
    }

    #[test]
    fn what_lies_below_a_link_goes_where_it_leads() {
        let merged =
            &["lib -> usr/lib", "lib64 -> lib", "usr/lib/libc", "var/run -> /run", "run/pid", "up -> ../usr"];
        check(merged, &["lib/a", "usr/lib/b", "c"], Ok(&["usr/lib/a", "usr/lib/b", "c"]));
        check(merged, &["lib64/a/b"], Ok(&["usr/lib/a/b"]));
        check(merged, &["var/run/a/b", "var/c"], Ok(&["run/a/b", "var/c"]));
        check(merged, &["up/lib/a"], Ok(&["usr/lib/a"]));
        check(merged, &["usr/lib/libc", "new/a"], Ok(&["usr/lib/libc", "new/a"]));
        check(merged, &["lib -> elsewhere"], Ok(&["lib -> elsewhere"]));
    }

    #[test]
    fn what_cannot_be_brought_together_is_refused() {
        let low = &["file", "dangling -> nowhere", "loop -> loop", "dir/file", "to-file -> file"];
        for high in ["file/a", "dangling/a", "loop/a", "dir", "dir -> x", "to-file/a"] {
            check(low, &[high], Err("cas-collision"));
        }
    }
}
