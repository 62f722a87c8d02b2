//! The dependencies of elements, in staging order.

/// A part of what an element needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Its build dependencies and all they need at run time; not the element itself.
    Build,
    /// All it needs at run time, and the element itself.
    Run,
    /// All it needs in any way, and the element itself.
    All,
}

/// Edges of the element graph, in the order of each element's dependencies.
#[derive(Debug, Default)]
pub(crate) struct DependencyGraph {
    build: Edges,
    runtime: Edges,
}

/// To which elements others point.
#[derive(Debug, Default)]
struct Edges {
    /// The ends of all edges, those from the first element first.
    ends: Vec<u32>,
    /// For each element, how many edges there are up to its last one.
    counts: Vec<u32>,
}

impl Edges {
    /// The elements to which one points.
    fn from(&self, element: usize) -> &[u32] {
        let start = element.checked_sub(1).map_or(0, |before| self.counts[before] as usize);
        &self.ends[start..self.counts[element] as usize]
    }

    fn add(&mut self, ends: impl Iterator<Item = usize>) {
        self.ends.extend(ends.map(number));
        self.counts.push(number(self.ends.len()));
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("elements and their dependencies were read from files that are not as large")
}

/// A walk through the graph (BuildStream's `Element._dependencies`).
struct ScopeWalk<'g> {
    graph: &'g DependencyGraph,
    /// Elements that were entered for what they need to be built, and for what they need to run.
    seen_build: Vec<bool>,
    seen_run: Vec<bool>,
    ordered: Vec<usize>,
}

impl DependencyGraph {
    /// Adds the next element, with the elements that it needs to be built and to run.
    pub(crate) fn add(&mut self, build: impl Iterator<Item = usize>, runtime: impl Iterator<Item = usize>) {
        self.build.add(build);
        self.runtime.add(runtime);
    }

    /// The elements in the scope of `elements`, each once.
    pub(crate) fn scope(&self, elements: &[usize], scope: Scope) -> Vec<usize> {
        let count = self.build.counts.len();
        let mut walk = ScopeWalk {
            graph: self,
            seen_build: vec![false; count],
            seen_run: vec![false; count],
            ordered: Vec::new(),
        };
        for element in elements {
            let seen = match scope {
                Scope::Build => walk.seen_build[*element],
                Scope::Run => walk.seen_run[*element],
                Scope::All => walk.seen_build[*element] || walk.seen_run[*element],
            };
            if !seen {
                walk.visit(*element, scope);
            }
        }
        walk.ordered
    }
}

impl ScopeWalk<'_> {
    /// Walks depth first with an explicit stack.
    fn visit(&mut self, element: usize, scope: Scope) {
        let mut stack = vec![(element, scope, 0)];
        self.enter(element, scope);
        while let Some((element, scope, next)) = stack.last_mut() {
            let (element, scope) = (*element, *scope);
            let Some(dependency) = self.dependency(element, scope, *next) else {
                if scope != Scope::Build {
                    self.ordered.push(element);
                }
                stack.pop();
                continue;
            };
            *next += 1;
            let seen = self.seen_run[dependency] || scope == Scope::All && self.seen_build[dependency];
            if !seen {
                let inner = if scope == Scope::All { Scope::All } else { Scope::Run };
                self.enter(dependency, inner);
                stack.push((dependency, inner, 0));
            }
        }
    }

    fn enter(&mut self, element: usize, scope: Scope) {
        self.seen_build[element] |= scope != Scope::Run;
        self.seen_run[element] |= scope != Scope::Build;
    }

    fn dependency(&self, element: usize, scope: Scope, next: usize) -> Option<usize> {
        let (build, runtime) = (self.graph.build.from(element), self.graph.runtime.from(element));
        let dependency = match scope {
            Scope::Build => build.get(next),
            Scope::Run => runtime.get(next),
            Scope::All => build.iter().chain(runtime).nth(next),
        };
        dependency.map(|dependency| *dependency as usize)
    }
}
