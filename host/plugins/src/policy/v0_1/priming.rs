//! Priming policies of version 0.1: 0 stands for what is not known, and nothing can be revised.

use spec_strategy as host;
use spec_strategy::PolicyError;
use wasmtime::component::ResourceAny;

use crate::bindings::v0_1::priming_policy::exports::spec::priming_policy::policy as guest;
use crate::call_facts::CallFacts;
use crate::failure::shortened;
use crate::policy::error::PolicyLoadError;
use crate::policy::instance::PolicyInstance;
use crate::world::v0_1::PrimingPolicy;

/// A priming policy of version 0.1 in the form of the present contract.
pub(in crate::policy) struct PrimingAdapter {
    instance: PolicyInstance<PrimingPolicy>,
    /// The policy's session. It is dropped together with the instance, without a call of its destructor.
    session: ResourceAny,
}

impl PrimingAdapter {
    /// Opens a session of the policy, with its settings sorted by key, and its memory.
    pub(in crate::policy) fn open(
        mut instance: PolicyInstance<PrimingPolicy>,
        settings: &[(String, String)],
        memory: &[u8],
    ) -> Result<Self, PolicyLoadError> {
        let answer = instance.call("open", CallFacts::NONE, |exports, store| {
            exports.spec_priming_policy_policy().session().call_open(store, settings, memory)
        })?;
        match answer {
            Ok(session) => Ok(Self { instance, session }),
            Err(refusal) => Err(refused(instance.name.0, refusal)),
        }
    }
}

impl host::PrimingPolicy for PrimingAdapter {
    fn name(&self) -> &str {
        &self.instance.name.0
    }

    fn decide(
        &mut self,
        candidates: &[host::Candidate],
        load: &host::PrimingLoad,
        _: &dyn host::PrimingFacts,
    ) -> Result<Vec<host::Decision>, PolicyError> {
        let candidates: Vec<_> = candidates.iter().map(candidate).collect();
        let (session, machine) = (self.session, machine(load));
        let decisions =
            self.instance.call("decide", CallFacts::NONE.about(candidates.len()), |exports, store| {
                let exports = exports.spec_priming_policy_policy();
                exports.session().call_decide(store, session, &candidates, machine)
            })?;
        Ok(decisions.into_iter().map(decision).collect())
    }

    fn observe(
        &mut self,
        ended: &[host::Observation],
        _: &dyn host::PrimingFacts,
    ) -> Result<(), PolicyError> {
        let outcomes: Vec<_> = ended.iter().filter_map(observation).collect();
        let session = self.session;
        self.instance.call("observe", CallFacts::NONE.about(outcomes.len()), |exports, store| {
            exports.spec_priming_policy_policy().session().call_observe(store, session, &outcomes)
        })
    }

    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        let session = self.session;
        self.instance.call("remember", CallFacts::NONE, |exports, store| {
            exports.spec_priming_policy_policy().session().call_remember(store, session)
        })
    }
}

fn refused(policy: String, refusal: guest::Refusal) -> PolicyLoadError {
    let guest::Refusal { reason, key, message } = refusal;
    let reason = match reason {
        guest::RefusalReason::UnknownKey => "policy-unknown-setting",
        guest::RefusalReason::InvalidValue => "policy-invalid-setting",
        guest::RefusalReason::Other => "policy-refused",
    };
    PolicyLoadError::Refused {
        reason: reason.to_owned(),
        policy,
        key,
        message: shortened(message),
        hint: None,
    }
}

fn candidate(candidate: &host::Candidate) -> guest::Candidate {
    let host::Candidate {
        action,
        element,
        program,
        run_ms,
        cpu_ms,
        hits,
        misses,
        element_hits,
        element_misses,
        fan_out,
        critical_ms,
        distance,
    } = *candidate;
    guest::Candidate {
        action,
        element,
        program,
        took_ms: run_ms.unwrap_or(0),
        cpu_ms: cpu_ms.unwrap_or(0),
        hits,
        misses,
        element_hits,
        element_misses,
        fan_out,
        critical_ms,
        distance,
    }
}

fn machine(load: &host::PrimingLoad) -> guest::Machine {
    let host::PrimingLoad { slots, requested, primed, submitted, hits, free, cpu_left_ms, bytes_left } =
        *load;
    guest::Machine {
        slots: slots.unwrap_or(0),
        real: requested,
        primed,
        sent: submitted,
        hits,
        free,
        cpu_left_ms: cpu_left_ms.unwrap_or(u64::MAX),
        bytes_left: bytes_left.unwrap_or(u64::MAX),
    }
}

fn decision(decision: guest::Decision) -> host::Decision {
    match decision {
        guest::Decision::Submit(priority) => host::Decision::Submit { priority },
        guest::Decision::Hold => host::Decision::Hold,
        guest::Decision::Skip(reason) => host::Decision::Skip(match reason {
            guest::SkipReason::TooCheap => host::SkipReason::TooCheap,
            guest::SkipReason::TooDear => host::SkipReason::TooDear,
            guest::SkipReason::Unlikely => host::SkipReason::Unlikely,
            guest::SkipReason::Other => host::SkipReason::Other(host::ReasonCode::OTHER),
        }),
    }
}

/// `None` for what this version cannot say.
fn observation(observation: &host::Observation) -> Option<guest::Observation> {
    let outcome = match observation.outcome {
        host::Outcome::Used => guest::Outcome::Used,
        host::Outcome::Joined => guest::Outcome::Joined,
        host::Outcome::Unused => guest::Outcome::Unused,
        host::Outcome::Failed => guest::Outcome::Failed,
        host::Outcome::Overtaken => return None,
    };
    Some(guest::Observation { action: observation.action, outcome, cpu_ms: observation.cpu_ms.unwrap_or(0) })
}
