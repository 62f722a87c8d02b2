//! The host's state of an instance: its memory, and what it logs.

use wasmtime::ResourceLimiter;

use crate::plan_builder::PlanBuilder;

/// Bytes of a log message; the rest is cut off.
const MAX_MESSAGE: usize = 2048;

/// Elements of a table.
const MAX_TABLE: usize = 10_000;

/// An instance asked for more memory than its limit.
#[derive(Debug, thiserror::Error)]
#[error("it asked for {wanted} bytes of memory")]
pub(crate) struct OutOfMemory {
    pub(crate) wanted: usize,
}

/// The host's state of an instance.
pub(crate) struct InstanceState {
    memory: usize,
    memory_limit: usize,
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

impl InstanceState {
    /// The state of a new instance with a limit of memory in bytes.
    pub(crate) fn new(memory_limit: usize) -> Self {
        Self { memory: 0, memory_limit, last_error: None, plan: PlanBuilder::default() }
    }

    /// Bytes of memory that the instance uses.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// The last error that the instance logged in the present call.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Removes the last error of an earlier call.
    pub(crate) fn clear_last_error(&mut self) {
        self.last_error = None;
    }

    /// Whether somebody reads messages of this level.
    pub(crate) fn is_logged(&self, level: LogLevel) -> bool {
        match level {
            LogLevel::Trace => tracing::enabled!(target: "plugin", tracing::Level::TRACE),
            LogLevel::Debug => tracing::enabled!(target: "plugin", tracing::Level::DEBUG),
            LogLevel::Info => tracing::enabled!(target: "plugin", tracing::Level::INFO),
            LogLevel::Warning => tracing::enabled!(target: "plugin", tracing::Level::WARN),
            LogLevel::Error => true,
        }
    }

    /// Logs a message of the instance. The last error is kept: if the call fails, it becomes part of the failure.
    pub(crate) fn log_message(&mut self, level: LogLevel, mut message: String) {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        match level {
            LogLevel::Trace => tracing::trace!(target: "plugin", "{message}"),
            LogLevel::Debug => tracing::debug!(target: "plugin", "{message}"),
            LogLevel::Info => tracing::info!(target: "plugin", "{message}"),
            LogLevel::Warning => tracing::warn!(target: "plugin", "{message}"),
            LogLevel::Error => {
                self.last_error = Some(message.split_whitespace().collect::<Vec<_>>().join(" "))
            }
        }
    }
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
