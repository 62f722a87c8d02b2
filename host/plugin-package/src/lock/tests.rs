use spec_model::UserError;

use super::*;

const LOCK: &str = "format: 1
plugins:
  oci://example.org/team/mine:1.2.0:
    sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    size: 16384
    world: priming-policy
    name: mine
    version: 1.2.0
  plugins/other.wasm:
    sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    size: 1
    world: element-kind
";

#[test]
fn a_lock_is_read_and_written_the_same() {
    let lock = PluginLock::parse(LOCK, LOCK_FILE).expect("it is valid");
    assert_eq!(lock.plugins.len(), 2);
    let project = tempfile::tempdir().expect("a folder of our own");
    assert_eq!(PluginLock::read(project.path()).expect("there is none"), PluginLock::default());
    lock.write(project.path()).expect("it can be written");
    assert_eq!(PluginLock::read(project.path()).expect("it is valid"), lock);
    assert_eq!(lock.text(), LOCK);
}

#[test]
fn mistakes_have_their_place() {
    for (from, to, place, says) in [
        ("format: 1", "format: 2", "1:9", "expected 1"),
        ("size: 16384", "size: many", "5:11", "expected u64"),
        ("e3b0", "E3B0", "4:13", "64 lower-case"),
        ("oci://example.org/team/mine:1.2.0", "mine", "3:3", "no reference"),
    ] {
        let error = PluginLock::parse(&LOCK.replacen(from, to, 1), "spec.lock").expect_err(to);
        let position = error.position().expect("it has a place").to_string();
        assert_eq!((error.reason(), position), ("invalid-lock", format!("spec.lock:{place}")), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}
