use super::*;

#[test]
fn every_refusal_has_a_remedy() {
    let table = [
        (SetupStep::UserNamespace, Errno::PERM, "unprivileged_userns_clone"),
        (SetupStep::UserNamespace, Errno::NOSPC, "max_user_namespaces"),
        (SetupStep::Overlay, Errno::NODEV, "modprobe overlay"),
        (SetupStep::Overlay, Errno::INVAL, "one file system"),
        (SetupStep::Layer, Errno::LOOP, "twice"),
        (SetupStep::Proc, Errno::PERM, "systempaths"),
        (SetupStep::Pivot, Errno::PERM, "container"),
        (SetupStep::Attach, Errno::NOSYS, "5.12"),
        (SetupStep::Filter, Errno::INVAL, "SECCOMP_FILTER"),
    ];
    for (step, errno, expect) in table {
        assert!(remedy(step, errno).contains(expect), "{step:?} {errno:?}");
    }
    assert_eq!(remedy(SetupStep::Layer, Errno::NOENT), "");
}
