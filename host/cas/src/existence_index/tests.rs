use spec_model::Digest;

use crate::store::Cas;

#[test]
fn many_digests_are_answered_from_memory_and_few_exactly() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path()).expect("a store");
    let blob = |n: u32| cas.digest(&n.to_le_bytes());
    let all: Vec<Digest> = (0..600).map(blob).collect();
    let put = |cas: &Cas, n: u32| _ = cas.put_bytes(&n.to_le_bytes()).expect("it is stored");
    put(&cas, 0);
    let without =
        |here: &[u32]| -> Vec<Digest> { (0..600).filter(|n| !here.contains(n)).map(blob).collect() };
    let missing = |cas: &Cas| cas.probably_missing(&all).expect("it answers");
    assert_eq!(missing(&cas), without(&[0]), "without an index");
    cas.build_existence_index().expect("the store can be listed");
    put(&cas, 599);
    assert_eq!(missing(&cas), without(&[0, 599]));
    // Another process stores one blob and removes one.
    let other = Cas::open(folder.path()).expect("a store");
    put(&other, 300);
    std::fs::remove_file(cas.blob_path(&all[0])).expect("it was there");
    assert_eq!(missing(&cas), without(&[599]));
    assert_eq!(cas.probably_missing(&all[300..301]).expect("it answers"), []);
}
