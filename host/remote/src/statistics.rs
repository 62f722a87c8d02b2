//! What the requests to a server came to: numbers for people and for policies.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::stage_counters::StageCounters;

/// Numbers about the requests to one server since the connection was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteStatistics {
    /// The server's address.
    pub address: String,
    /// Requests that were sent, retries among them.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
    /// Requests that were sent again after a transient error.
    pub retries: u64,
    /// Bytes of the messages that were sent, as they were sent.
    pub bytes_up: u64,
    /// Bytes of the messages that were received, as they were received.
    pub bytes_down: u64,
    /// Requests that are not answered, and streams that have not ended.
    pub in_flight: u64,
    /// Results of actions and assets that were looked up.
    pub lookups: u64,
    /// Of these, those that the server had.
    pub found: u64,
    /// Actions that the server executed, or answered from its action cache when it was to execute them.
    pub executions: u64,
    /// Of these, those that it answered from its action cache.
    pub cached: u64,
    /// Actions that wait for a worker, as the server says (`ExecutionStage`).
    pub queued: u64,
    /// Actions that the server runs at a time, estimated from their stages; `None` while that cannot be told.
    pub workers: Option<u64>,
    /// The time after which half of the requests were answered.
    pub latency_p50: Duration,
    /// The time after which 95 of 100 requests were answered.
    pub latency_p95: Duration,
    /// Since when the server is away; `None` while it answers.
    pub away_since: Option<SystemTime>,
}

/// The counters behind [`RemoteStatistics`].
#[derive(Debug, Default)]
pub(crate) struct StatisticsCounters {
    pub(crate) requests: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) bytes_up: AtomicU64,
    pub(crate) bytes_down: AtomicU64,
    pub(crate) in_flight: AtomicU64,
    pub(crate) lookups: AtomicU64,
    pub(crate) found: AtomicU64,
    pub(crate) executions: AtomicU64,
    pub(crate) cached: AtomicU64,
    pub(crate) stages: StageCounters,
    pub(crate) latency: LatencyHistogram,
}

impl StatisticsCounters {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts something that was looked up.
    pub(crate) fn count_lookup(&self, found: bool) {
        Self::add(&self.lookups, 1);
        Self::add(&self.found, u64::from(found));
    }

    /// Counts an action that the server executed, or whose result it had.
    pub(crate) fn count_execution(&self, cached: bool) {
        Self::add(&self.executions, 1);
        Self::add(&self.cached, u64::from(cached));
    }

    /// The numbers now.
    pub(crate) fn read(&self, address: String, away_since: Option<SystemTime>) -> RemoteStatistics {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RemoteStatistics {
            address,
            requests: get(&self.requests),
            errors: get(&self.errors),
            retries: get(&self.retries),
            bytes_up: get(&self.bytes_up),
            bytes_down: get(&self.bytes_down),
            in_flight: get(&self.in_flight),
            lookups: get(&self.lookups),
            found: get(&self.found),
            executions: get(&self.executions),
            cached: get(&self.cached),
            queued: get(&self.stages.queued),
            workers: self.stages.workers(),
            latency_p50: self.latency.percentile(50),
            latency_p95: self.latency.percentile(95),
            away_since,
        }
    }
}

/// Buckets for each doubling of the time, so that a percentile is at most an eighth too large.
const PER_DOUBLING: u64 = 8;
/// From 1 µs to more than an hour.
const BUCKETS: usize = 32 * PER_DOUBLING as usize;

/// How often requests took how long, in buckets of fixed number.
#[derive(Debug)]
pub(crate) struct LatencyHistogram([AtomicU64; BUCKETS]);

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; BUCKETS])
    }
}

impl LatencyHistogram {
    pub(crate) fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        StatisticsCounters::add(&self.0[bucket(micros)], 1);
    }

    /// The upper end of the bucket of this percentile; zero without requests.
    fn percentile(&self, percent: u64) -> Duration {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let wanted = (total * percent).div_ceil(100);
        let mut seen = 0;
        let found = counts.iter().position(|count| {
            seen += count;
            *count > 0 && seen >= wanted
        });
        found.map_or(Duration::ZERO, |bucket| Duration::from_micros(upper_end(bucket)))
    }
}

/// Below [`PER_DOUBLING`] every microsecond has a bucket; from there on every eighth of a doubling.
fn bucket(micros: u64) -> usize {
    if micros < PER_DOUBLING {
        return micros as usize;
    }
    let doublings = u64::from(micros.ilog2()) - 3;
    let eighth = (micros >> doublings) - PER_DOUBLING;
    usize::try_from((doublings + 1) * PER_DOUBLING + eighth).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

fn upper_end(bucket: usize) -> u64 {
    let (doublings, eighth) = (bucket as u64 / PER_DOUBLING, bucket as u64 % PER_DOUBLING);
    match doublings {
        0 => eighth,
        _ => ((PER_DOUBLING + eighth + 1) << (doublings - 1)) - 1,
    }
}

#[cfg(test)]
mod tests;
