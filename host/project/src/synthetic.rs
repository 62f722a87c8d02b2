//! Entries that the program sets in a user's mapping.

use spec_model::{Mapping, Node};

/// Sets a text. Where the user had set the entry it keeps the user's place, so that a protected variable that was
/// redefined is found later.
pub(crate) fn set(mapping: &mut Mapping, name: &str, text: &str) {
    let mut node = Node::text(text);
    if let Some(old) = mapping.get(name) {
        node.place.clone_from(&old.place);
    }
    mapping.set(name, node);
}
