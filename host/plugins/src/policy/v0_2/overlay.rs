//! Overlay policies of version 0.2.

use spec_strategy as host;
use spec_strategy::PolicyError;
use wasmtime::component::ResourceAny;

use super::settings;
use crate::bindings::v0_2::overlay_policy::exports::spec::plugin::overlay as guest;
use crate::call_facts::CallFacts;
use crate::policy::description::{PolicyDescription, SettingValue};
use crate::policy::error::PolicyLoadError;
use crate::policy::instance::{PolicyInstance, entries_of};
use crate::world::v0_2::OverlayPolicy;

/// An overlay policy that is a component.
struct ComponentOverlayPolicy {
    instance: PolicyInstance<OverlayPolicy>,
    /// The policy's session. It is dropped together with the instance, without a call of its destructor.
    session: ResourceAny,
    wants: host::OverlayWants,
}

/// A policy with an open session, its description, and the values of its settings.
pub(in crate::policy) type OpenedOverlayPolicy =
    (Box<dyn host::OverlayPolicy>, PolicyDescription, Vec<(String, SettingValue)>);

/// Opens a session of a policy with its memory.
pub(in crate::policy) fn open_overlay_policy(
    mut instance: PolicyInstance<OverlayPolicy>,
    given: &[(String, String)],
    memory: &[u8],
) -> Result<OpenedOverlayPolicy, PolicyLoadError> {
    let none = CallFacts::NONE;
    let described = instance
        .call("describe", none, |exports, store| exports.spec_plugin_overlay().call_describe(store))?;
    let description = settings::description(&instance.name, described)?;
    let configuration = settings::configuration(&instance.name, &description, given)?;
    let values = settings::values(&configuration);
    let opened = instance.call("open", none, |exports, store| {
        exports.spec_plugin_overlay().session().call_open(store, &values, memory)
    })?;
    let session = opened.map_err(|refusal| settings::refused(&instance.name, refusal))?;
    let wants = instance.call("wants", none, |exports, store| {
        exports.spec_plugin_overlay().session().call_wants(store, session)
    })?;
    let wants = host::OverlayWants {
        propose: wants.contains(guest::Wants::PROPOSE),
        observe: wants.contains(guest::Wants::OBSERVE),
        largest_batch: description.largest_batch,
    };
    Ok((Box::new(ComponentOverlayPolicy { instance, session, wants }), description, configuration))
}

impl host::OverlayPolicy for ComponentOverlayPolicy {
    fn name(&self) -> &str {
        &self.instance.name.0
    }

    fn wants(&self) -> host::OverlayWants {
        self.wants
    }

    fn select(
        &mut self,
        inputs: &[host::InputOrigins],
        facts: &dyn host::OverlayFacts,
    ) -> Result<Vec<Vec<u8>>, PolicyError> {
        let input = |input: &host::InputOrigins| guest::InputOrigins {
            path: input.path,
            origins: input.origins.iter().map(origin).collect(),
        };
        let inputs: Vec<_> = inputs.iter().map(input).collect();
        let session = self.session;
        self.instance.call("select", CallFacts::of_overlay(facts).about(inputs.len()), |exports, store| {
            exports.spec_plugin_overlay().session().call_select(store, session, &inputs)
        })
    }

    fn choose(
        &mut self,
        inputs: &[host::InputAlternatives],
        facts: &dyn host::OverlayFacts,
    ) -> Result<Vec<host::Choice>, PolicyError> {
        let inputs: Vec<_> = inputs.iter().map(input_alternatives).collect();
        let session = self.session;
        let choices = self.instance.call(
            "choose",
            CallFacts::of_overlay(facts).about(inputs.len()),
            |exports, store| exports.spec_plugin_overlay().session().call_choose(store, session, &inputs),
        )?;
        Ok(choices.into_iter().map(choice).collect())
    }

    fn propose(
        &mut self,
        files: &[host::ChangedFile],
        facts: &dyn host::OverlayFacts,
    ) -> Result<Vec<host::Proposal>, PolicyError> {
        let file = |file: &host::ChangedFile| guest::ChangedFile {
            path: file.path.clone(),
            before: file.before.clone(),
            after: file.after.clone(),
        };
        let entries = entries_of(files);
        let files: Vec<_> = files.iter().map(file).collect();
        let session = self.session;
        let proposals = self.instance.call(
            "propose",
            CallFacts::of_overlay(facts).about(entries),
            |exports, store| exports.spec_plugin_overlay().session().call_propose(store, session, &files),
        )?;
        Ok(proposals.into_iter().map(proposal).collect())
    }

    fn observe(
        &mut self,
        ended: &[host::ChoiceObservation],
        facts: &dyn host::OverlayFacts,
    ) -> Result<(), PolicyError> {
        let observation = |ended: &host::ChoiceObservation| guest::Observation {
            input: ended.input,
            taken: ended.taken,
            right: ended.right.clone(),
        };
        let ended: Vec<_> = ended.iter().map(observation).collect();
        let session = self.session;
        self.instance.call("observe", CallFacts::of_overlay(facts).about(ended.len()), |exports, store| {
            exports.spec_plugin_overlay().session().call_observe(store, session, &ended)
        })
    }

    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        let session = self.session;
        self.instance.call("remember", CallFacts::NONE, |exports, store| {
            exports.spec_plugin_overlay().session().call_remember(store, session)
        })
    }
}

fn origin(origin: &host::OriginInfo) -> guest::Origin {
    let kind = match origin.kind {
        host::OriginKind::Source => guest::OriginKind::Source,
        host::OriginKind::Action => guest::OriginKind::Action,
        host::OriginKind::Artifact => guest::OriginKind::Artifact,
    };
    guest::Origin { kind, element: origin.element }
}

fn input_alternatives(input: &host::InputAlternatives) -> guest::InputAlternatives {
    let alternative = |(info, state): &(host::OriginInfo, host::OriginState)| guest::Alternative {
        origin: origin(info),
        state: match state {
            host::OriginState::Unchanged => guest::OriginState::Unchanged,
            host::OriginState::Changed => guest::OriginState::Changed,
            host::OriginState::Pending => guest::OriginState::Pending,
            host::OriginState::Gone => guest::OriginState::Gone,
        },
    };
    guest::InputAlternatives {
        input: input.input,
        alternatives: input.alternatives.iter().map(alternative).collect(),
    }
}

fn choice(choice: guest::Choice) -> host::Choice {
    match choice {
        guest::Choice::Take(index) => host::Choice::Take(index),
        guest::Choice::Rank(ranking) => host::Choice::Rank(ranking),
        guest::Choice::Wait => host::Choice::Wait,
        guest::Choice::GiveUp => host::Choice::GiveUp,
    }
}

fn proposal(proposal: guest::Proposal) -> host::Proposal {
    let edit = match proposal.edit {
        guest::SetEdit::Add(name) => host::SetEdit::Add { name },
        guest::SetEdit::Remove(name) => host::SetEdit::Remove { name },
        guest::SetEdit::Rename(guest::Renaming { removed, added }) => {
            host::SetEdit::Rename { removed, added }
        }
    };
    host::Proposal { file: proposal.file, edit }
}
