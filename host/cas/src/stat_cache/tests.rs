use super::*;

#[test]
fn what_was_sent_longest_ago_is_forgotten() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("seen");
    let open =
        |name: usize| StatCache::open(&store, &folder.path().join(name.to_string()), DigestFunction::Sha256);
    let replace = |name: usize, time: u64| {
        let found = (FileIdentity([0, time, 0, 0, 0, 0, 0]), Digest::of(b""));
        let mut seen = open(name);
        seen.replace([found].into_iter(), SystemTime::now());
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
        fs::File::open(seen.file).and_then(|file| file.set_modified(written)).expect("it was written");
    };
    let known = || (0..=FOLDERS).filter(|name| !open(*name).is_empty()).collect::<Vec<_>>();
    (0..FOLDERS).for_each(|name| replace(name, name as u64));
    replace(5, 100);
    assert_eq!(known().len(), FOLDERS, "one that is known takes no room");
    replace(FOLDERS, 101);
    assert_eq!(known(), (1..=FOLDERS).collect::<Vec<_>>());
}
