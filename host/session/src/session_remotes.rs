//! The servers that a session talks to: what the requests to each came to, and whether each can be used as it is configured.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use spec_model::{Blame, FilePosition, UserError};
use spec_remote::{Remote, RemoteError, RemoteStatistics};
use spec_scheduler::Message;

use crate::remotes::RemoteSpec;

/// How long a server may take to say whether it can be used.
const CHECK_LIMIT: Duration = Duration::from_secs(5);

/// What a server is for in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemoteRole {
    /// It executes actions.
    Execution,
    /// It stores inputs and outputs of actions.
    Storage,
    /// It keeps results of actions.
    ActionCache,
    /// A shared cache of artifacts.
    Artifacts,
    /// A shared cache of sources.
    Sources,
}

impl fmt::Display for RemoteRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Execution => "execution",
            Self::Storage => "storage",
            Self::ActionCache => "action cache",
            Self::Artifacts => "artifacts",
            Self::Sources => "sources",
        })
    }
}

/// What the requests to one server came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFigures {
    /// What the server is for.
    pub roles: Vec<RemoteRole>,
    /// The numbers, its address among them.
    pub statistics: RemoteStatistics,
}

/// What a server said when it was asked whether it can be used as it is configured.
#[derive(Debug)]
pub struct CheckedRemote {
    /// How it is configured.
    pub spec: RemoteSpec,
    /// What it said.
    pub outcome: Result<(), RemoteError>,
    /// Whether nothing can be done without it.
    pub required: bool,
}

/// The servers of one part of a session: a cluster, or shared caches.
pub trait RemoteGroup: Send + Sync {
    /// The connections that were made, each once.
    fn connections(&self) -> Vec<(Vec<RemoteRole>, Remote)>;

    /// Whether only builds need the servers.
    fn is_for_builds(&self) -> bool {
        false
    }

    /// Asks all servers at the same time whether they can be used; each has this time to answer.
    fn check(&self, limit: Duration) -> Vec<CheckedRemote>;
}

/// All servers that a session talks to. A clone is another handle on the same.
#[derive(Clone, Default)]
pub struct SessionRemotes(Arc<Mutex<Vec<RegisteredGroup>>>);

#[derive(Clone)]
struct RegisteredGroup {
    group: Arc<dyn RemoteGroup>,
    is_checked: bool,
}

impl SessionRemotes {
    /// Adds the servers of another part of the session.
    pub fn add(&self, group: Arc<dyn RemoteGroup>) {
        self.lock().push(RegisteredGroup { group, is_checked: false });
    }

    /// What the requests to each server came to so far, for those that were asked for something.
    #[must_use]
    pub fn figures(&self) -> Vec<RemoteFigures> {
        let groups = self.lock().clone();
        let connections = groups.iter().flat_map(|registered| registered.group.connections());
        let figures =
            connections.map(|(roles, remote)| RemoteFigures { roles, statistics: remote.statistics() });
        figures.filter(|one| one.statistics.requests + one.statistics.errors > 0).collect()
    }

    /// Checks, before anything depends on them, that the servers can be used as they are configured. One that does not answer
    /// is no error unless nothing can be done without it. Each is asked once. `builds` says whether something will be built.
    ///
    /// # Errors
    /// The first in the order of the configuration that cannot.
    pub(crate) fn check(&self, builds: bool) -> Result<(), RefusedRemote> {
        let mut groups = Vec::new();
        for registered in &mut *self.lock() {
            if !registered.is_checked && (builds || !registered.group.is_for_builds()) {
                registered.is_checked = true;
                groups.push(Arc::clone(&registered.group));
            }
        }
        let checked: Vec<CheckedRemote> = std::thread::scope(|scope| {
            let check = |group: &Arc<dyn RemoteGroup>| {
                let group = Arc::clone(group);
                scope.spawn(move || group.check(CHECK_LIMIT))
            };
            let threads: Vec<_> = groups.iter().map(check).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
        });
        checked.into_iter().find_map(RefusedRemote::of).map_or(Ok(()), Err)
    }

    /// A message for each server that was used, with figures.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.figures().iter().map(message).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<RegisteredGroup>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SessionRemotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionRemotes({} groups)", self.lock().len())
    }
}

