use std::sync::Arc;

use indexmap::IndexMap;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert_eq, proptest};

use super::Entries;
use crate::Node;

/// What is done to entries.
#[derive(Clone, Debug)]
enum Change {
    Insert(u8, u8),
    Replace(u8, u8),
    Remove(u8),
    /// Takes out what stands at indices that the number does not divide.
    Retain(u8),
    ExtendEmpty,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        8 => (0..40_u8, any::<u8>()).prop_map(|(name, value)| Change::Insert(name, value)),
        2 => (0..40_u8, any::<u8>()).prop_map(|(name, value)| Change::Replace(name, value)),
        3 => (0..40_u8).prop_map(Change::Remove),
        1 => (2..6_u8).prop_map(Change::Retain),
        1 => Just(Change::ExtendEmpty),
    ]
}

fn texts<'n>(entries: impl Iterator<Item = (&'n Arc<str>, &'n Node)>) -> Vec<(String, String)> {
    entries.map(|(name, node)| (name.to_string(), node.as_str().expect("it is a text").to_owned())).collect()
}

proptest! {
    /// Entries do what an ordered hash map does, with few of them and with many.
    #[test]
    fn entries_are_an_ordered_map(changes in vec(change(), 0..120)) {
        let (mut entries, mut model) = (Entries::default(), IndexMap::<Arc<str>, Node>::new());
        for change in changes {
            let name = |name: u8| Arc::<str>::from(format!("name-{name}"));
            let text = |value: u8| Node::text(value.to_string());
            match change {
                Change::Insert(key, value) => {
                    let old = entries.insert(name(key), text(value)).map(|node| node.to_value());
                    prop_assert_eq!(old, model.insert(name(key), text(value)).map(|node| node.to_value()));
                }
                Change::Replace(key, value) => {
                    let known = entries.get_mut(&name(key)).map(|node| *node = text(value));
                    prop_assert_eq!(known, model.get_mut(&name(key)).map(|node| *node = text(value)));
                }
                Change::Remove(key) => {
                    let old = entries.shift_remove(&name(key)).map(|node| node.to_value());
                    prop_assert_eq!(old, model.shift_remove(&name(key)).map(|node| node.to_value()));
                }
                Change::Retain(divisor) => {
                    let kept = |index: &mut u8| { *index += 1; index.is_multiple_of(divisor) };
                    let (mut first, mut second) = (0, 0);
                    entries.retain(|_, _| kept(&mut first));
                    model.retain(|_, _| kept(&mut second));
                }
                Change::ExtendEmpty => {
                    let all = std::mem::take(&mut entries);
                    entries.extend(all);
                }
            }
            prop_assert_eq!(texts(entries.iter()), texts(model.iter()));
            for key in 0..40 {
                let key = name(key);
                prop_assert_eq!(entries.get_index_of(&key), model.get_index_of(&key));
            }
        }
    }
}
