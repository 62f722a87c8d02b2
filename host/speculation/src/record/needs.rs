//! What of the store a record stands for.

use spec_cas::Need;
use spec_exec::record::ActionNeeds;
use spec_model::Digest;
use spec_proto::Message;
use spec_proto::buildstream::v2::SpeculativeActions;

use super::blob::LARGEST;
use super::{from_proto, known};

/// What is kept with a record, so that it can be adapted: its base actions, their commands and the directories of their
/// input roots. Nothing when it cannot be read. Asking counts as no use.
#[must_use]
pub fn record_needs(actions: &ActionNeeds<'_>, record: &Digest) -> Vec<Need> {
    let message =
        actions.cas().peek(record, LARGEST).and_then(|bytes| SpeculativeActions::decode(&*bytes).ok());
    let bases: Vec<Digest> = match message {
        Some(SpeculativeActions { compact: Some(compact), .. }) => {
            let recorded = from_proto::record(compact).map(|record| record.actions).unwrap_or_default();
            recorded.iter().map(|action| action.base).collect()
        }
        Some(SpeculativeActions { actions: recorded, .. }) => recorded
            .iter()
            .filter_map(|action| known::digest(action.base_action_digest.as_ref()).ok())
            .collect(),
        None => Vec::new(),
    };
    bases.iter().flat_map(|base| actions.of(base)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Record, RecordedAction};
    use crate::testing::Store;

    #[test]
    fn the_base_actions_are_kept_in_both_forms() {
        let store = Store::new();
        let root = store.tree(&["src/main.c=m"]);
        let base = store.action("cc -c main.c", &root);
        let (outputs, platforms) = (Vec::new(), Vec::new());
        let action = RecordedAction { base, outputs, platforms, took_ms: 1, cpu_ms: 1, hits: 0, misses: 0 };
        let record = Record { actions: vec![action], ..Record::of("app.bst") };
        let command = crate::message::action(&store.cas, &base).expect("it is here").0.command_digest;
        let command = spec_exec::wire::digest("command_digest", command).expect("it has one");
        let expected = [Need::Blob(command), Need::Directories(root), Need::Blob(base)];
        let stored = [record.store(&store.cas), record.store_known(&store.cas)];
        let actions = ActionNeeds::new(&store.cas);
        for digest in stored.map(|stored| stored.expect("the store takes it")) {
            assert_eq!(record_needs(&actions, &digest), expected);
        }
        assert_eq!(record_needs(&actions, &base), []);
    }
}
