//! What a priming policy can ask about the actions of a session.

use spec_strategy::{ChangedInput, PastExecution, PrimingFacts, SessionFacts, Transfer};

use super::state::PrimingState;
use crate::record::Content;
use crate::resolve::{ActionId, digest_of};

impl PrimingState {
    /// The action with this number, if there is one.
    fn known(&self, action: u32) -> Option<ActionId> {
        ((action as usize) < self.actions.len()).then_some(ActionId(action))
    }

    /// The recorded content and the size of an action's recorded inputs, with their paths.
    fn recorded_inputs(&self, action: ActionId) -> impl Iterator<Item = (String, &Content)> {
        let record = self.resolver.expanded_record(self.resolver.element_of(action));
        let expanded = self.resolver.expanded_action(action);
        let inputs = record.zip(expanded).into_iter();
        inputs.flat_map(|(expanded, action)| {
            let record = &expanded.record;
            action.inputs.iter().map(move |input| {
                let input = &record.inputs[input.0 as usize];
                (record.paths.text(input.path), &input.content)
            })
        })
    }
}

/// An execution as policies see it; `None` if it is not known how long it ran.
fn past_execution(took_ms: u32, cpu_ms: u32) -> Option<PastExecution> {
    let known = |ms: u32| (ms > 0).then_some(ms);
    known(took_ms).map(|run_ms| PastExecution { run_ms, cpu_ms: known(cpu_ms) })
}

impl PrimingFacts for PrimingState {
    fn session(&self) -> &dyn SessionFacts {
        self.resolver.session_facts()
    }

    fn program_name(&self, program: u32) -> Option<String> {
        self.program_names.get(&program).map(|name| name.as_ref().to_owned())
    }

    fn element_of(&self, action: u32) -> Option<u32> {
        self.known(action).map(|action| self.resolver.element_of(action).0)
    }

    fn command_line(&self, action: u32) -> Vec<String> {
        let expanded = self.known(action).and_then(|action| self.resolver.expanded_action(action));
        expanded.map_or_else(Vec::new, |expanded| self.session().arguments(&expanded.command))
    }

    fn output_paths(&self, action: u32) -> Vec<String> {
        let outputs = self.known(action).map(|action| self.resolver.recorded_outputs(action));
        outputs.into_iter().flatten().map(|(path, _)| path).collect()
    }

    fn input_paths(&self, action: u32) -> Vec<String> {
        let inputs = self.known(action).into_iter().flat_map(|action| self.recorded_inputs(action));
        inputs.map(|(path, _)| path).collect()
    }

    fn changed_inputs(&self, action: u32) -> Vec<ChangedInput> {
        let Some(action) = self.known(action) else { return Vec::new() };
        let changed = self.resolver.adaptation(action).inputs;
        let before = |path: &str| {
            let mut recorded = self.recorded_inputs(action);
            recorded.find(|(recorded, _)| recorded == path).map(|(_, content)| digest_of(content))
        };
        let changed = changed.into_iter().map(|(path, content)| ChangedInput {
            before: before(&path),
            after: content.as_ref().map(digest_of),
            path,
        });
        changed.collect()
    }

    fn readers(&self, action: u32) -> Vec<u32> {
        let readers = self.known(action).map(|action| self.resolver.readers(action));
        readers.into_iter().flatten().map(|reader| reader.0).collect()
    }

    fn last_execution(&self, action: u32) -> Option<PastExecution> {
        let recorded = self.resolver.recorded(self.known(action)?);
        past_execution(recorded.took_ms, recorded.cpu_ms)
    }

    fn history(&self, action: u32) -> Vec<PastExecution> {
        let earlier = self.known(action).map(|action| self.resolver.recorded(action).earlier.iter());
        let earlier = earlier.into_iter().flatten().filter_map(|run| past_execution(run.took_ms, run.cpu_ms));
        self.last_execution(action).into_iter().chain(earlier).collect()
    }

    fn transfer(&self, action: u32) -> Option<Transfer> {
        let action = self.known(action)?;
        let sizes = self.recorded_inputs(action).map(|(_, content)| digest_of(content).size());
        let changed = self.resolver.adaptation(action).inputs;
        let changed_bytes =
            changed.iter().flat_map(|(_, content)| content).map(|content| digest_of(content).size());
        let outputs = self.resolver.recorded(action).outputs.iter();
        Some(Transfer {
            input_bytes: sizes.sum(),
            changed_bytes: changed_bytes.sum(),
            output_bytes: outputs.map(|output| output.digest.size()).sum(),
        })
    }
}