impl RemoteFigures {
    /// What the server is for, as `execution, storage`.
    #[must_use]
    pub fn roles(&self) -> String {
        let mut roles = self.roles.clone();
        roles.sort_unstable();
        roles.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// How long the server has been away; `None` while it answers.
    #[must_use]
    pub fn away_for(&self) -> Option<Duration> {
        let since = self.statistics.away_since?;
        Some(SystemTime::now().duration_since(since).unwrap_or_default())
    }
}

fn message(figures: &RemoteFigures) -> Message {
    let RemoteStatistics { address, requests, errors, retries, .. } = &figures.statistics;
    let numbers = &figures.statistics;
    let mut parts = vec![counted(*requests, "request")];
    if *errors > 0 {
        parts.push(format!("{errors} failed, {retries} tried again"));
    }
    if numbers.lookups > 0 {
        parts.push(format!("{} of {} found", numbers.found, numbers.lookups));
    }
    if numbers.executions > 0 {
        let executions = counted(numbers.executions, "action");
        parts.push(format!("{executions}, {} of them from its cache", numbers.cached));
    }
    let moved = [(numbers.bytes_up, "up"), (numbers.bytes_down, "down")];
    parts.extend(
        moved.iter().filter(|(bytes, _)| *bytes > 0).map(|(bytes, way)| format!("{} {way}", size(*bytes))),
    );
    parts.push(format!("p50 {}, p95 {}", time(numbers.latency_p50), time(numbers.latency_p95)));
    parts.extend(figures.away_for().map(|time| format!("away for {} s", time.as_secs())));
    let text = format!("{address} {}: {}", figures.roles(), parts.join(", "));
    let labels = vec![("address".to_owned(), address.clone()), ("roles".to_owned(), figures.roles())];
    Message { figures: named(figures), labels, ..Message::info("remote", text) }
}

/// The numbers of a server by their names in events.
fn named(figures: &RemoteFigures) -> Vec<(String, u64)> {
    let numbers = &figures.statistics;
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let away = figures.away_for().map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    let all = [
        ("requests", numbers.requests),
        ("errors", numbers.errors),
        ("retries", numbers.retries),
        ("bytes-up", numbers.bytes_up),
        ("bytes-down", numbers.bytes_down),
        ("p50-us", micros(numbers.latency_p50)),
        ("p95-us", micros(numbers.latency_p95)),
        ("lookups", numbers.lookups),
        ("found", numbers.found),
        ("actions", numbers.executions),
        ("cached-actions", numbers.cached),
        ("queued", numbers.queued),
        ("in-flight", numbers.in_flight),
        ("away-ms", away),
    ];
    all.map(|(name, number)| (name.to_owned(), number)).to_vec()
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

fn time(time: Duration) -> String {
    match time.as_micros() {
        0..1_000 => format!("{} µs", time.as_micros()),
        _ => format!("{} ms", time.as_millis()),
    }
}

/// A server that cannot be used as it is configured. Its reason is that of what the server said.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct RefusedRemote {
    error: RemoteError,
    /// Where the wrong setting is, or the server.
    position: Option<FilePosition>,
}

impl RefusedRemote {
    /// The error of a server that cannot be used; `None` for one that can, or that others stand in for while it is away.
    #[must_use]
    pub fn of(checked: CheckedRemote) -> Option<Self> {
        let CheckedRemote { spec, outcome, required } = checked;
        let error = outcome.err()?;
        if !error.is_misconfiguration() && !required {
            return None;
        }
        let auth = &spec.auth;
        let of_file = match &error {
            RemoteError::Certificate { .. } => auth.server_certificate.as_ref(),
            RemoteError::Denied { .. } => auth.access_token.as_ref(),
            _ => None,
        };
        let position = of_file.and_then(|file| file.position.clone()).or(spec.position);
        Some(Self { error, position })
    }
}

impl UserError for RefusedRemote {
    fn reason(&self) -> &str {
        self.error.reason()
    }

    fn blame(&self) -> Blame {
        match (self.error.is_misconfiguration(), &self.position) {
            (true, Some(_)) => Blame::Project,
            (true, None) => Blame::Usage,
            (false, _) => self.error.blame(),
        }
    }

    fn position(&self) -> Option<&FilePosition> {
        self.position.as_ref()
    }

    fn hint(&self) -> Option<String> {
        let advice = match self.error.is_misconfiguration() {
            true => "`spec-host doctor` tries all servers",
            false => "or permit this machine to execute with 'execution: {local-fallback: True}'",
        };
        Some(self.error.hint().into_iter().chain([advice.to_owned()]).collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests;
