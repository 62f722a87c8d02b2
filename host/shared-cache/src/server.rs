//! One server of a shared cache: its connection, and whether it answers.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use spec_cas::CasError;
use spec_model::UserError;
use spec_remote::{Remote, RemoteError, RemoteNeeds, RemoteOptions};
use tokio::sync::OnceCell;

use crate::monitor::CacheMonitor;

/// How long nothing is asked of a server that failed.
const PAUSE: Duration = Duration::from_secs(30);

/// What is asked of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    PullArtifacts,
    PullRecords,
    PushArtifacts,
    PullSources,
    PushSources,
}

impl Purpose {
    /// What is done when the server fails.
    pub(crate) fn instead(self) -> &'static str {
        match self {
            Self::PullArtifacts => "artifacts are not pulled from it",
            Self::PullRecords => "no records of speculative actions are pulled from it",
            Self::PushArtifacts => "artifacts are not pushed to it",
            Self::PullSources => "sources are fetched from their origin instead",
            Self::PushSources => "sources are not pushed to it",
        }
    }

    fn is_push(self) -> bool {
        matches!(self, Self::PushArtifacts | Self::PushSources)
    }
}

/// How to reach a server, and what it is for.
#[derive(Clone, Debug)]
pub struct CacheServerOptions {
    /// How to connect.
    pub remote: RemoteOptions,
    /// Whether it knows what keys stand for.
    pub index: bool,
    /// Whether it holds blobs.
    pub storage: bool,
    /// Whether we may change it.
    pub push: bool,
}

/// A server. It is connected to when it is first needed.
#[derive(Debug)]
pub(crate) struct CacheServer {
    options: CacheServerOptions,
    connection: OnceCell<Remote>,
    /// Why it did not answer when it was checked, until somebody asks for something.
    check_failure: Mutex<Option<RemoteError>>,
    health: Mutex<Health>,
}

#[derive(Debug, Default)]
struct Health {
    /// Nothing is asked of it before.
    away_until: Option<Instant>,
    /// It refuses everything, for the whole session.
    refuses: bool,
    /// It refuses to be changed, for the whole session: whoever may read may be no writer.
    refuses_push: bool,
    /// It has broken the protocol: that it also answers rightly is no news.
    lies: bool,
    /// Whether the user knows that it fails.
    told: bool,
}

impl CacheServer {
    pub(crate) fn new(options: CacheServerOptions) -> Self {
        let (connection, check_failure) = (OnceCell::new(), Mutex::default());
        Self { options, connection, check_failure, health: Mutex::default() }
    }

    pub(crate) fn options(&self) -> &CacheServerOptions {
        &self.options
    }

    /// Its address, for messages.
    pub(crate) fn address(&self) -> String {
        self.options.remote.address.to_string()
    }

    /// The connection to what knows keys.
    pub(crate) async fn index(&self) -> Result<&Remote, RemoteError> {
        self.connection.get_or_try_init(|| async { Remote::new(self.options.remote.clone()) }).await
    }

    /// The connection to what holds blobs.
    pub(crate) async fn storage(&self) -> Result<&Remote, RemoteError> {
        self.index().await?.require_storage().await
    }

    /// The connection, if there is one yet.
    pub(crate) fn connection(&self) -> Option<&Remote> {
        self.connection.get()
    }

    /// Checks within `limit` that the server can be used for what it is for. That it does not answer is no error here: whoever
    /// asks for something next hears why.
    pub(crate) async fn check(&self, limit: Duration) -> Result<(), RemoteError> {
        let CacheServerOptions { index: assets, storage, .. } = self.options;
        match self.index().await?.check(RemoteNeeds { storage, assets, execution: false }, limit).await {
            Err(error) if !error.is_misconfiguration() => {
                *self.check_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Asks the server, unless it is away. `None` when it is, or fails now; then the user is told once, and what is done
    /// instead.
    pub(crate) async fn ask<T>(
        &self,
        monitor: &dyn CacheMonitor,
        purpose: Purpose,
        question: impl Future<Output = Result<T, RemoteError>>,
    ) -> Result<Option<T>, CasError> {
        if !self.is_usable(purpose) {
            return Ok(None);
        }
        let answer = question.await;
        self.judge(monitor, purpose, answer)
    }

    /// Takes note of an answer; see [`ask`](Self::ask).
    pub(crate) fn judge<T>(
        &self,
        monitor: &dyn CacheMonitor,
        purpose: Purpose,
        answer: Result<T, RemoteError>,
    ) -> Result<Option<T>, CasError> {
        match answer {
            Ok(answer) => {
                let mut health = self.lock();
                (health.away_until, health.told) = (None, health.refuses_push || health.lies);
                Ok(Some(answer))
            }
            // What it would send is too large for us: its fault, not ours.
            Err(RemoteError::Local(error)) if !matches!(error, CasError::TreeTooLarge { .. }) => Err(error),
            Err(error) => {
                let first = self.check_failure.lock().unwrap_or_else(PoisonError::into_inner).take();
                let is_away = matches!(error, RemoteError::Away { .. });
                self.failed(monitor, purpose, first.as_ref().filter(|_| is_away).unwrap_or(&error));
                Ok(None)
            }
        }
    }

    /// Whether something may be asked of it now.
    pub(crate) fn is_usable(&self, purpose: Purpose) -> bool {
        let health = self.lock();
        let refuses = health.refuses || (purpose.is_push() && health.refuses_push);
        !refuses && health.away_until.is_none_or(|until| until <= Instant::now())
    }

    fn failed(&self, monitor: &dyn CacheMonitor, purpose: Purpose, error: &RemoteError) {
        tracing::debug!("{}: {error}", self.address());
        let told = {
            let mut health = self.lock();
            health.lies |= matches!(error, RemoteError::Broken { .. });
            match error {
                RemoteError::Denied { .. } | RemoteError::Unsupported { .. } if purpose.is_push() => {
                    health.refuses_push = true;
                }
                RemoteError::Denied { .. }
                | RemoteError::Unsupported { .. }
                | RemoteError::BadCredentials { .. }
                | RemoteError::Certificate { .. } => health.refuses = true,
                RemoteError::Missing { .. }
                | RemoteError::Lacks { .. }
                | RemoteError::Refused { .. }
                | RemoteError::Local(_) => {}
                _ => health.away_until = Some(Instant::now() + PAUSE),
            }
            std::mem::replace(&mut health.told, true)
        };
        if !told {
            let since = clock(SystemTime::now());
            monitor.warning(error.reason(), format!("{error} (since {since} UTC); {}", purpose.instead()));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of day, as `10:31:02`.
fn clock(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() % (24 * 60 * 60);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_hours_minutes_and_seconds() {
        let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(clock(time(0)), "00:00:00");
        assert_eq!(clock(time(20_000 * 86_400 + 10 * 3600 + 31 * 60 + 2)), "10:31:02");
    }
}
