//! What a kind asks about the elements that can be staged for its element.
//!
//! The answers follow from the project alone; what a kind makes of them is no part of the key by itself. Elements are named by
//! the numbers that [`Element::staged`] tells.

use crate::bindings::imports::spec::plugin::dependencies as host;
use crate::{Element, PublicData};

pub use host::StagedElement;

impl Element {
    /// The elements that are staged for these [dependencies](crate::Dependency::index): they and all that they need at run
    /// time, in staging order, each once. Of one dependency it is the last.
    #[must_use]
    pub fn staged(&self, dependencies: &[u32]) -> Vec<StagedElement> {
        #[cfg(target_family = "wasm")]
        let staged = host::staged(dependencies);
        #[cfg(not(target_family = "wasm"))]
        let staged = self.around.staged(dependencies);
        staged
    }

    /// The elements that are staged for all build dependencies.
    #[must_use]
    pub fn staged_to_build(&self) -> Vec<StagedElement> {
        let build = self.dependencies().filter(|dependency| dependency.build);
        self.staged(&build.map(|dependency| dependency.index).collect::<Vec<_>>())
    }

    /// For each of these elements, those that it depends on at run time itself.
    #[must_use]
    pub fn runtime_dependencies(&self, elements: &[u32]) -> Vec<Vec<StagedElement>> {
        #[cfg(target_family = "wasm")]
        let below = host::runtime_dependencies(elements);
        #[cfg(not(target_family = "wasm"))]
        let below = self.around.runtime_dependencies(elements);
        below
    }

    /// For each of these elements, what its artifact has in a domain of its public data.
    #[must_use]
    pub fn public_data_of(&self, domain: &str, elements: &[u32]) -> Vec<Option<PublicData>> {
        #[cfg(target_family = "wasm")]
        let data = host::public_data_of(domain, elements).into_iter().map(|data| data.map(PublicData::from));
        #[cfg(not(target_family = "wasm"))]
        let data = self.around.public_data_of(domain, elements).into_iter();
        data.collect()
    }

    /// What the element itself declares in a domain of its public data.
    #[must_use]
    pub fn own_public_data(&self, domain: &str) -> Option<PublicData> {
        #[cfg(target_family = "wasm")]
        let data = host::own_public_data(domain).map(PublicData::from);
        #[cfg(not(target_family = "wasm"))]
        let data = self.around.own_public_data(domain);
        data
    }
}
