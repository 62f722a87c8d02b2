//! The WIT worlds that components implement.

use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};

use crate::bindings::{element_kind, overlay_policy, priming_policy};
use crate::instance_state::{InstanceState, LogLevel};

pub(crate) use element_kind::ElementKind;
pub(crate) use overlay_policy::OverlayPolicy;
pub(crate) use priming_policy::PrimingPolicy;

/// A world that components implement: the exports of an instance. Every world imports `log`.
pub(crate) trait World: Sized {
    /// Its package, without the version.
    const PACKAGE: &'static str;
    /// The interface that a component of this world exports.
    const EXPORT: &'static str;
    /// The interfaces that it may import, without their versions.
    const IMPORTS: &'static [&'static str];
    /// How errors call such a component, such as "an element kind".
    const DESCRIPTION: &'static str;
    /// A component of this world, compiled.
    type Pre;

    /// Links the import `log`.
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
    ($module:ident, $exports:ident, $pre:ident, $indices:ident, $package:literal, $export:literal, $called:literal) => {
        impl World for $exports {
            const PACKAGE: &'static str = $package;
            const EXPORT: &'static str = $export;
            const IMPORTS: &'static [&'static str] = &[concat!($package, "/log")];
            const DESCRIPTION: &'static str = $called;
            type Pre = $module::$pre<InstanceState>;

            fn link(linker: &mut Linker<InstanceState>) -> wasmtime::Result<()> {
                Self::add_to_linker::<_, HasSelf<InstanceState>>(linker, |state| state)
            }

            fn prepare(component: InstancePre<InstanceState>) -> wasmtime::Result<Self::Pre> {
                $module::$pre::new(component)
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
                $module::$indices::new(component.instance_pre())?.load(store, instance)
            }
        }

        impl $module::spec::$module::log::Host for InstanceState {
            fn log(
                &mut self,
                level: $module::spec::$module::log::Level,
                message: String,
            ) -> wasmtime::Result<()> {
                use $module::spec::$module::log::Level as Guest;
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

world!(
    element_kind,
    ElementKind,
    ElementKindPre,
    ElementKindIndices,
    "spec:element-kind",
    "kind",
    "an element kind"
);
world!(
    overlay_policy,
    OverlayPolicy,
    OverlayPolicyPre,
    OverlayPolicyIndices,
    "spec:overlay-policy",
    "policy",
    "an overlay policy"
);
world!(
    priming_policy,
    PrimingPolicy,
    PrimingPolicyPre,
    PrimingPolicyIndices,
    "spec:priming-policy",
    "policy",
    "a priming policy"
);
