//! What this machine tells a person of a command that failed.

use spec_cas::SpecialFile;
use spec_sandbox::{CommandOutcome, Termination};

use crate::local::prepared_action::PreparedAction;
use crate::local::requirements::PlatformRequirements;

/// Special files that a report names.
const NAMED: usize = 20;

/// How the command ended and what it had, unless it did well or was given up; and what of its outputs was left out.
pub(crate) fn report(
    outcome: &CommandOutcome,
    prepared: &PreparedAction,
    special: Vec<SpecialFile>,
) -> Option<String> {
    match (ended(outcome, prepared), left_out(special)) {
        (Some(ended), Some(left_out)) => Some(ended + &left_out),
        (ended, left_out) => ended.or(left_out),
    }
}

fn left_out(mut special: Vec<SpecialFile>) -> Option<String> {
    special.sort_unstable();
    special.dedup();
    let named = special.iter().take(NAMED).map(|file| format!("  /{} ({})\n", file.path, file.kind));
    let named: String = named.collect();
    let more = special.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("  and {more} more\n") } else { String::new() };
    let intro = "These outputs are left out, for no tree can hold them:\n";
    (!special.is_empty()).then(|| format!("{intro}{named}{more}"))
}

/// Nothing of a command that did well, or was given up.
fn ended(outcome: &CommandOutcome, prepared: &PreparedAction) -> Option<String> {
    let ended = match outcome.termination {
        Termination::Exited(0) | Termination::Cancelled => return None,
        Termination::Exited(code) => format!("exited with {code}"),
        Termination::Signaled(signal) => format!("was ended by signal {signal}"),
        Termination::TimedOut => "was killed at its time-out".to_owned(),
    };
    let usage = &outcome.usage;
    let PreparedAction { requirements, timeout, user, group, .. } = prepared;
    let PlatformRequirements { chroot, network, socket, .. } = requirements;
    let chroot = chroot.map_or("none".to_owned(), |digest| digest.to_string());
    let network = if *network { "on" } else { "off" };
    let socket = socket.as_deref().unwrap_or("none");
    Some(format!(
        "The command {ended}.\n\
         It took {:?} of user and {:?} of system time, and {} KB of memory at most; its time-out was {timeout:?}.\n\
         chrootRootDigest: {chroot}\nunixUID: {user}\nunixGID: {group}\nnetwork: {network}\n\
         remoteApisSocketPath: {socket}\n",
        usage.user,
        usage.system,
        usage.max_rss >> 10,
    ))
}
