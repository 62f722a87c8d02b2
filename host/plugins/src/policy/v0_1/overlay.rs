//! Overlay policies of version 0.1: no session, no feedback, no memory, no ranking.

use spec_strategy as host;
use spec_strategy::PolicyError;

use crate::bindings::v0_1::overlay_policy::exports::spec::overlay_policy::policy as guest;
use crate::call_facts::CallFacts;
use crate::failure::shortened;
use crate::policy::error::PolicyLoadError;
use crate::policy::instance::{PolicyInstance, entries_of};
use crate::world::v0_1::OverlayPolicy;

/// An overlay policy of version 0.1 in the form of the present contract.
pub(in crate::policy) struct OverlayAdapter {
    instance: PolicyInstance<OverlayPolicy>,
    scans: bool,
}

impl OverlayAdapter {
    /// Configures the policy with its settings, sorted by key.
    pub(in crate::policy) fn open(
        mut instance: PolicyInstance<OverlayPolicy>,
        settings: &[(String, String)],
    ) -> Result<Self, PolicyLoadError> {
        let answer = instance.call("configure", CallFacts::NONE, |exports, store| {
            exports.spec_overlay_policy_policy().call_configure(store, settings)
        })?;
        match answer {
            Ok(scans) => Ok(Self { instance, scans }),
            Err(refusal) => Err(refused(instance.name.0, refusal)),
        }
    }
}

impl host::OverlayPolicy for OverlayAdapter {
    fn name(&self) -> &str {
        &self.instance.name.0
    }

    fn wants(&self) -> host::OverlayWants {
        host::OverlayWants { propose: self.scans, ..host::OverlayWants::default() }
    }

    fn select(
        &mut self,
        inputs: &[host::InputOrigins],
        _: &dyn host::OverlayFacts,
    ) -> Result<Vec<Vec<u8>>, PolicyError> {
        let input = |input: &host::InputOrigins| guest::InputOrigins {
            path: input.path,
            origins: input.origins.iter().map(origin).collect(),
        };
        let inputs: Vec<_> = inputs.iter().map(input).collect();
        self.instance.call("select", CallFacts::NONE.about(inputs.len()), |exports, store| {
            exports.spec_overlay_policy_policy().call_select(store, &inputs)
        })
    }

    fn choose(
        &mut self,
        inputs: &[host::InputAlternatives],
        _: &dyn host::OverlayFacts,
    ) -> Result<Vec<host::Choice>, PolicyError> {
        let inputs: Vec<_> = inputs.iter().map(input_standing).collect();
        let choices =
            self.instance.call("choose", CallFacts::NONE.about(inputs.len()), |exports, store| {
                exports.spec_overlay_policy_policy().call_choose(store, &inputs)
            })?;
        Ok(choices.into_iter().map(choice).collect())
    }

    fn propose(
        &mut self,
        files: &[host::ChangedFile],
        _: &dyn host::OverlayFacts,
    ) -> Result<Vec<host::Proposal>, PolicyError> {
        let file = |file: &host::ChangedFile| guest::ChangedFile {
            path: file.path.clone(),
            before: file.before.clone(),
            after: file.after.clone(),
        };
        let entries = entries_of(files);
        let files: Vec<_> = files.iter().map(file).collect();
        let proposals = self.instance.call("propose", CallFacts::NONE.about(entries), |exports, store| {
            exports.spec_overlay_policy_policy().call_propose(store, &files)
        })?;
        Ok(proposals.into_iter().map(proposal).collect())
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

fn origin(origin: &host::OriginInfo) -> guest::Origin {
    let kind = match origin.kind {
        host::OriginKind::Source => guest::OriginKind::Source,
        host::OriginKind::Action => guest::OriginKind::Action,
        host::OriginKind::Artifact => guest::OriginKind::Artifact,
    };
    // 0 is the recorded element itself.
    guest::Origin { kind, element: origin.element.map_or(0, |element| element.saturating_add(1)) }
}

fn input_standing(input: &host::InputAlternatives) -> guest::InputStanding {
    let alternative = |(facts, standing): &(host::OriginInfo, host::OriginState)| guest::Alternative {
        origin: origin(facts),
        standing: match standing {
            host::OriginState::Unchanged => guest::Standing::Unchanged,
            host::OriginState::Changed => guest::Standing::Changed,
            host::OriginState::Pending => guest::Standing::Pending,
            host::OriginState::Gone => guest::Standing::Gone,
        },
    };
    guest::InputStanding {
        input: input.input,
        alternatives: input.alternatives.iter().map(alternative).collect(),
    }
}

fn choice(choice: guest::Choice) -> host::Choice {
    match choice {
        guest::Choice::Take(index) => host::Choice::Take(index),
        guest::Choice::Wait => host::Choice::Wait,
        guest::Choice::GiveUp => host::Choice::GiveUp,
    }
}

fn proposal(proposal: guest::Proposal) -> host::Proposal {
    let edit = match proposal.edit {
        guest::SetEdit::Add(name) => host::SetEdit::Add { name },
        guest::SetEdit::Remove(name) => host::SetEdit::Remove { name },
        guest::SetEdit::Rename(guest::Renaming { from, to }) => {
            host::SetEdit::Rename { removed: from, added: to }
        }
    };
    host::Proposal { file: proposal.file, edit }
}
