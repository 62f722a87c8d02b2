use super::*;

fn digests(range: std::ops::Range<u32>) -> Vec<Digest> {
    range.map(|number| Digest::of(&number.to_le_bytes())).collect()
}

#[test]
fn nobody_else_claims_what_is_claimed_or_known() {
    let (known, all) = (KnownBlobs::default(), digests(0..3));
    known.insert(&all[..1]);
    let twice = [&all[..2], &all[..2]].concat();
    let (first, none) = known.claim(&twice);
    assert_eq!(
        (first.digests.as_slice(), none.0.len()),
        (&all[1..2], 0),
        "one is known, the other claimed once"
    );
    let (second, wait) = known.claim(&all);
    assert_eq!((second.digests.as_slice(), wait.0.len()), (&all[2..], 1));
    assert!(wait.0[0].has_changed().is_ok(), "the first still has it");
    drop(first);
    assert!(wait.0[0].has_changed().is_err(), "the first is done");
    assert_eq!(known.claim(&all).0.digests, all[1..2], "it was not uploaded");
}

#[test]
fn what_was_not_used_for_the_longest_time_is_dropped() {
    let (known, first) = (KnownBlobs::default(), digests(0..2));
    known.insert(&first);
    let many = u32::try_from(LIMIT).expect("a number");
    known.insert(&digests(2..many + 1));
    assert!(known.contains(&first[0]), "it is in the old generation, and used now");
    known.insert(&digests(many + 1..2 * many + 1));
    assert!(known.contains(&first[0]));
    assert!(!known.contains(&first[1]), "nobody asked for it");
}

#[test]
fn who_forgets_a_blob_knows_no_tree_to_be_whole() {
    let (known, all) = (KnownBlobs::default(), digests(0..2));
    known.insert(&all);
    known.insert_trees(&all);
    known.forget(&all[..1]);
    assert_eq!(known.unknown(&all), all[..1]);
    assert!(!known.contains_tree(&all[1]));
}

#[test]
fn a_tree_is_looked_through_by_one_at_a_time() {
    let (known, all) = (KnownBlobs::default(), digests(0..3));
    known.insert_trees(&all[..1]);
    let first = known.claim_trees(&[all[0], all[1], all[1]]);
    assert_eq!(first.roots, all[1..2], "one is whole, the other claimed once");
    assert!(first.others.is_empty());
    let second = known.claim_trees(&all);
    assert_eq!(second.roots, all[2..]);
    assert!(second.others.0[0].has_changed().is_ok(), "the first still has it");
    drop(first);
    assert!(second.others.0[0].has_changed().is_err(), "the first is done");
    assert_eq!(known.claim_trees(&all).roots, all[1..2], "the second still has the other");
}
