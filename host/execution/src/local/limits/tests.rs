use super::*;

#[test]
fn what_was_written_is_counted_without_following_links() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inside = folder.path().join("inside");
    std::fs::create_dir_all(inside.join("a/b")).expect("it is ours");
    std::fs::write(inside.join("a/b/large"), vec![1; 1 << 20]).expect("there is room");
    std::fs::write(folder.path().join("outside"), vec![1; 1 << 20]).expect("there is room");
    for (target, name) in [("..", "up"), ("../outside", "file"), ("/", "root")] {
        std::os::unix::fs::symlink(target, inside.join(name)).expect("it is ours");
    }
    let found = written(&inside);
    assert_eq!(found.entries, 6);
    assert!((1 << 20..3 << 19).contains(&found.bytes), "{found:?}");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&inside, &link).expect("it is ours");
    assert_eq!(written(&link), DiskUsage::default());
}
