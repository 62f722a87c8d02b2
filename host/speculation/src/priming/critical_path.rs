//! The critical path of each action: what has to be executed after it.

use std::collections::HashMap;

use crate::resolve::{ActionId, ElementId, Resolver};

/// The actions that depend on an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CriticalPath {
    /// The number of actions that read its outputs.
    pub(super) fan_out: u32,
    /// The duration of the longest chain of actions that begins with it, in milliseconds. Each action of a chain reads
    /// outputs of the one before, or its element is built after the element of the one before.
    pub(super) critical_ms: u32,
}

/// The critical paths of all actions. Dependents have higher numbers, so that one pass from the last action to the first
/// is enough.
pub(super) fn critical_paths(
    resolver: &Resolver,
    before: &HashMap<ElementId, Vec<ElementId>>,
) -> Vec<CriticalPath> {
    let mut paths = vec![CriticalPath::default(); resolver.actions().count()];
    // The longest path of the current element, and of the elements that are built after each element.
    let (mut longest_of_element, mut after) = (0, HashMap::<ElementId, u32>::new());
    for number in (0..paths.len()).rev() {
        let action = ActionId(number as u32);
        let element = resolver.element_of(action);
        let readers = resolver.readers(action);
        let of_readers = readers.iter().map(|reader| paths[reader.0 as usize].critical_ms);
        let longest = of_readers.chain(after.get(&element).copied()).max().unwrap_or(0);
        let critical_ms = resolver.recorded(action).took_ms.max(1).saturating_add(longest);
        paths[number] = CriticalPath { fan_out: readers.len() as u32, critical_ms };
        longest_of_element = critical_ms.max(longest_of_element);
        if number > 0 && resolver.element_of(ActionId(number as u32 - 1)) == element {
            continue;
        }
        for below in before.get(&element).into_iter().flatten() {
            let longest = after.entry(*below).or_default();
            *longest = longest_of_element.max(*longest);
        }
        longest_of_element = 0;
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{RecordDraft, Store};

    #[test]
    fn later_elements_extend_the_paths_of_earlier_ones() {
        let store = Store::new();
        let mut resolver = Resolver::default();
        let mut ids = Vec::new();
        for element in ["low.bst", "high.bst"] {
            let mut draft = RecordDraft::of(&store, element);
            let compile = store.action("cc -c x.c", &store.tree(&["x.c=1"]));
            draft.input("x.c=1", &[]);
            draft.input("x.o=o", &[(&format!("action {element}:x.o"), Some(compile))]);
            draft.action("cc -c x.c", &["x.c=1"], &["x.o=o"]);
            draft.action("cc x.o", &["x.o=o"], &["x=x"]);
            ids.push(resolver.register(draft.expand()));
        }
        let critical = |before| {
            let paths = critical_paths(&resolver, &before);
            paths.iter().map(|path| (path.fan_out, path.critical_ms)).collect::<Vec<_>>()
        };
        // A recorded action took 10 ms.
        assert_eq!(critical(HashMap::new()), [(1, 20), (0, 10), (1, 20), (0, 10)], "side by side");
        let chain = HashMap::from([(ids[1], vec![ids[0]])]);
        assert_eq!(critical(chain), [(1, 40), (0, 30), (1, 20), (0, 10)], "one after the other");
    }
}
