//! What this machine tells a person of a command that failed.

use spec_sandbox::{Ending, Outcome};

use super::platform::Demands;
use super::task::Task;

/// How the command ended and what it had, and what of its outputs no tree can hold; nothing of one that did well, or was
/// given up.
pub(crate) fn report(outcome: &Outcome, task: &Task, special: &[String]) -> Option<String> {
    let passed_by: String = special.iter().map(|one| format!("Passed by: {one}.\n")).collect();
    let ended = match outcome.ending {
        Ending::Exited(0) => return Some(passed_by).filter(|text| !text.is_empty()),
        Ending::Cancelled => return None,
        Ending::Exited(code) => format!("exited with {code}"),
        Ending::Signaled(signal) => format!("was ended by signal {signal}"),
        Ending::TimedOut => "was killed at its time-out".to_owned(),
    };
    let usage = &outcome.usage;
    let Task { demands, timeout, user, group, .. } = task;
    let Demands { chroot, network, socket, .. } = demands;
    let chroot = chroot.map_or("none".to_owned(), |digest| digest.to_string());
    let network = if *network { "on" } else { "off" };
    let socket = socket.as_deref().unwrap_or("none");
    Some(format!(
        "The command {ended}.\n\
         It took {:?} of user and {:?} of system time, and {} KB of memory at most; its time-out was {timeout:?}.\n\
         chrootRootDigest: {chroot}\nunixUID: {user}\nunixGID: {group}\nnetwork: {network}\n\
         remoteApisSocketPath: {socket}\n{passed_by}",
        usage.user,
        usage.system,
        usage.max_rss >> 10,
    ))
}
