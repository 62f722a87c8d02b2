//! The functions that components of version 0.2 import.

use spec_strategy as host;
use spec_strategy::{CommandGroup, DigestEnvironment, Step};

use crate::bindings::v0_2::imports::spec::plugin::{
    actions, elements, inputs, log, plan, session_facts, settings,
};
use crate::call_facts::ask;
use crate::instance_state::{InstanceState, LogLevel};

impl log::Host for InstanceState {
    fn enabled(&mut self, level: log::Level) -> bool {
        self.is_logged(log_level(level))
    }

    fn log(&mut self, level: log::Level, message: String) {
        self.log_message(log_level(level), message);
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

impl elements::Host for InstanceState {
    fn element_name(&mut self, element: u32) -> Option<String> {
        ask(|facts| facts.session.element_name(element))
    }

    fn element_kind(&mut self, element: u32) -> Option<String> {
        ask(|facts| facts.session.element_kind(element))
    }

    fn state(&mut self, element: u32) -> Option<elements::ElementState> {
        ask(|facts| facts.session.element_state(element)).map(|state| match state {
            host::ElementState::Cached => elements::ElementState::Cached,
            host::ElementState::Waiting => elements::ElementState::Waiting,
            host::ElementState::Building => elements::ElementState::Building,
            host::ElementState::Built => elements::ElementState::Built,
            host::ElementState::Failed => elements::ElementState::Failed,
        })
    }

    fn build_dependencies(&mut self, element: u32) -> Vec<u32> {
        ask(|facts| facts.session.build_dependencies(element))
    }
}

impl actions::Host for InstanceState {
    fn program_name(&mut self, program: u32) -> Option<String> {
        ask(|facts| facts.actions.program_name(program))
    }

    fn element(&mut self, action: u32) -> Option<u32> {
        ask(|facts| facts.actions.element_of(action))
    }

    fn command_line(&mut self, action: u32) -> Vec<String> {
        ask(|facts| facts.actions.command_line(action))
    }

    fn output_paths(&mut self, action: u32) -> Vec<String> {
        ask(|facts| facts.actions.output_paths(action))
    }

    fn input_paths(&mut self, action: u32) -> Vec<String> {
        ask(|facts| facts.actions.input_paths(action))
    }

    fn changed_inputs(&mut self, action: u32) -> Vec<actions::ChangedInput> {
        let changed = ask(|facts| facts.actions.changed_inputs(action)).into_iter();
        let changed = changed.map(|host::ChangedInput { path, before, after }| actions::ChangedInput {
            path,
            before: before.map(digest),
            after: after.map(digest),
        });
        changed.collect()
    }

    fn readers(&mut self, action: u32) -> Vec<u32> {
        ask(|facts| facts.actions.readers(action))
    }

    fn history(&mut self, action: u32) -> Vec<actions::Execution> {
        let executions = ask(|facts| facts.actions.history(action)).into_iter();
        let execution = |host::PastExecution { run_ms, cpu_ms }| actions::Execution { run_ms, cpu_ms };
        executions.map(execution).collect()
    }

    fn transfer(&mut self, action: u32) -> Option<actions::TransferSize> {
        let transfer = ask(|facts| facts.actions.transfer(action))?;
        let host::Transfer { input_bytes, changed_bytes, output_bytes } = transfer;
        Some(actions::TransferSize { input_bytes, changed_bytes, output_bytes })
    }
}

impl inputs::Host for InstanceState {
    fn input_path(&mut self, input: u32) -> Option<String> {
        ask(|facts| facts.inputs.input_path(input))
    }

    fn path(&mut self, path: u32) -> Option<String> {
        ask(|facts| facts.inputs.path(path))
    }

    fn recorded(&mut self, input: u32) -> Option<inputs::Digest> {
        ask(|facts| facts.inputs.recorded_content(input)).map(digest)
    }

    fn current(&mut self, input: u32, alternative: u8) -> Option<inputs::Digest> {
        ask(|facts| facts.inputs.current_content(input, alternative)).map(digest)
    }
}

impl session_facts::Host for InstanceState {
    fn triggered_by(&mut self) -> session_facts::Trigger {
        let host::Trigger { purpose, targets, changed } = ask(|facts| facts.session.trigger());
        let purpose = match purpose {
            host::Purpose::Build => session_facts::Purpose::Build,
            host::Purpose::Prime => session_facts::Purpose::Prime,
            host::Purpose::Replay => session_facts::Purpose::Replay,
        };
        session_facts::Trigger { purpose, targets, changed }
    }

    fn all_workers(&mut self) -> Vec<session_facts::Workers> {
        ask(|facts| facts.session.workers()).into_iter().map(workers).collect()
    }

    fn elapsed_ms(&mut self) -> u64 {
        ask(|facts| facts.session.elapsed_ms())
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

impl plan::Host for InstanceState {
    fn set_working_directory(&mut self, path: String) {
        self.plan.add(path.len(), |plan| plan.working_directory = Some(path));
    }

    fn mark_directory(&mut self, path: String) {
        self.plan.add(path.len(), |plan| plan.marked_directories.push(path));
    }

    fn set_digest_environment(&mut self, variable: String, dependencies: Vec<u32>) {
        self.plan.add(variable.len() + 4 * dependencies.len(), |plan| {
            plan.digest_environment.push(DigestEnvironment { variable, dependencies });
        });
    }

    fn stage_dependencies(&mut self, location: String, dependencies: Vec<u32>) {
        let size = location.len() + 4 * dependencies.len();
        self.plan.add_step(size, Step::StageDependencies { location, dependencies });
    }

    fn integrate(&mut self, dependencies: Vec<u32>) {
        self.plan.add_step(4 * dependencies.len(), Step::Integrate { dependencies });
    }

    fn stage_sources(&mut self, path: String) {
        self.plan.add_step(path.len(), Step::StageSources { path });
    }

    fn make_directory(&mut self, path: String) {
        self.plan.add_step(path.len(), Step::MakeDirectory { path });
    }

    fn copy_tree(&mut self, source: String, target: String) {
        self.plan.add_step(source.len() + target.len(), Step::CopyTree { from: source, to: target });
    }

    fn run(&mut self, group: plan::CommandGroup) {
        let plan::CommandGroup { label, read_only_root, commands } = group;
        let command = |plan::Command { label, argv }| host::Command { label, argv };
        let commands: Vec<host::Command> = commands.into_iter().map(command).collect();
        let texts = commands.iter().flat_map(|command| command.argv.iter().chain([&command.label]));
        let size = label.len() + texts.map(String::len).sum::<usize>();
        self.plan.add_step(size, Step::Run(CommandGroup { label, read_only_root, commands }));
    }

    fn collect(&mut self, path: String) {
        self.plan.collect(path);
    }
}
