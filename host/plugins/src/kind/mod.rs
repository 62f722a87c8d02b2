//! Components of element kinds, of both versions of the contract.

mod v0_1;
mod v0_2;

use spec_strategy::KindDescription;

use crate::Limits;
use crate::call_usage::CallUsage;
use crate::conv::{FlatAnswer, FlatInput};
use crate::engine::SharedEngine;
use crate::failure::{PluginFailure, PluginName};
use crate::instance::Instance;
use crate::world::{self, World};

/// A compiled element kind.
pub(crate) enum KindCode {
    V0_1(<world::v0_1::ElementKind as World>::Pre),
    V0_2(<world::v0_2::ElementKind as World>::Pre),
}

/// An instance of an element kind.
pub(crate) enum KindInstance {
    V0_1(Instance<world::v0_1::ElementKind>),
    V0_2(Instance<world::v0_2::ElementKind>),
}

impl KindCode {
    /// Compiles a component, or loads its compiled code.
    pub(crate) fn prepare(
        engine: &SharedEngine,
        name: &PluginName,
        bytes: &[u8],
    ) -> Result<Self, PluginFailure> {
        let component = engine.compile::<world::v0_1::ElementKind, world::v0_2::ElementKind>(name, bytes)?;
        if engine.is_of::<world::v0_1::ElementKind>(&component) {
            return Ok(Self::V0_1(engine.prepare::<world::v0_1::ElementKind>(&component)?));
        }
        Ok(Self::V0_2(engine.prepare::<world::v0_2::ElementKind>(&component)?))
    }
}

impl KindInstance {
    pub(crate) fn new(name: &PluginName, code: &KindCode, limits: &Limits) -> Result<Self, PluginFailure> {
        Ok(match code {
            KindCode::V0_1(code) => Self::V0_1(Instance::new(name, code, limits)?),
            KindCode::V0_2(code) => Self::V0_2(Instance::new(name, code, limits)?),
        })
    }

    /// What its last call used.
    pub(crate) fn usage(&self) -> CallUsage {
        match self {
            Self::V0_1(instance) => instance.usage(),
            Self::V0_2(instance) => instance.usage(),
        }
    }

    /// Calls `describe`.
    pub(crate) fn describe(&mut self) -> Result<KindDescription, PluginFailure> {
        match self {
            Self::V0_1(instance) => v0_1::describe(instance),
            Self::V0_2(instance) => v0_2::describe(instance),
        }
    }

    /// Calls `configure`.
    pub(crate) fn configure(&mut self, input: &FlatInput) -> Result<FlatAnswer, PluginFailure> {
        match self {
            Self::V0_1(instance) => v0_1::configure(instance, input),
            Self::V0_2(instance) => v0_2::configure(instance, input),
        }
    }

    /// Whether it uses more than half of its memory: see [`Instance::should_be_replaced`].
    pub(crate) fn should_be_replaced(&self) -> bool {
        match self {
            Self::V0_1(instance) => instance.should_be_replaced(),
            Self::V0_2(instance) => instance.should_be_replaced(),
        }
    }
}
