//! Instances of components.

use wasmtime::Store;

use crate::Limits;
use crate::call_usage::CallUsage;
use crate::compile::{exceeded_limit, wrong_types};
use crate::epoch_clock::EpochClock;
use crate::failure::{FEWER_BUILDERS, PluginFailure, PluginName};
use crate::fuel_account::FuelAccount;
use crate::instance_state::{InstanceState, OutOfMemory};
use crate::world::World;

/// An instance of a component, with its own memory. After a failed call it must not be used any more.
pub(crate) struct Instance<W> {
    store: Store<InstanceState>,
    exports: W,
    limits: Limits,
    /// The fuel of an instance that lives as long as a session; others get all of it for each call.
    account: Option<FuelAccount>,
    /// The fuel that the last call could use.
    fuel: u64,
}

impl<W: World> Instance<W> {
    /// A new instance of a component.
    pub(crate) fn new(name: &PluginName, component: &W::Pre, limits: &Limits) -> Result<Self, PluginFailure> {
        let state = InstanceState::new(&name.0, limits.memory);
        let mut store = W::store(component, state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.answer);
        prepare_call(&mut store, limits.fuel, limits)?;
        let instance =
            W::instantiate(component, &mut store).map_err(|error| instantiation_failure(&error, limits))?;
        let exports =
            W::exports(component, &mut store, &instance).map_err(|error| wrong_types::<W>(&error))?;
        Ok(Self { store, exports, limits: *limits, account: None, fuel: limits.fuel })
    }

    /// The same instance, for a session: its calls share the fuel.
    pub(crate) fn for_session(self) -> Self {
        Self { account: Some(FuelAccount::new(self.limits.fuel)), ..self }
    }

    /// Calls an export, with a question of so many entries.
    pub(crate) fn call<T>(
        &mut self,
        entries: usize,
        export: impl FnOnce(&W, &mut Store<InstanceState>) -> wasmtime::Result<T>,
    ) -> Result<T, PluginFailure> {
        let fuel = match &mut self.account {
            Some(account) => account.begin_call(entries),
            None => self.limits.fuel,
        };
        self.fuel = fuel;
        prepare_call(&mut self.store, fuel, &self.limits)?;
        let answer = export(&self.exports, &mut self.store);
        if let Some(account) = &mut self.account {
            account.end_call(rest(&self.store, fuel));
        }
        let limits = Limits { fuel, ..self.limits };
        answer.map_err(|error| PluginFailure::call(&error, self.store.data().last_error(), &limits))
    }

    /// The host's state.
    pub(crate) fn state_mut(&mut self) -> &mut InstanceState {
        self.store.data_mut()
    }

    /// What a call may use.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What its last call used.
    pub(crate) fn usage(&self) -> CallUsage {
        let fuel = self.fuel.saturating_sub(self.store.get_fuel().unwrap_or(self.fuel));
        CallUsage { fuel, memory: self.store.data().memory() as u64 }
    }

    /// Whether it uses more than half of its memory. It should be replaced then, so that memory that earlier calls leaked
    /// does not make a later one fail.
    pub(crate) fn should_be_replaced(&self) -> bool {
        self.store.data().memory() > self.limits.memory / 2
    }
}

/// Sets the fuel and the deadline of the next call, and removes the last error of an earlier one.
fn prepare_call(store: &mut Store<InstanceState>, fuel: u64, limits: &Limits) -> Result<(), PluginFailure> {
    store.data_mut().begin_call(fuel);
    store.set_epoch_deadline(EpochClock::epochs(limits.deadline));
    store.set_fuel(fuel).map_err(|error| PluginFailure::host(error.to_string()))
}

/// What a call left of its fuel; work of the host counts as its own.
fn rest(store: &Store<InstanceState>, fuel: u64) -> u64 {
    let used_by_host = fuel.saturating_sub(store.data().host_fuel());
    store.get_fuel().unwrap_or_default().saturating_sub(used_by_host)
}

fn instantiation_failure(error: &wasmtime::Error, limits: &Limits) -> PluginFailure {
    if error.is::<OutOfMemory>() || error.is::<wasmtime::Trap>() {
        return PluginFailure::call(error, None, limits);
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return PluginFailure::host(error.to_string()).hint(FEWER_BUILDERS);
    }
    exceeded_limit(error).unwrap_or_else(|| {
        let message = format!("it cannot be instantiated: {}", error.root_cause());
        PluginFailure::plugin("plugin-too-large", message)
    })
}
