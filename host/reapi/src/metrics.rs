//! Metrics of the server, in Prometheus' text format.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use spec_execution::{ActionAnswer, ActionError};
use spec_model::AnswerSource;
use tonic::Code;

/// The metrics, shared by all services.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Durations by method and status code.
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    received: Family<MethodLabel, Counter>,
    sent: Family<MethodLabel, Counter>,
    /// Requests in progress.
    pub(crate) open: Gauge,
    actions: Family<OutcomeLabel, Counter>,
    lookups: Family<OutcomeLabel, Counter>,
    gauges: [Gauge; 5],
    registry: Registry,
}

/// Numbers that other parts of the server own, read for each scrape.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GaugeValues {
    /// Actions that wait for a worker.
    pub(crate) queued: usize,
    /// Actions that run.
    pub(crate) running: usize,
    /// Uploads in progress, and interrupted ones that can be resumed.
    pub(crate) uploads: usize,
    /// Free bytes of the store's file system.
    pub(crate) free: u64,
    /// Bytes of the store's file system.
    pub(crate) size: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    method: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// In the order of [`GaugeValues`].
const GAUGES: [(&str, &str); 5] = [
    ("actions_queued", "Actions that wait for a worker"),
    ("actions_running", "Actions that run"),
    ("uploads_open", "Uploads that are written, or interrupted and kept for a while"),
    ("store_free_bytes", "Free space of the store's file system"),
    ("store_filesystem_bytes", "Size of the store's file system"),
];

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("spec_host");
        let buckets: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_25, 4.0, 10));
        let requests = Family::new_with_constructor(buckets);
        let (received, sent, open) = (Family::default(), Family::default(), Gauge::default());
        let (actions, lookups) = (Family::default(), Family::default());
        let (time, bytes) = (Unit::Seconds, Unit::Bytes);
        registry.register_with_unit("request", "Time to answer requests", time, requests.clone());
        registry.register_with_unit("received", "Bytes of requests", bytes.clone(), received.clone());
        registry.register_with_unit("sent", "Bytes of answers", bytes, sent.clone());
        registry.register("open_requests", "Requests that are being answered", open.clone());
        registry.register("actions", "Requests to execute, by how they were answered", actions.clone());
        registry.register("result_lookups", "Looks for results in the action cache", lookups.clone());
        let gauges: [Gauge; 5] = Default::default();
        for (gauge, (name, help)) in gauges.iter().zip(GAUGES) {
            registry.register(name, help, gauge.clone());
        }
        Self { requests, received, sent, open, actions, lookups, gauges, registry }
    }

    /// Counts a request. All methods that the server does not have are one label, so that clients cannot make up labels.
    pub(crate) fn count_request(&self, path: &str, code: Code, took: Duration, received: u64, sent: u64) {
        let method = match code {
            Code::Unimplemented | Code::Unauthenticated => "other".to_owned(),
            _ => path.trim_start_matches('/').to_owned(),
        };
        let labels = RequestLabels { method: method.clone(), code: code_name(code) };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
        let method = MethodLabel { method };
        self.received.get_or_create(&method).inc_by(received);
        self.sent.get_or_create(&method).inc_by(sent);
    }

    /// Counts a request to execute.
    pub(crate) fn count_action(&self, answer: &ActionAnswer) {
        self.actions.get_or_create(&OutcomeLabel { outcome: outcome(answer) }).inc();
    }

    /// Counts a lookup in the action cache.
    pub(crate) fn count_lookup(&self, found: bool) {
        let outcome = if found { "hit" } else { "miss" };
        self.lookups.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// All metrics as text.
    pub(crate) fn text(&self, gauges: GaugeValues) -> Result<String, fmt::Error> {
        let GaugeValues { queued, running, uploads, free, size } = gauges;
        let values = [queued as u64, running as u64, uploads as u64, free, size];
        for (gauge, value) in self.gauges.iter().zip(values) {
            gauge.set(value.cast_signed());
        }
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The label of how a request to execute was answered.
pub(crate) fn outcome(answer: &ActionAnswer) -> &'static str {
    match answer {
        Ok(done) => match done.answered {
            AnswerSource::CacheHit => "hit",
            AnswerSource::Joined => "joined",
            _ if done.result.exit_code != 0 => "failed",
            _ => "executed",
        },
        Err(ActionError::Cancelled) => "cancelled",
        Err(_) => "error",
    }
}

/// gRPC's name of a status code.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
