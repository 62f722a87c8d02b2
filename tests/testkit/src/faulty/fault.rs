//! What a faulty server does wrong, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use spec_proto::reapi::ActionResult;
use tonic::Code;

/// Something that a server does wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never answers.
    Hang,
    /// It begins an answer and says nothing more.
    Mute,
    /// It answers later.
    Delay(Duration),
    /// It ends the answer's stream with a reset after so many bytes.
    Cut(usize),
    /// It refuses with this status, such as `Unavailable` or `ResourceExhausted`, and says this.
    Refuse(Code, &'static str),
    /// It refuses with `ResourceExhausted`, and says after what time to come again.
    Throttle(Duration),
    /// It answers with the right digests, and another first byte of every blob.
    WrongBytes,
    /// It answers with digests of blobs that nobody knows, in results and beside blobs.
    WrongDigests,
    /// It answers each request for a result with the first result that it answered with since.
    OthersResult,
    /// It answers with results that have no outputs.
    NoOutputs,
    /// It says that no blob is missing, and then that it has none: what became of results whose blobs are gone.
    Forget,
    /// It answers with messages that are no messages.
    Garbage,
    /// It calls batches with more bytes than this invalid, and did not announce it.
    LargestBatch(usize),
    /// It announces these versions of the protocol, the oldest and the newest, as major and minor number.
    Versions((i32, i32), (i32, i32)),
    /// It announces this digest function alone, by REAPI's number, for its store and for its executions.
    DigestFunction(i32),
}

/// The faults that are injected, and what was asked for.
#[derive(Debug, Default)]
pub(super) struct FaultPlan {
    rules: Vec<FaultRule>,
    /// Requests by the names of their methods.
    pub(super) requests: BTreeMap<String, u64>,
    /// What [`Fault::OthersResult`] answers with.
    pub(super) others_result: Option<ActionResult>,
}

#[derive(Debug)]
struct FaultRule {
    /// All methods, where it names none.
    method: Option<String>,
    fault: Fault,
    /// For how many requests yet; for all, where it has no number.
    left: Option<u32>,
}

impl FaultPlan {
    pub(super) fn add(&mut self, method: Option<&str>, fault: Fault, times: Option<u32>) {
        self.rules.push(FaultRule { method: method.map(str::to_owned), fault, left: times });
    }

    pub(super) fn heal(&mut self) {
        self.rules.clear();
        self.others_result = None;
    }

    /// Counts a request; answers with the first fault that is meant for it.
    pub(super) fn take(&mut self, method: &str) -> Option<Fault> {
        *self.requests.entry(method.to_owned()).or_default() += 1;
        let is_meant = |rule: &&mut FaultRule| {
            rule.left != Some(0) && rule.method.as_deref().is_none_or(|one| one == method)
        };
        let rule = self.rules.iter_mut().find(is_meant)?;
        rule.left = rule.left.map(|left| left - 1);
        Some(rule.fault.clone())
    }
}
