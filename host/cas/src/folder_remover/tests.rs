use std::fs;

use super::*;

#[test]
fn files_are_removed_at_once_and_folders_before_it_is_dropped() {
    let area = tempfile::tempdir().expect("a temporary folder");
    let remover = FolderRemover::default();
    let paths: Vec<PathBuf> =
        (0..3 * QUEUE_LENGTH).map(|number| area.path().join(number.to_string())).collect();
    for path in &paths {
        fs::create_dir_all(path.join("a/b")).expect("a folder");
        fs::write(path.join("a/b/file"), "text").expect("a file");
    }
    for path in &paths {
        remover.remove(path);
        assert!(!path.join("a/b/file").exists());
    }
    drop(remover);
    assert!(paths.iter().all(|path| !path.exists()));
}
