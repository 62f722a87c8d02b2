//! The worlds that components are made for.

use wasmtime::Store;
use wasmtime::component::{HasSelf, InstancePre, Linker};

use crate::bindings::{element_kind, overlay_policy, priming_policy};
use crate::instance::State;

pub(crate) use element_kind::ElementKind;
pub(crate) use overlay_policy::OverlayPolicy;
pub(crate) use priming_policy::PrimingPolicy;

/// A world that components are made for: the exports of an instance. All import `log`, and nothing else.
pub(crate) trait World: Sized {
    /// Its package, without the version.
    const PACKAGE: &'static str;
    /// The interface that makes a component one of this world.
    const EXPORT: &'static str;
    /// What such a component is called.
    const CALLED: &'static str;
    /// A component of this world, compiled.
    type Pre;

    /// Gives `log` to what will be instantiated.
    fn link(linker: &mut Linker<State>) -> wasmtime::Result<()>;

    /// Looks up the exports.
    fn prepare(component: InstancePre<State>) -> wasmtime::Result<Self::Pre>;

    /// A store of the engine that the component was compiled with.
    fn store(component: &Self::Pre, state: State) -> Store<State>;

    /// A new instance.
    fn instantiate(component: &Self::Pre, store: &mut Store<State>) -> wasmtime::Result<Self>;
}

/// How much a message of a component matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

macro_rules! world {
    ($module:ident, $exports:ident, $pre:ident, $package:literal, $export:literal, $called:literal) => {
        impl World for $exports {
            const PACKAGE: &'static str = $package;
            const EXPORT: &'static str = $export;
            const CALLED: &'static str = $called;
            type Pre = $module::$pre<State>;

            fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
                Self::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
            }

            fn prepare(component: InstancePre<State>) -> wasmtime::Result<Self::Pre> {
                $module::$pre::new(component)
            }

            fn store(component: &Self::Pre, state: State) -> Store<State> {
                Store::new(component.engine(), state)
            }

            fn instantiate(component: &Self::Pre, store: &mut Store<State>) -> wasmtime::Result<Self> {
                component.instantiate(store)
            }
        }

        impl $module::spec::$module::log::Host for State {
            fn log(&mut self, level: $module::spec::$module::log::Level, message: String) {
                use $module::spec::$module::log::Level as Guest;
                let level = match level {
                    Guest::Debug => Level::Debug,
                    Guest::Info => Level::Info,
                    Guest::Warning => Level::Warning,
                    Guest::Error => Level::Error,
                };
                self.said(level, message);
            }
        }
    };
}

world!(element_kind, ElementKind, ElementKindPre, "spec:element-kind", "kind", "an element kind");
world!(overlay_policy, OverlayPolicy, OverlayPolicyPre, "spec:overlay-policy", "policy", "an overlay policy");
world!(priming_policy, PrimingPolicy, PrimingPolicyPre, "spec:priming-policy", "policy", "a priming policy");
