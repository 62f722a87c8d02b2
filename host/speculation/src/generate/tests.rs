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
            shared: version > 0,
            policy: &policy,
            policies: &[],
            facts: &NoFacts,
        };
        let made = generate_record(&store.cas, &build, options, true, previous);
        previous = made.expect("the store works").digest();
        let record =
            Record::load(&store.cas, &previous.expect("a record"), "app.bst").expect("it can be read");
        assert_eq!(record.messages.is_some(), version > 0, "only who shares packs the messages");
        counts.push((record.actions[0].hits, record.actions[0].misses));
        predictions = vec![PredictionResult { base: action, confirmed }];
    }
    assert_eq!(counts[..4], [(0, 0), (1, 0), (1, 1), (2, 1)]);
    assert_eq!(counts[17..], [(15, 1), (8, 0)], "older ones are halved");
}

#[test]
fn what_executions_took_is_carried_from_record_to_record() {
    let run = |took_ms| EarlierRun { took_ms, cpu_ms: took_ms / 2 };
    let recorded = |base: &str, took_ms: u32, earlier: Vec<EarlierRun>| {
        let (base, outputs, platforms) = (Digest::of(base.as_bytes()), vec![], vec![]);
        let cpu_ms = took_ms / 2;
        RecordedAction { base, outputs, platforms, took_ms, cpu_ms, hits: 0, misses: 0, earlier }
    };
    let carried = |new: (&str, u32), old: &RecordedAction| {
        let mut action = recorded(new.0, new.1, vec![]);
        carry_runs(&mut action, old);
        action
    };
    let old = recorded("old", 20, vec![run(30)]);
    assert_eq!(carried(("new", 10), &old), recorded("new", 10, vec![run(20), run(30)]));
    assert_eq!(carried(("new", 0), &old), recorded("new", 20, vec![run(30)]), "it is not known");
    assert_eq!(carried(("old", 20), &old), old, "it was answered from the cache");
    let many = recorded("old", 20, vec![run(30); MOST_EARLIER_RUNS]);
    let mut kept = vec![run(30); MOST_EARLIER_RUNS];
    kept[0] = run(20);
    assert_eq!(carried(("new", 10), &many).earlier, kept);
}
