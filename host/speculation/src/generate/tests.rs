use super::*;
use crate::attribute::Staging;
use crate::testing::Store;

#[test]
fn uses_are_counted_from_record_to_record() {
    let store = Store::new();
    let staging = Staging::new(&store.cas, vec![]).expect("nothing is staged");
    let mut previous = None;
    let mut ends = Vec::new();
    let mut uses = Vec::new();
    let first = [Some(true), Some(false), Some(true), None];
    for (version, end) in first.into_iter().chain([Some(true); 15]).enumerate() {
        let action = store.action("cc", &store.tree(&[&format!("src/main.c={version}")]));
        let build = Build {
            element: "app.bst",
            staging: &staging,
            folders: &[],
            platforms: &[],
            dependencies: &[],
            subactions: &[store.answered(action, &["main.o=o"])],
            ends: &ends,
            artifact: None,
        };
        let made = generate(&store.cas, &build, Mode::Full, true, previous, &OverlaySlot::default());
        previous = made.expect("the store works").digest();
        let record =
            Record::load(&store.cas, &previous.expect("a record"), "app.bst").expect("it can be read");
        uses.push((record.actions[0].hits, record.actions[0].misses));
        ends = vec![(action, end)];
    }
    assert_eq!(uses[..4], [(0, 0), (1, 0), (1, 1), (2, 1)]);
    assert_eq!(uses[17..], [(15, 1), (8, 0)], "those before fade");
}
