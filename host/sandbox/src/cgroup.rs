//! A control group for each sandbox, where this process may make groups below its own (cgroup v2).
//!
//! It limits the number of processes where that controller is delegated, `cgroup.kill` ends all processes, and a
//! command with user namespaces sees no other control groups. A sandbox works without one, too: when its first
//! process ends, the kernel kills the others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PREFIX: &str = "spec-host-";
/// The number of waits for the end of killed processes, and the length of each.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);

/// A group of this process. Dropping it kills the processes in it and removes it.
#[derive(Debug)]
pub(crate) struct ControlGroup(PathBuf);

impl ControlGroup {
    /// A new group; `None` where none can be made.
    pub(crate) fn make() -> Option<Self> {
        static PARENT: OnceLock<Option<PathBuf>> = OnceLock::new();
        static PROCESSES: OnceLock<String> = OnceLock::new();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let parent = PARENT.get_or_init(parent).as_ref()?;
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = parent.join(format!("{PREFIX}{process}-{number}"));
        fs::create_dir(&path).ok()?;
        // The file exists where the controller is delegated.
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

/// Half of the machine's limit, so that the machine stays usable while a command forks without end.
fn process_limit() -> String {
    let most = fs::read_to_string("/proc/sys/kernel/pid_max").ok();
    let most: Option<u64> = most.and_then(|most| most.trim().parse().ok());
    (most.unwrap_or(32_768) / 2).to_string()
}

/// The group of this process, if groups can be made in it. Removes groups that killed processes left there.
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
mod tests;
