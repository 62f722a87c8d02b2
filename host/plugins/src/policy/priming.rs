//! Priming policies that are components.

use spec_strategy as host;
use spec_strategy::PolicyError;
use wasmtime::component::ResourceAny;

use super::{PolicyInstance, PolicyLoadError};
use crate::bindings::priming_policy::exports::spec::priming_policy::policy as guest;
use crate::world::PrimingPolicy;

/// A priming policy that is a component.
pub(super) struct ComponentPrimingPolicy {
    instance: PolicyInstance<PrimingPolicy>,
    /// The policy's session. It is dropped together with the instance, without a call of its destructor.
    session: ResourceAny,
}

impl ComponentPrimingPolicy {
    /// Opens a session of the policy, with its settings sorted by key, and its memory.
    pub(super) fn open(
        mut instance: PolicyInstance<PrimingPolicy>,
        settings: &[(String, String)],
        memory: &[u8],
    ) -> Result<Self, PolicyLoadError> {
        let answer = instance.call("open", 1, |exports, store| {
            exports.spec_priming_policy_policy().session().call_open(store, settings, memory)
        })?;
        match answer {
            Ok(session) => Ok(Self { instance, session }),
            Err(refusal) => Err(refused(instance.name.0, refusal)),
        }
    }
}

impl host::PrimingPolicy for ComponentPrimingPolicy {
    fn decide(
        &mut self,
        candidates: &[host::Candidate],
        machine: &host::Machine,
    ) -> Result<Vec<host::Decision>, PolicyError> {
        let candidates: Vec<_> = candidates.iter().map(candidate).collect();
        let (session, machine) = (self.session, machine_to_guest(machine));
        let decisions = self.instance.call("decide", candidates.len(), |exports, store| {
            let exports = exports.spec_priming_policy_policy();
            exports.session().call_decide(store, session, &candidates, machine)
        })?;
        Ok(decisions.into_iter().map(decision).collect())
    }

    fn observe(&mut self, outcomes: &[host::Observation]) -> Result<(), PolicyError> {
        let outcomes: Vec<_> = outcomes.iter().map(observation).collect();
        let session = self.session;
        self.instance.call("observe", outcomes.len(), |exports, store| {
            exports.spec_priming_policy_policy().session().call_observe(store, session, &outcomes)
        })
    }

    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        let session = self.session;
        self.instance.call("remember", 1, |exports, store| {
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
    PolicyLoadError::Refused { reason, policy, key, message }
}

fn candidate(candidate: &host::Candidate) -> guest::Candidate {
    let host::Candidate {
        action,
        element,
        program,
        took_ms,
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
        took_ms,
        cpu_ms,
        hits,
        misses,
        element_hits,
        element_misses,
        fan_out,
        critical_ms,
        distance,
    }
}

fn machine_to_guest(machine: &host::Machine) -> guest::Machine {
    let host::Machine { slots, real, primed, sent, hits, free, cpu_left_ms, bytes_left } = *machine;
    guest::Machine { slots, real, primed, sent, hits, free, cpu_left_ms, bytes_left }
}

fn decision(decision: guest::Decision) -> host::Decision {
    match decision {
        guest::Decision::Submit(priority) => host::Decision::Submit { priority },
        guest::Decision::Hold => host::Decision::Hold,
        guest::Decision::Skip(reason) => host::Decision::Skip(match reason {
            guest::SkipReason::TooCheap => host::SkipReason::TooCheap,
            guest::SkipReason::TooDear => host::SkipReason::TooDear,
            guest::SkipReason::Unlikely => host::SkipReason::Unlikely,
            guest::SkipReason::Other => host::SkipReason::Other,
        }),
    }
}

fn observation(observation: &host::Observation) -> guest::Observation {
    let outcome = match observation.outcome {
        host::Outcome::Used => guest::Outcome::Used,
        host::Outcome::Joined => guest::Outcome::Joined,
        host::Outcome::Unused => guest::Outcome::Unused,
        host::Outcome::Failed => guest::Outcome::Failed,
    };
    guest::Observation { action: observation.action, outcome, cpu_ms: observation.cpu_ms }
}
