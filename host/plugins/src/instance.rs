//! One running component.

use wasmtime::{ResourceLimiter, Store};

use crate::Limits;
use crate::bindings::element_kind::exports::spec::element_kind::kind::{
    Configured, ElementInput, KindDescription, Rejection,
};
use crate::clock::Clock;
use crate::failure::{Failure, OutOfMemory};
use crate::world::{ElementKind, Level, World};

/// Bytes of a message that the host keeps.
const LONGEST_MESSAGE: usize = 2048;

/// What the host knows of an instance.
pub(crate) struct State {
    memory: usize,
    memory_limit: usize,
    last_words: Option<String>,
}

/// A component with memory of its own. After a failed call it is of no more use.
pub(crate) struct Instance<W> {
    store: Store<State>,
    exports: W,
    limits: Limits,
}

impl<W: World> Instance<W> {
    /// A new instance of a component.
    pub(crate) fn new(component: &W::Pre, limits: &Limits) -> Result<Self, Failure> {
        let state = State { memory: 0, memory_limit: limits.memory, last_words: None };
        let mut store = W::store(component, state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.answer);
        refill(&mut store, limits)?;
        let exports = W::instantiate(component, &mut store).map_err(|error| not_started(&error, limits))?;
        Ok(Self { store, exports, limits: *limits })
    }

    /// Calls an export, with all the fuel and time that a call may use.
    pub(crate) fn call<T>(
        &mut self,
        export: impl FnOnce(&W, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        refill(&mut self.store, &self.limits)?;
        let answer = export(&self.exports, &mut self.store);
        answer.map_err(|error| Failure::call(&error, self.store.data().last_words.as_deref(), &self.limits))
    }

    /// Whether so much of its memory is in use that a new instance is the better one: what earlier calls left behind
    /// shall not make a later one fail.
    pub(crate) fn is_worn(&self) -> bool {
        self.store.data().memory > self.limits.memory / 2
    }
}

impl Instance<ElementKind> {
    /// Calls `describe`.
    pub(crate) fn describe(&mut self) -> Result<KindDescription, Failure> {
        self.call(|exports, store| exports.spec_element_kind_kind().call_describe(store))
    }

    /// Calls `configure`.
    pub(crate) fn configure(
        &mut self,
        input: &ElementInput,
    ) -> Result<Result<Configured, Rejection>, Failure> {
        self.call(|exports, store| exports.spec_element_kind_kind().call_configure(store, input))
    }
}

/// Gives the next call all the fuel and time it may use, and forgets what was said in an earlier one.
fn refill(store: &mut Store<State>, limits: &Limits) -> Result<(), Failure> {
    store.data_mut().last_words = None;
    store.set_epoch_deadline(Clock::ticks(limits.deadline));
    store.set_fuel(limits.fuel).map_err(|error| Failure::host(error.to_string()))
}

fn not_started(error: &wasmtime::Error, limits: &Limits) -> Failure {
    if error.is::<OutOfMemory>() || error.is::<wasmtime::Trap>() {
        return Failure::call(error, None, limits);
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Failure::host(format!("{error}; run fewer builders at once"));
    }
    let message = format!("it needs more than a plugin may have: {}", error.root_cause());
    Failure::plugin("plugin-too-large", message)
}

impl State {
    /// Takes what the component says; its last words are kept for the error that ends it.
    pub(crate) fn said(&mut self, level: Level, mut message: String) {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        match level {
            Level::Debug => tracing::debug!(target: "plugin", "{message}"),
            Level::Info => tracing::info!(target: "plugin", "{message}"),
            Level::Warning => tracing::warn!(target: "plugin", "{message}"),
            Level::Error => self.last_words = Some(message.split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.memory + (desired - current);
        if wanted > self.memory_limit {
            return Err(OutOfMemory { wanted }.into());
        }
        self.memory = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // A table holds functions, and a component has few of them.
        Ok(desired <= 10_000)
    }
}
