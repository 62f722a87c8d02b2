use spec_strategy::NoFacts;

use super::*;
use crate::attribution::StagedRoot;
use crate::testing::Store;

#[test]
fn hits_and_misses_are_carried_from_record_to_record() {
    let store = Store::new();
    let staging = StagedRoot::new(&store.cas, vec![]).expect("nothing is staged");
    let mut previous = None;
    let mut predictions = Vec::new();
    let mut counts = Vec::new();
    let first = [Some(true), Some(false), Some(true), None];
    for (version, confirmed) in first.into_iter().chain([Some(true); 15]).enumerate() {
        let action = store.action("cc", &store.tree(&[&format!("src/main.c={version}")]));
        let build = ElementBuild {
            element: "app.bst",
            staging: &staging,
            folders: &[],
            platforms: &[],
            dependencies: &[],
            subactions: &[store.answered(action, &["main.o=o"])],
            predictions: &predictions,
            artifact: None,
        };
        let policy = GuardedOverlayPolicy::default();
        let options = GenerateOptions {
            mode: SpeculationMode::Full,
            format: RecordFormat::Compact,
            policy: &policy,
            facts: &NoFacts,
        };
        let made = generate_record(&store.cas, &build, options, true, previous);
        previous = made.expect("the store works").digest();
        let record =
            Record::load(&store.cas, &previous.expect("a record"), "app.bst").expect("it can be read");
        counts.push((record.actions[0].hits, record.actions[0].misses));
        predictions = vec![PredictionResult { base: action, confirmed }];
    }
    assert_eq!(counts[..4], [(0, 0), (1, 0), (1, 1), (2, 1)]);
    assert_eq!(counts[17..], [(15, 1), (8, 0)], "older ones are halved");
}
