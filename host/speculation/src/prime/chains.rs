//! How much waits for each action.

use std::collections::HashMap;

use crate::resolve::{ActionId, ElementId, Resolver};

/// What depends on an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// Actions that read its outputs.
    pub(super) fan_out: u32,
    /// The longest chain that begins with it, in milliseconds: of actions that read the outputs of those before, or
    /// whose elements are built after theirs.
    pub(super) critical_ms: u32,
}

/// The chains of all actions. What waits for an action has a higher number, so one pass from the last to the first is
/// enough.
pub(super) fn chains(resolver: &Resolver, before: &HashMap<ElementId, Vec<ElementId>>) -> Vec<Chain> {
    let mut chains = vec![Chain::default(); resolver.actions().count()];
    // The longest chain of the element at hand, and of those that are built after each.
    let (mut longest_here, mut after) = (0, HashMap::<ElementId, u32>::new());
    for number in (0..chains.len()).rev() {
        let action = ActionId(number as u32);
        let element = resolver.element_of(action);
        let readers = resolver.readers(action);
        let of_readers = readers.iter().map(|reader| chains[reader.0 as usize].critical_ms);
        let longest = of_readers.chain(after.get(&element).copied()).max().unwrap_or(0);
        let critical_ms = resolver.recorded(action).took_ms.max(1).saturating_add(longest);
        chains[number] = Chain { fan_out: readers.len() as u32, critical_ms };
        longest_here = critical_ms.max(longest_here);
        if number > 0 && resolver.element_of(ActionId(number as u32 - 1)) == element {
            continue;
        }
        for below in before.get(&element).into_iter().flatten() {
            let waiting = after.entry(*below).or_default();
            *waiting = longest_here.max(*waiting);
        }
        longest_here = 0;
    }
    chains
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures::Draft;
    use crate::testing::Store;

    #[test]
    fn what_is_built_later_waits_for_what_is_built_before() {
        let store = Store::new();
        let mut resolver = Resolver::default();
        let mut ids = Vec::new();
        for element in ["low.bst", "high.bst"] {
            let mut draft = Draft::of(&store, element);
            let compile = store.action("cc -c x.c", &store.tree(&["x.c=1"]));
            draft.input("x.c=1", &[]);
            draft.input("x.o=o", &[(&format!("action {element}:x.o"), Some(compile))]);
            draft.action("cc -c x.c", &["x.c=1"], &["x.o=o"]);
            draft.action("cc x.o", &["x.o=o"], &["x=x"]);
            ids.push(resolver.register(draft.expand()));
        }
        let critical = |before| {
            let chains = chains(&resolver, &before);
            chains.iter().map(|chain| (chain.fan_out, chain.critical_ms)).collect::<Vec<_>>()
        };
        // A recorded action took 10 ms.
        assert_eq!(critical(HashMap::new()), [(1, 20), (0, 10), (1, 20), (0, 10)], "side by side");
        let chain = HashMap::from([(ids[1], vec![ids[0]])]);
        assert_eq!(critical(chain), [(1, 40), (0, 30), (1, 20), (0, 10)], "one after the other");
    }
}
