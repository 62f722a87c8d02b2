//! The order of an element's dependencies, which cache keys depend on.

use std::cmp::Ordering;

use super::timsort::timsort;
use crate::loaded_element::{LoadedDependency, LoadedElement};

/// For each element the set of all it depends on, as bits.
struct DependencyClosure {
    words: usize,
    bits: Vec<u64>,
}

impl DependencyClosure {
    /// The closure of elements that `order` names after all they depend on.
    fn new(elements: &[LoadedElement], order: &[usize]) -> Self {
        let words = elements.len().div_ceil(64);
        let mut closure = Self { words, bits: vec![0; words * elements.len()] };
        for element in order {
            for dependency in &elements[*element].dependencies {
                closure.add(*element, dependency.element);
            }
        }
        closure
    }

    /// Adds `on`, and all that it depends on, to what `element` depends on.
    fn add(&mut self, element: usize, on: usize) {
        for word in 0..self.words {
            self.bits[element * self.words + word] |= self.bits[on * self.words + word];
        }
        self.bits[element * self.words + on / 64] |= 1 << (on % 64);
    }

    fn depends(&self, element: usize, on: usize) -> bool {
        self.bits[element * self.words + on / 64] >> (on % 64) & 1 == 1
    }
}

/// Sorts the dependencies of all elements as BuildStream's loader does. Its comparison is not a total order (names
/// break ties between elements that do not depend on each other), so the result depends on the exact steps of the
/// sort: those of CPython's list sort.
pub(super) fn sort_dependencies(elements: &mut [LoadedElement], order: &[usize]) {
    let closure = DependencyClosure::new(elements, order);
    for element in order {
        let mut dependencies = std::mem::take(&mut elements[*element].dependencies);
        timsort(&mut dependencies, &mut |left, right| before(elements, &closure, left, right));
        elements[*element].dependencies = dependencies;
    }
}

/// Whether `left` comes before `right`: what is depended on first, dependencies at run time only last, then by name in the
/// own project, then those of subprojects first, then by the name of the junction in its project.
fn before(
    elements: &[LoadedElement],
    closure: &DependencyClosure,
    left: &LoadedDependency,
    right: &LoadedDependency,
) -> bool {
    if closure.depends(left.element, right.element) {
        return false;
    }
    if closure.depends(right.element, left.element) {
        return true;
    }
    let runtime_only = |dependency: &LoadedDependency| !dependency.declared.build;
    if runtime_only(left) != runtime_only(right) {
        return runtime_only(right);
    }
    let (left, right) = (&elements[left.element].name, &elements[right.element].name);
    match (left.path().cmp(right.path()), left.junctions().last(), right.junctions().last()) {
        (Ordering::Equal, Some(left), Some(right)) => left < right,
        (Ordering::Equal, left, right) => left.is_some() && right.is_none(),
        (order, ..) => order == Ordering::Less,
    }
}
