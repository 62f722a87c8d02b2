//! Finds modules of a crate that use each other in circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::crates::{Crate, Module, ROOT};

/// Modules with one parent that use each other, directly or through others of them.
pub(crate) struct Circle {
    /// Their names, as paths from the root of their crate.
    pub(crate) modules: Vec<String>,
    /// For each pair of them a file of the one and the path by which it names something of the other.
    pub(crate) uses: Vec<(PathBuf, String)>,
}

/// The target of a path: a module, or an item of a module.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    ItemOf(usize),
}

impl Crate {
    /// The circles of modules on every level of the module tree. A module counts together with all modules below it, so
    /// what goes on between a module and its own children is no circle.
    pub(crate) fn circles(&self) -> Vec<Circle> {
        let uses = self.uses();
        self.modules.iter().flat_map(|parent| self.circles_below(parent, &uses)).collect()
    }

    fn circles_below(&self, parent: &Module, uses: &BTreeMap<(usize, usize), String>) -> Vec<Circle> {
        let level = parent.path.len();
        let child = |module: usize| {
            let path = &self.modules[module].path;
            (path.len() > level && path.starts_with(&parent.path)).then(|| path[..=level].join("::"))
        };
        let mut examples = BTreeMap::new();
        for ((from, to), path) in uses {
            if let (Some(user), Some(used)) = (child(*from), child(*to))
                && user != used
            {
                let file = &self.modules[*from].file;
                examples.entry((user, used)).or_insert_with(|| (file.clone(), path.clone()));
            }
        }
        let groups = groups(&examples.keys().cloned().collect());
        let circle = |modules: BTreeSet<String>| {
            let inside = examples.iter().filter(|((a, b), _)| modules.contains(a) && modules.contains(b));
            let uses = inside.map(|(_, example)| example.clone()).collect();
            Circle { modules: modules.into_iter().collect(), uses }
        };
        groups.into_iter().map(circle).collect()
    }

    /// Which module names something of which other module, with the path by which it does.
    fn uses(&self) -> BTreeMap<(usize, usize), String> {
        let mut uses = BTreeMap::new();
        for (from, module) in self.modules.iter().enumerate() {
            for path in &module.paths {
                if let Some(Target::ItemOf(to)) = self.resolve(from, path, &mut BTreeSet::new()) {
                    uses.entry((from, to)).or_insert_with(|| path.join("::"));
                }
            }
        }
        uses
    }

    /// The target of a path in the code of a module; `None` for items of other crates and for local names. `seen` are
    /// the names that are being looked up.
    fn resolve(
        &self,
        module: usize,
        path: &[String],
        seen: &mut BTreeSet<(usize, String)>,
    ) -> Option<Target> {
        let (first, mut rest) = path.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(ROOT),
            "self" => Target::Module(module),
            "super" => Target::Module(self.modules[module].parent?),
            name => self.look_up(module, name, seen)?,
        };
        while let (Target::Module(at), Some((name, further))) = (target, rest.split_first()) {
            target = match name.as_str() {
                "super" => Target::Module(self.modules[at].parent?),
                // A name that is not found was defined by a macro.
                name => self.look_up(at, name, seen).unwrap_or(Target::ItemOf(at)),
            };
            rest = further;
        }
        Some(target)
    }

    /// The target of a name in a module.
    fn look_up(&self, module: usize, name: &str, seen: &mut BTreeSet<(usize, String)>) -> Option<Target> {
        if !seen.insert((module, name.to_owned())) {
            return None;
        }
        let Module { children, items, imports, globs, .. } = &self.modules[module];
        if let Some(child) = children.get(name) {
            return Some(Target::Module(*child));
        }
        if items.iter().any(|item| item == name) {
            return Some(Target::ItemOf(module));
        }
        if let Some(path) = imports.get(name) {
            return self.resolve(module, path, seen);
        }
        globs.iter().find_map(|path| match self.resolve(module, path, seen)? {
            Target::Module(of) => self.look_up(of, name, seen),
            Target::ItemOf(_) => None,
        })
    }
}

/// The groups of nodes of a graph in which each is reached from each.
fn groups(edges: &BTreeSet<(String, String)>) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        edges.iter().map(|(from, _)| (from, reached(from, edges))).collect();
    let mut groups: Vec<BTreeSet<String>> = vec![];
    for (node, others) in &reached {
        if others.contains(node) && !groups.iter().any(|group| group.contains(*node)) {
            let mutual = others.iter().filter(|other| reached.get(*other).is_some_and(|r| r.contains(node)));
            groups.push(mutual.map(|other| (*other).clone()).collect());
        }
    }
    groups
}

fn reached<'e>(from: &String, edges: &'e BTreeSet<(String, String)>) -> BTreeSet<&'e String> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(node) = waiting.pop() {
        for (_, to) in edges.iter().filter(|(from, _)| from == node) {
            if reached.insert(to) {
                waiting.push(to);
            }
        }
    }
    reached
}

#[test]
fn groups_are_what_is_reached_from_each_of_them() {
    let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("e", "f")];
    let edges = edges.map(|(from, to)| (from.to_owned(), to.to_owned())).into_iter().collect();
    let groups: Vec<String> = groups(&edges).iter().map(|group| group.iter().cloned().collect()).collect();
    assert_eq!(groups, ["abc", "de"]);
}
