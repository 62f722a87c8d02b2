//! The host's state of an instance: its memory, what it logs, and how much work of the host it asks for.

use tracing::Level;
use wasmtime::{ResourceLimiter, Trap};

use crate::plan_builder::PlanBuilder;

/// Bytes of a log message; the rest is cut off.
const MAX_MESSAGE: usize = 2048;
/// Elements of a table.
const MAX_TABLE: usize = 20_000;
/// What a call of the host costs, in instructions of a component: about as long as it takes.
const HOST_CALL_FUEL: u64 = 500;
/// Bytes that a text counts for beside its own.
pub(crate) const PART_SIZE: usize = 32;
/// What a written message costs.
const MESSAGE_FUEL: u64 = 20_000;

/// An instance asked for more memory than its limit.
#[derive(Debug, thiserror::Error)]
#[error("it asked for {wanted} bytes of memory")]
pub(crate) struct OutOfMemory {
    pub(crate) wanted: usize,
}

/// The host's state of an instance.
pub(crate) struct InstanceState {
    /// The name of the component, for messages.
    name: String,
    memory: usize,
    memory_limit: usize,
    /// What the present call may still ask of the host, as fuel.
    host_fuel: u64,
    last_error: Option<String>,
    /// The plan that a kind makes in `configure`.
    pub(crate) plan: PlanBuilder,
}

/// The level of a log message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLevel {
    Trace,
    Debug,
    Info,
    Warning,
    Error,
}

impl LogLevel {
    /// Whether somebody reads messages of this level. The host reads errors.
    pub(crate) fn is_read(self) -> bool {
        match self {
            Self::Trace => tracing::enabled!(target: TARGET, Level::TRACE),
            Self::Debug => tracing::enabled!(target: TARGET, Level::DEBUG),
            Self::Info => tracing::enabled!(target: TARGET, Level::INFO),
            Self::Warning => tracing::enabled!(target: TARGET, Level::WARN),
            Self::Error => true,
        }
    }
}

/// The target of what plugins log.
const TARGET: &str = "plugin";

impl InstanceState {
    /// The state of a new instance of the component `name` with a limit of memory in bytes.
    pub(crate) fn new(name: &str, memory_limit: usize) -> Self {
        Self {
            name: name.to_owned(),
            memory: 0,
            memory_limit,
            host_fuel: 0,
            last_error: None,
            plan: PlanBuilder::default(),
        }
    }

    /// Bytes of memory that the instance uses.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// The last error that the instance logged in the present call.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Begins a call, which may ask the host for work that is worth so much fuel.
    pub(crate) fn begin_call(&mut self, fuel: u64) {
        self.host_fuel = fuel;
        self.last_error = None;
    }

    /// What the present call may still ask of the host.
    pub(crate) fn host_fuel(&self) -> u64 {
        self.host_fuel
    }

    /// Pays for a call of the host that handles so many bytes.
    ///
    /// # Errors
    /// When the instance asked for more than it may in one call. It traps.
    pub(crate) fn pay_host_call(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.pay(HOST_CALL_FUEL.saturating_add(bytes as u64))
    }

    fn pay(&mut self, fuel: u64) -> wasmtime::Result<()> {
        self.host_fuel = self.host_fuel.checked_sub(fuel).ok_or(Trap::OutOfFuel)?;
        Ok(())
    }

    /// Logs a message of the instance. The last error is kept: if the call fails, it becomes part of the failure.
    ///
    /// # Errors
    /// When it logs more than it may in one call.
    pub(crate) fn log_message(&mut self, level: LogLevel, message: &str) -> wasmtime::Result<()> {
        self.pay_host_call(message.len())?;
        if !level.is_read() {
            return Ok(());
        }
        self.pay(MESSAGE_FUEL)?;
        let message = &message[..message.floor_char_boundary(MAX_MESSAGE)];
        self.write(level, message);
        if level == LogLevel::Error {
            self.last_error = Some(one_line(message));
        }
        Ok(())
    }

    fn write(&self, level: LogLevel, message: &str) {
        let name = &self.name;
        // No line of it looks like one of another plugin.
        let message = message.replace('\n', "\n    ");
        match level {
            LogLevel::Trace => tracing::trace!(target: TARGET, "{name}: {message}"),
            LogLevel::Debug => tracing::debug!(target: TARGET, "{name}: {message}"),
            LogLevel::Info => tracing::info!(target: TARGET, "{name}: {message}"),
            LogLevel::Warning => tracing::warn!(target: TARGET, "{name}: {message}"),
            LogLevel::Error => tracing::error!(target: TARGET, "{name}: {message}"),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl ResourceLimiter for InstanceState {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.memory + (desired - current);
        if wanted > self.memory_limit {
            return Err(OutOfMemory { wanted }.into());
        }
        self.memory = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // Tables hold functions, of which a component has few.
        Ok(desired <= MAX_TABLE)
    }
}

#[cfg(test)]
mod tests;
