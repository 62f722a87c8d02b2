//! The functions that components of version 0.2 import; those of element kinds alone are in `kind_functions`.

use spec_strategy as host;

use crate::bindings::v0_2::imports::spec::plugin::{actions, elements, inputs, log, session_facts, settings};
use crate::call_facts::{CallFacts, ask};
use crate::instance_state::{InstanceState, LogLevel, PART_SIZE};

impl InstanceState {
    /// Asks the facts of the present call.
    ///
    /// # Errors
    /// When the instance asked for more than it may in one call.
    pub(crate) fn ask<T>(&mut self, question: impl FnOnce(CallFacts<'_>) -> T) -> wasmtime::Result<T> {
        self.pay_host_call(0)?;
        Ok(ask(question))
    }

    /// Asks for texts, whose number and length count.
    fn ask_texts(
        &mut self,
        question: impl FnOnce(CallFacts<'_>) -> Vec<String>,
    ) -> wasmtime::Result<Vec<String>> {
        let texts = self.ask(question)?;
        self.pay_host_call(texts.iter().map(|text| PART_SIZE + text.len()).sum())?;
        Ok(texts)
    }
}

impl log::Host for InstanceState {
    fn enabled(&mut self, level: log::Level) -> wasmtime::Result<bool> {
        self.pay_host_call(0)?;
        Ok(log_level(level).is_read())
    }

    fn log(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.log_message(log_level(level), &message)
    }
}

fn log_level(level: log::Level) -> LogLevel {
    match level {
        log::Level::Trace => LogLevel::Trace,
        log::Level::Debug => LogLevel::Debug,
        log::Level::Info => LogLevel::Info,
        log::Level::Warning => LogLevel::Warning,
        log::Level::Error => LogLevel::Error,
    }
}

impl settings::Host for InstanceState {}

fn execution(execution: host::PastExecution) -> actions::Execution {
    let host::PastExecution { run_ms, cpu_ms } = execution;
    actions::Execution { run_ms, cpu_ms }
}

impl elements::Host for InstanceState {
    fn element_name(&mut self, element: u32) -> wasmtime::Result<Option<String>> {
        self.ask(|facts| facts.session.element_name(element))
    }

    fn element_kind(&mut self, element: u32) -> wasmtime::Result<Option<String>> {
        self.ask(|facts| facts.session.element_kind(element))
    }

    fn state(&mut self, element: u32) -> wasmtime::Result<Option<elements::ElementState>> {
        let state = self.ask(|facts| facts.session.element_state(element))?;
        Ok(state.map(|state| match state {
            host::ElementState::Cached => elements::ElementState::Cached,
            host::ElementState::Waiting => elements::ElementState::Waiting,
            host::ElementState::Building => elements::ElementState::Building,
            host::ElementState::Built => elements::ElementState::Built,
            host::ElementState::Failed => elements::ElementState::Failed,
        }))
    }

    fn build_dependencies(&mut self, element: u32) -> wasmtime::Result<Vec<u32>> {
        self.ask(|facts| facts.session.build_dependencies(element))
    }
}

impl actions::Host for InstanceState {
    fn recorded(&mut self, actions: Vec<u32>) -> wasmtime::Result<Vec<Option<actions::Execution>>> {
        self.pay_host_call(actions.len() * PART_SIZE)?;
        Ok(ask(|facts| {
            let recorded = |action| facts.actions.last_execution(action).map(execution);
            actions.into_iter().map(recorded).collect()
        }))
    }

    fn recorded_times(&mut self, actions: Vec<u32>) -> wasmtime::Result<actions::ExecutionTimes> {
        self.pay_host_call(actions.len() * PART_SIZE)?;
        Ok(ask(|facts| {
            let (mut run_ms, mut cpu_ms) =
                (Vec::with_capacity(actions.len()), Vec::with_capacity(actions.len()));
            for action in actions {
                let execution = facts.actions.last_execution(action);
                run_ms.push(execution.map_or(0, |execution| execution.run_ms));
                cpu_ms.push(execution.and_then(|execution| execution.cpu_ms).unwrap_or(0));
            }
            actions::ExecutionTimes { run_ms, cpu_ms }
        }))
    }

    fn program_name(&mut self, program: u32) -> wasmtime::Result<Option<String>> {
        self.ask(|facts| facts.actions.program_name(program))
    }

    fn element(&mut self, action: u32) -> wasmtime::Result<Option<u32>> {
        self.ask(|facts| facts.actions.element_of(action))
    }

    fn command_line(&mut self, action: u32) -> wasmtime::Result<Vec<String>> {
        self.ask_texts(|facts| facts.actions.command_line(action))
    }

    fn output_paths(&mut self, action: u32) -> wasmtime::Result<Vec<String>> {
        self.ask_texts(|facts| facts.actions.output_paths(action))
    }

    fn input_paths(&mut self, action: u32) -> wasmtime::Result<Vec<String>> {
        self.ask_texts(|facts| facts.actions.input_paths(action))
    }

    fn changed_inputs(&mut self, action: u32) -> wasmtime::Result<Vec<actions::ChangedInput>> {
        let changed = self.ask(|facts| facts.actions.changed_inputs(action))?;
        self.pay_host_call(changed.iter().map(|input| PART_SIZE + input.path.len()).sum())?;
        let changed = changed.into_iter().map(|host::ChangedInput { path, before, after }| {
            actions::ChangedInput { path, before: before.map(digest), after: after.map(digest) }
        });
        Ok(changed.collect())
    }

    fn readers(&mut self, action: u32) -> wasmtime::Result<Vec<u32>> {
        self.ask(|facts| facts.actions.readers(action))
    }

    fn history(&mut self, action: u32) -> wasmtime::Result<Vec<actions::Execution>> {
        let executions = self.ask(|facts| facts.actions.history(action))?;
        Ok(executions.into_iter().map(execution).collect())
    }

    fn transfer(&mut self, action: u32) -> wasmtime::Result<Option<actions::TransferSize>> {
        let transfer = self.ask(|facts| facts.actions.transfer(action))?;
        Ok(transfer.map(|host::Transfer { input_bytes, changed_bytes, output_bytes }| {
            actions::TransferSize { input_bytes, changed_bytes, output_bytes }
        }))
    }
}

impl inputs::Host for InstanceState {
    fn input_path(&mut self, input: u32) -> wasmtime::Result<Option<String>> {
        self.ask(|facts| facts.inputs.input_path(input))
    }

    fn path(&mut self, path: u32) -> wasmtime::Result<Option<String>> {
        self.ask(|facts| facts.inputs.path(path))
    }

    fn recorded(&mut self, input: u32) -> wasmtime::Result<Option<inputs::Digest>> {
        Ok(self.ask(|facts| facts.inputs.recorded_content(input))?.map(digest))
    }

    fn current(&mut self, input: u32, alternative: u8) -> wasmtime::Result<Option<inputs::Digest>> {
        Ok(self.ask(|facts| facts.inputs.current_content(input, alternative))?.map(digest))
    }
}

impl session_facts::Host for InstanceState {
    fn triggered_by(&mut self) -> wasmtime::Result<session_facts::Trigger> {
        let host::Trigger { purpose, targets, changed } = self.ask(|facts| facts.session.trigger())?;
        let purpose = match purpose {
            host::Purpose::Build => session_facts::Purpose::Build,
            host::Purpose::Prime => session_facts::Purpose::Prime,
            host::Purpose::Replay => session_facts::Purpose::Replay,
        };
        Ok(session_facts::Trigger { purpose, targets, changed })
    }

    fn all_workers(&mut self) -> wasmtime::Result<Vec<session_facts::Workers>> {
        Ok(self.ask(|facts| facts.session.workers())?.into_iter().map(workers).collect())
    }

    fn elapsed_ms(&mut self) -> wasmtime::Result<u64> {
        self.ask(|facts| facts.session.elapsed_ms())
    }
}

fn workers(workers: host::Workers) -> session_facts::Workers {
    let host::Workers { kind, slots, busy, latency_us } = workers;
    let kind = match kind {
        host::WorkerKind::Local => session_facts::WorkerKind::Local,
        host::WorkerKind::Remote => session_facts::WorkerKind::Remote,
        host::WorkerKind::Simulated => session_facts::WorkerKind::Simulated,
    };
    session_facts::Workers { kind, slots, busy, latency_us }
}

fn digest(digest: spec_model::Digest) -> actions::Digest {
    actions::Digest { hash: digest.hex(), size: digest.size() }
}
