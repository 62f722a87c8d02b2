//! The WIT worlds that components implement, of both versions of the contract.

use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};

use crate::bindings;
use crate::instance_state::{InstanceState, LogLevel};

/// The worlds of version 0.1.
pub(crate) mod v0_1 {
    pub(crate) use crate::bindings::v0_1::element_kind::ElementKind;
    pub(crate) use crate::bindings::v0_1::overlay_policy::OverlayPolicy;
    pub(crate) use crate::bindings::v0_1::priming_policy::PrimingPolicy;
}

/// The worlds of version 0.2.
pub(crate) mod v0_2 {
    pub(crate) use crate::bindings::v0_2::element_kind::ElementKind;
    pub(crate) use crate::bindings::v0_2::overlay_policy::OverlayPolicy;
    pub(crate) use crate::bindings::v0_2::priming_policy::PrimingPolicy;
}

/// A world that components implement: the exports of an instance.
pub(crate) trait World: Sized {
    /// Its package, without the version.
    const PACKAGE: &'static str;
    /// The interface that a component of this world exports.
    const EXPORT: &'static str;
    /// The version, without its patch number: patches are compatible.
    const VERSION: &'static str;
    /// The interfaces of the package that it may import.
    const IMPORTS: &'static [&'static str];
    /// How errors call such a component, such as "an element kind".
    const DESCRIPTION: &'static str;
    /// A component of this world, compiled.
    type Pre;

    /// Links the imports.
    fn link(linker: &mut Linker<InstanceState>) -> wasmtime::Result<()>;

    /// Looks up the exports.
    fn prepare(component: InstancePre<InstanceState>) -> wasmtime::Result<Self::Pre>;

    /// A store of the engine that the component was compiled with.
    fn store(component: &Self::Pre, state: InstanceState) -> Store<InstanceState>;

    /// A new instance, whose exports are not looked up yet.
    fn instantiate(component: &Self::Pre, store: &mut Store<InstanceState>) -> wasmtime::Result<Instance>;

    /// The exports of an instance. Fails when their types are not those of the contract.
    fn exports(
        component: &Self::Pre,
        store: &mut Store<InstanceState>,
        instance: &Instance,
    ) -> wasmtime::Result<Self>;
}

macro_rules! world {
    (
        $version:ident $module:ident $exports:ident, $pre:ident, $indices:ident,
        $package:literal $export:literal $number:literal, imports $imports:expr, $called:literal
    ) => {
        impl World for $version::$exports {
            const PACKAGE: &'static str = $package;
            const EXPORT: &'static str = $export;
            const VERSION: &'static str = $number;
            const IMPORTS: &'static [&'static str] = &$imports;
            const DESCRIPTION: &'static str = $called;
            type Pre = bindings::$version::$module::$pre<InstanceState>;

            fn link(linker: &mut Linker<InstanceState>) -> wasmtime::Result<()> {
                Self::add_to_linker::<_, HasSelf<InstanceState>>(linker, |state| state)
            }

            fn prepare(component: InstancePre<InstanceState>) -> wasmtime::Result<Self::Pre> {
                bindings::$version::$module::$pre::new(component)
            }

            fn store(component: &Self::Pre, state: InstanceState) -> Store<InstanceState> {
                Store::new(component.engine(), state)
            }

            fn instantiate(
                component: &Self::Pre,
                store: &mut Store<InstanceState>,
            ) -> wasmtime::Result<Instance> {
                component.instance_pre().instantiate(store)
            }

            fn exports(
                component: &Self::Pre,
                store: &mut Store<InstanceState>,
                instance: &Instance,
            ) -> wasmtime::Result<Self> {
                bindings::$version::$module::$indices::new(component.instance_pre())?.load(store, instance)
            }
        }
    };
}

/// Implements the import `log` of a world of version 0.1, which has one of its own in each package.
macro_rules! log_of_0_1 {
    ($module:ident) => {
        impl bindings::v0_1::$module::spec::$module::log::Host for InstanceState {
            fn log(
                &mut self,
                level: bindings::v0_1::$module::spec::$module::log::Level,
                message: String,
            ) -> wasmtime::Result<()> {
                use bindings::v0_1::$module::spec::$module::log::Level as Guest;
                let level = match level {
                    Guest::Debug => LogLevel::Debug,
                    Guest::Info => LogLevel::Info,
                    Guest::Warning => LogLevel::Warning,
                    Guest::Error => LogLevel::Error,
                };
                self.log_message(level, &message)
            }
        }
    };
}

log_of_0_1!(element_kind);
log_of_0_1!(overlay_policy);
log_of_0_1!(priming_policy);

world!(
    v0_1 element_kind ElementKind, ElementKindPre, ElementKindIndices,
    "spec:element-kind" "kind" "0.1.", imports ["log"], "an element kind"
);
world!(
    v0_1 overlay_policy OverlayPolicy, OverlayPolicyPre, OverlayPolicyIndices,
    "spec:overlay-policy" "policy" "0.1.", imports ["log"], "an overlay policy"
);
world!(
    v0_1 priming_policy PrimingPolicy, PrimingPolicyPre, PrimingPolicyIndices,
    "spec:priming-policy" "policy" "0.1.", imports ["log"], "a priming policy"
);
world!(
    v0_2 element_kind ElementKind, ElementKindPre, ElementKindIndices,
    "spec:plugin" "kind" "0.2.", imports ["log", "dependencies", "plan"], "an element kind"
);
world!(
    v0_2 overlay_policy OverlayPolicy, OverlayPolicyPre, OverlayPolicyIndices,
    "spec:plugin" "overlay" "0.2.",
    imports ["log", "settings", "elements", "actions", "inputs", "session-facts"], "an overlay policy"
);
world!(
    v0_2 priming_policy PrimingPolicy, PrimingPolicyPre, PrimingPolicyIndices,
    "spec:plugin" "priming" "0.2.",
    imports ["log", "settings", "elements", "actions", "session-facts"], "a priming policy"
);
