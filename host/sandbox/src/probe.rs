//! Checks whether sandboxes work on this machine.

use crate::{RootSpec, SandboxCommand, SandboxError, run};
use std::path::Path;
use std::time::Duration;

/// A check of one requirement of sandboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxCheck {
    /// The requirement.
    pub name: &'static str,
    /// Whether it is met.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// What to do if it is not; may be empty.
    pub remedy: String,
}

/// The requirements of a sandbox, in the order in which they are used.
const CHECKED_PARTS: [&str; 3] = ["user namespaces", "overlay file system", "mounts, devices and network"];

/// Tries whether sandboxes work here, with their files in `scratch`, an empty directory that the caller removes afterwards:
/// best on the file system that holds the real ones. Takes milliseconds.
pub fn probe(scratch: &Path) -> Vec<SandboxCheck> {
    let mut checks = vec![kernel()];
    checks.extend(explain(try_sandbox(scratch)));
    checks
}

/// Runs a program that does not exist: if that is the error, everything before it works.
fn try_sandbox(scratch: &Path) -> Result<(), SandboxError> {
    let failed = crate::error::failed;
    let [layer, upper, work] = ["layer", "upper", "work"].map(|name| scratch.join(name));
    for path in [&layer, &upper, &work] {
        std::fs::create_dir(path).map_err(failed("make the directories"))?;
    }
    let timeout = Some(Duration::from_secs(10));
    let root = RootSpec::new([layer], upper, work);
    let tried = run(&root, &SandboxCommand { timeout, ..SandboxCommand::new(["/probe"]) });
    crate::clear_work(&root.work).map_err(failed("remove the directories"))?;
    match tried {
        Err(SandboxError::CommandNotFound { .. }) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(SandboxError::Lost),
    }
}

/// One check for each requirement: met before the one that failed, unknown after it.
fn explain(answer: Result<(), SandboxError>) -> Vec<SandboxCheck> {
    let Err(error) = answer else {
        let good = |name| SandboxCheck { name, ok: true, detail: "works".into(), remedy: String::new() };
        return CHECKED_PARTS.map(good).into();
    };
    let failed = match error {
        SandboxError::Supervisor { .. } | SandboxError::UserNamespace { .. } => 0,
        SandboxError::Overlay { .. } => 1,
        _ => 2,
    };
    let state = |(stage, name): (usize, &'static str)| {
        let (detail, remedy) = match stage.cmp(&failed) {
            std::cmp::Ordering::Less => ("works".into(), String::new()),
            std::cmp::Ordering::Equal => (error.to_string(), error.remedy().to_owned()),
            std::cmp::Ordering::Greater => {
                ("not tried".into(), format!("first mend the {}", CHECKED_PARTS[failed]))
            }
        };
        SandboxCheck { name, ok: stage < failed, detail, remedy }
    };
    CHECKED_PARTS.into_iter().enumerate().map(state).collect()
}

fn kernel() -> SandboxCheck {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse().ok());
    let version: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let ok = version >= (5, 12);
    let remedy = if ok { "" } else { "Linux 5.12 or newer is needed" };
    SandboxCheck { name: "kernel", ok, detail: format!("Linux {release}"), remedy: remedy.into() }
}

#[cfg(test)]
mod tests;
