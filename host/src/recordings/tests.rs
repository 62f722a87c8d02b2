use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn only_the_last_recordings_are_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, size: u64| {
        let file = fs::File::create(folder.path().join(name)).expect("it is made");
        file.set_len(size).expect("there is room");
    };
    (0..7).for_each(|number| file(&format!("{number}.recording"), 10));
    file("8.part", 10);
    file("other", 10);
    remove_old(folder.path(), SystemTime::now());
    let expected =
        ["2.recording", "3.recording", "4.recording", "5.recording", "6.recording", "8.part", "other"];
    assert_eq!(names(folder.path()), expected);
    file("5.recording", MAX_KEPT_BYTES);
    remove_old(folder.path(), SystemTime::now() + 2 * LEFT_OVER);
    assert_eq!(names(folder.path()), ["6.recording", "other"]);
}

#[test]
fn names_of_later_recordings_sort_after_earlier_ones() {
    let name = new_name();
    assert!(name.as_str() > "1700000000000-1.recording" && name.len() > 20, "{name}");
}
