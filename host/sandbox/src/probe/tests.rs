use super::*;

#[test]
fn this_machine_can_run_sandboxes() {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    for check in probe(scratch.path()) {
        assert!(check.ok, "{check:?}");
    }
    scratch.close().expect("nothing in it is closed to its owner");
}

#[test]
fn failure_is_told_once() {
    let checks = explain(Err(SandboxError::Overlay {
        step: "mount the overlay",
        path: "/x".into(),
        source: std::io::Error::from_raw_os_error(19),
        message: String::new(),
        remedy: "modprobe overlay",
    }));
    let told: Vec<_> = checks.iter().map(|check| (check.ok, check.remedy.as_str())).collect();
    assert_eq!(
        told,
        [(true, ""), (false, "modprobe overlay"), (false, "first mend the overlay file system")]
    );
}
