use super::*;

#[test]
fn the_tail_is_the_last_lines() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut log = BuildLog::create(folder.path(), "hello", "app", "12345678-build")?;
    for number in 0..100 {
        log.line(&format!("line {number}"))?;
    }
    assert_eq!(tail(log.path(), 0, 2)?, ["line 98", "line 99"]);
    assert_eq!(tail(log.path(), 0, 1000)?.len(), 100);
    let start = fs::metadata(log.path()).expect("the log is there").len();
    log.line("last")?;
    assert_eq!(tail(log.path(), start, 2)?, ["last"]);
    Ok(())
}

#[test]
fn a_log_lies_in_the_folder_of_its_element() -> Result<(), BuildError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = BuildLog::create(folder.path(), "hello", "core-app", "12345678-build")?;
    let name = log.path().strip_prefix(folder.path()).expect("it lies below").to_string_lossy().into_owned();
    assert!(name.starts_with("hello/core-app/12345678-build.") && name.ends_with(".log"), "{name}");
    Ok(())
}

#[test]
fn no_two_builds_share_a_log() -> Result<(), BuildError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let create = || BuildLog::create(folder.path(), "hello", "app", "12345678-build");
    let logs = [create()?, create()?, create()?];
    let paths: std::collections::BTreeSet<_> = logs.iter().map(BuildLog::path).collect();
    assert_eq!(paths.len(), 3, "{paths:?}");
    Ok(())
}
