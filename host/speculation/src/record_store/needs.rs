//! The blobs that must be kept in the store together with a record.

use spec_action::record::ActionNeeds;
use spec_cas::Need;
use spec_model::Digest;
use spec_proto::Message;
use spec_proto::buildstream::v2::SpeculativeActions;

use super::upstream_format;
use crate::record::from_proto;

/// The largest record that is read, in bytes.
pub(super) const MAX_RECORD_SIZE: u64 = 256 << 20;

/// The blobs that a record needs, so that its actions can be adapted: the base actions, their commands and the directories
/// of their input roots; and the blob that has all of these for other machines. Empty when the record cannot be read. Does not count as a use of the record.
#[must_use]
pub fn record_needs(actions: &ActionNeeds<'_>, record: &Digest) -> Vec<Need> {
    let message = actions
        .cas()
        .peek(record, MAX_RECORD_SIZE)
        .and_then(|bytes| SpeculativeActions::decode(&*bytes).ok());
    let mut messages = None;
    let bases: Vec<Digest> = match message {
        Some(SpeculativeActions { compact: Some(compact), .. }) => {
            let recorded = from_proto::record(compact).ok();
            messages = recorded.as_ref().and_then(|record| record.messages);
            recorded.iter().flat_map(|record| &record.actions).map(|action| action.base).collect()
        }
        Some(SpeculativeActions { actions: recorded, .. }) => recorded
            .iter()
            .filter_map(|action| upstream_format::digest(action.base_action_digest.as_ref()).ok())
            .collect(),
        None => Vec::new(),
    };
    bases.iter().flat_map(|base| actions.of(base)).chain(messages.map(Need::Blob)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed_messages::store_messages;
    use crate::record::{Record, RecordedAction};
    use crate::record_store::RecordFormat;
    use crate::testing::Store;

    #[test]
    fn base_actions_are_kept_in_all_formats() {
        let store = Store::new();
        let root = store.tree(&["src/main.c=m"]);
        let base = store.action("cc -c main.c", &root);
        let (outputs, platforms) = (Vec::new(), Vec::new());
        let (took_ms, cpu_ms, hits, misses, earlier) = (1, 1, 0, 0, vec![]);
        let action = RecordedAction { base, outputs, platforms, took_ms, cpu_ms, hits, misses, earlier };
        let record = Record { actions: vec![action], ..Record::of("app.bst") };
        let command = crate::message::action(&store.cas, &base).expect("it is here").0.command_digest;
        let command = spec_action::wire::digest("command_digest", command).expect("it has one");
        let messages = store_messages(&store.cas, &record).expect("the store works").expect("there are some");
        let expected = [Need::Blob(command), Need::Directories(root), Need::Blob(base), Need::Blob(messages)];
        let stored = [RecordFormat::Compact, RecordFormat::Upstream]
            .map(|format| record.store_packed(&store.cas, format));
        let actions = ActionNeeds::new(&store.cas);
        for digest in stored.map(|stored| stored.expect("the store takes it")) {
            assert_eq!(record_needs(&actions, &digest), expected);
        }
        assert_eq!(record_needs(&actions, &base), []);
    }
}
