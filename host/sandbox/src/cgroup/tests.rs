use super::*;

#[test]
fn the_own_folder_is_found() {
    let unified = "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
    let hybrid = "30 22 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
                  31 22 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    let container = "40 30 0:26 /docker/1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    let table = [
        (unified, "0::/user.slice/a.scope\n", Some("/sys/fs/cgroup/user.slice/a.scope")),
        (hybrid, "8:pids:/x\n0::/\n", Some("/sys/fs/cgroup/unified")),
        (container, "0::/docker/1/x\n", Some("/sys/fs/cgroup/x")),
        (container, "0::/other\n", None),
        (unified, "8:pids:/x\n", None),
        ("", "0::/\n", None),
    ];
    for (mounts, groups, expect) in table {
        assert_eq!(own_folder(mounts, groups).as_deref(), expect.map(Path::new), "{mounts} {groups}");
    }
}

#[test]
fn a_group_goes_with_all_that_runs_in_it() {
    let Some(group) = ControlGroup::make() else { return };
    let path = group.path().to_owned();
    let mut sleeper = std::process::Command::new("sleep").arg("1000").spawn().expect("sleep is installed");
    if fs::write(path.join("cgroup.procs"), sleeper.id().to_string()).is_ok() {
        let waiting = std::thread::spawn(move || sleeper.wait());
        drop(group);
        let status = waiting.join().expect("it does not panic").expect("it is ours");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    } else {
        sleeper.kill().and_then(|()| sleeper.wait()).expect("it is ours");
        drop(group);
    }
    assert!(!path.exists(), "{}", path.display());
}
