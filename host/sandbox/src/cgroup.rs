//! A control group for each sandbox, where this process may make groups below its own (cgroup v2).
//!
//! It bounds the number of processes where that is delegated, its `cgroup.kill` ends everything for sure, and it is all
//! that a command with user namespaces could see of control groups. Without one a sandbox works as well: its first process
//! takes everything with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PREFIX: &str = "spec-host-";
/// How often and how long the end of killed processes is waited for.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);

/// A group without processes of its own, removed with all that is in it.
#[derive(Debug)]
pub(crate) struct ControlGroup(PathBuf);

impl ControlGroup {
    /// A new group; `None` where there can be none.
    pub(crate) fn make() -> Option<Self> {
        static PARENT: OnceLock<Option<PathBuf>> = OnceLock::new();
        static PROCESSES: OnceLock<String> = OnceLock::new();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let parent = PARENT.get_or_init(parent).as_ref()?;
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = parent.join(format!("{PREFIX}{process}-{number}"));
        fs::create_dir(&path).ok()?;
        // The file is there where the controller is delegated.
        let limit = PROCESSES.get_or_init(process_limit);
        let file = fs::File::options().write(true).open(path.join("pids.max"));
        let _ = file.and_then(|mut file| io::Write::write_all(&mut file, limit.as_bytes()));
        Some(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        for attempt in 0..TRIES {
            match fs::remove_dir(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {}
                _ => return,
            }
            if attempt == 0 {
                let _ = fs::write(self.0.join("cgroup.kill"), "1");
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// Half of what the machine has, so that it can be used while a command makes processes without end.
fn process_limit() -> String {
    let most = fs::read_to_string("/proc/sys/kernel/pid_max").ok();
    let most: Option<u64> = most.and_then(|most| most.trim().parse().ok());
    (most.unwrap_or(32_768) / 2).to_string()
}

/// The group of this process, if groups can be made in it. What killed processes left there is removed.
fn parent() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let folder = own_folder(&mounts, &groups)?;
    for entry in fs::read_dir(&folder).ok()?.flatten() {
        let name = entry.file_name();
        let process =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
            // Fails as long as something runs in it.
            let _ = fs::remove_dir(entry.path());
        }
    }
    let probe = folder.join(format!("{PREFIX}{}", std::process::id()));
    fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe)).ok().map(|()| folder)
}

/// The folder of the group that `/proc/self/cgroup` names, by `/proc/self/mountinfo`.
fn own_folder(mounts: &str, groups: &str) -> Option<PathBuf> {
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mount = |line: &str| {
        let (place, kind) = line.split_once(" - ")?;
        let mut fields = place.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        let inside = Path::new(group).strip_prefix(root).ok()?;
        kind.starts_with("cgroup2 ").then(|| Path::new(point).join(inside))
    };
    mounts.lines().find_map(mount)
}

#[cfg(test)]
mod tests {
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
        let mut sleeper =
            std::process::Command::new("sleep").arg("1000").spawn().expect("sleep is installed");
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
}
