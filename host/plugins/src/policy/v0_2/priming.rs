//! Priming policies of version 0.2.

use spec_strategy as host;
use spec_strategy::PolicyError;
use wasmtime::component::ResourceAny;

use super::settings;
use crate::bindings::v0_2::priming_policy::exports::spec::plugin::priming as guest;
use crate::call_facts::CallFacts;
use crate::policy::description::{PolicyDescription, SettingValue};
use crate::policy::error::PolicyLoadError;
use crate::policy::instance::PolicyInstance;
use crate::world::v0_2::PrimingPolicy;

/// A priming policy that is a component.
struct ComponentPrimingPolicy {
    instance: PolicyInstance<PrimingPolicy>,
    /// The policy's session. It is dropped together with the instance, without a call of its destructor.
    session: ResourceAny,
    wants: host::PrimingWants,
    skip_codes: Vec<host::ReasonCode>,
}

/// A policy with an open session, its description, and the values of its settings.
pub(in crate::policy) type OpenedPrimingPolicy =
    (Box<dyn host::PrimingPolicy>, PolicyDescription, Vec<(String, SettingValue)>);

/// Opens a session of a policy with its memory.
pub(in crate::policy) fn open_priming_policy(
    mut instance: PolicyInstance<PrimingPolicy>,
    given: &[(String, String)],
    memory: &[u8],
) -> Result<OpenedPrimingPolicy, PolicyLoadError> {
    let none = CallFacts::NONE;
    let described = instance
        .call("describe", none, |exports, store| exports.spec_plugin_priming().call_describe(store))?;
    let description = settings::description(&instance.name, described)?;
    let configuration = settings::configuration(&instance.name, &description, given)?;
    let values = settings::values(&configuration);
    let opened = instance.call("open", none, |exports, store| {
        exports.spec_plugin_priming().session().call_open(store, &values, memory)
    })?;
    let session = opened.map_err(|refusal| settings::refused(&instance.name, refusal))?;
    let wants = instance.call("wants", none, |exports, store| {
        exports.spec_plugin_priming().session().call_wants(store, session)
    })?;
    let wants = host::PrimingWants {
        revise: wants.contains(guest::Wants::REVISE),
        observe_all: wants.contains(guest::Wants::OBSERVE_ALL),
        largest_batch: description.largest_batch,
    };
    let skip_codes = description.skip_codes.clone();
    let policy = ComponentPrimingPolicy { instance, session, wants, skip_codes };
    Ok((Box::new(policy), description, configuration))
}

impl host::PrimingPolicy for ComponentPrimingPolicy {
    fn name(&self) -> &str {
        &self.instance.name.0
    }

    fn wants(&self) -> host::PrimingWants {
        self.wants
    }

    fn decide(
        &mut self,
        candidates: &[host::Candidate],
        load: &host::PrimingLoad,
        facts: &dyn host::PrimingFacts,
    ) -> Result<Vec<host::Decision>, PolicyError> {
        let candidates: Vec<_> = candidates.iter().map(candidate).collect();
        let (session, load) = (self.session, load_to_guest(load));
        let decisions = self.instance.call(
            "decide",
            CallFacts::of_priming(facts).about(candidates.len()),
            |exports, store| {
                exports.spec_plugin_priming().session().call_decide(store, session, &candidates, load)
            },
        )?;
        let codes = &self.skip_codes;
        // A collected `Result` would not know its length, and grow.
        let mut taken = Vec::with_capacity(decisions.len());
        for decided in decisions {
            taken.push(decision(decided, codes).map_err(|number| {
                let what = format!("it skips for reason {number}, but describes {} of its own", codes.len());
                self.instance.invalid("decide", &what)
            })?);
        }
        Ok(taken)
    }

    fn revise(
        &mut self,
        submitted: &[host::SubmittedAction],
        load: &host::PrimingLoad,
        facts: &dyn host::PrimingFacts,
    ) -> Result<Vec<host::Revision>, PolicyError> {
        let submitted: Vec<_> = submitted.iter().map(submitted_action).collect();
        let (session, load) = (self.session, load_to_guest(load));
        let revisions = self.instance.call(
            "revise",
            CallFacts::of_priming(facts).about(submitted.len()),
            |exports, store| {
                exports.spec_plugin_priming().session().call_revise(store, session, &submitted, load)
            },
        )?;
        Ok(revisions.into_iter().map(revision).collect())
    }

    fn observe(
        &mut self,
        ended: &[host::Observation],
        facts: &dyn host::PrimingFacts,
    ) -> Result<(), PolicyError> {
        let ended: Vec<_> = ended.iter().map(observation).collect();
        let session = self.session;
        self.instance.call("observe", CallFacts::of_priming(facts).about(ended.len()), |exports, store| {
            exports.spec_plugin_priming().session().call_observe(store, session, &ended)
        })
    }

    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        let session = self.session;
        self.instance.call("remember", CallFacts::NONE, |exports, store| {
            exports.spec_plugin_priming().session().call_remember(store, session)
        })
    }
}

fn candidate(candidate: &host::Candidate) -> guest::Candidate {
    // How long it took is asked for.
    let host::Candidate {
        action,
        element,
        program,
        run_ms: _,
        cpu_ms: _,
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
        hits,
        misses,
        element_hits,
        element_misses,
        fan_out,
        critical_ms,
        distance,
    }
}

fn load_to_guest(load: &host::PrimingLoad) -> guest::Load {
    let host::PrimingLoad { slots, requested, primed, submitted, hits, free, cpu_left_ms, bytes_left } =
        *load;
    guest::Load { slots, requested, primed, submitted, hits, free, cpu_left_ms, bytes_left }
}

/// # Errors
/// The number of a reason that the policy does not describe.
fn decision(decision: guest::Decision, codes: &[host::ReasonCode]) -> Result<host::Decision, u16> {
    Ok(match decision {
        guest::Decision::Submit(priority) => host::Decision::Submit { priority },
        guest::Decision::Hold => host::Decision::Hold,
        guest::Decision::Skip(reason) => host::Decision::Skip(match reason {
            guest::SkipReason::TooCheap => host::SkipReason::TooCheap,
            guest::SkipReason::TooDear => host::SkipReason::TooDear,
            guest::SkipReason::Unlikely => host::SkipReason::Unlikely,
            guest::SkipReason::Other(code) => {
                host::SkipReason::Other(*codes.get(usize::from(code)).ok_or(code)?)
            }
        }),
    })
}

fn submitted_action(submitted: &host::SubmittedAction) -> guest::SubmittedAction {
    let host::SubmittedAction { action, priority, running_ms } = *submitted;
    guest::SubmittedAction { action, priority, running_ms }
}

fn revision(revision: guest::Revision) -> host::Revision {
    match revision {
        guest::Revision::Keep => host::Revision::Keep,
        guest::Revision::Reprioritise(priority) => host::Revision::Reprioritise { priority },
        guest::Revision::Cancel => host::Revision::Cancel,
    }
}

fn observation(observation: &host::Observation) -> guest::Observation {
    let host::Observation { action, decision, outcome, run_ms, cpu_ms } = *observation;
    let decision = match decision {
        host::LastDecision::Submitted => guest::LastDecision::Submitted,
        host::LastDecision::Held => guest::LastDecision::Held,
        host::LastDecision::Skipped => guest::LastDecision::Skipped,
    };
    let outcome = match outcome {
        host::Outcome::Used => guest::Outcome::Used,
        host::Outcome::Joined => guest::Outcome::Joined,
        host::Outcome::Unused => guest::Outcome::Unused,
        host::Outcome::Failed => guest::Outcome::Failed,
        host::Outcome::Overtaken => guest::Outcome::Overtaken,
    };
    guest::Observation { action, decision, outcome, run_ms, cpu_ms }
}
