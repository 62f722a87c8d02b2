//! Trees as read-only layers of overlays, each made once.

use std::path::Path;

use spec_cas::{Cas, LayerCache, LayerGuard, OverlayXattrs};
use spec_model::{Digest, LayerForm};
use spec_sandbox::{Layer, RootSpec};

use crate::error::ExecutionError;
use crate::shared_memory;

/// Layers on disk, and what an overlay has to know of them. They stay while this lives.
#[derive(Debug)]
pub(crate) struct StagedLayers {
    layers: Vec<Layer>,
    cache: LayerCache,
    _guards: Vec<LayerGuard>,
}

impl StagedLayers {
    /// Makes layers of `trees`, lowest first, those that are not there yet. An overlay has to have something below, so
    /// of no trees comes one empty layer.
    pub(super) fn of_form(form: LayerForm, cas: &Cas, trees: &[Digest]) -> Result<Self, ExecutionError> {
        let cache = cache(form, cas)?;
        let mut trees: Vec<Digest> = distinct(trees).copied().collect();
        if trees.is_empty() {
            trees.push(cas.digest(b""));
        }
        let guards: Vec<LayerGuard> =
            cache.stackable(&trees)?.iter().map(|tree| cache.layer(tree)).collect::<Result<_, _>>()?;
        // Kept, with the mounts of images, for the next command on the tree; the kernel then has its files in memory.
        let open = |path: &Path| cas.cached_resource(path, || Layer::open(form, path));
        let layers = guards.iter().map(|guard| Ok(open(guard.path())?.as_ref().clone()));
        let layers = layers.collect::<Result<_, ExecutionError>>()?;
        Ok(Self { layers, cache, _guards: guards })
    }

    /// A root of these layers, with `/dev` and `/proc`.
    pub(super) fn describe(&self, upper: &Path, work: &Path) -> RootSpec {
        let mut root = RootSpec::new(self.layers.iter().cloned(), upper, work);
        root.contents = self.cache.contents();
        root
    }

    /// The name space of overlayfs's attributes in the upper folder.
    pub(crate) fn xattrs(&self) -> OverlayXattrs {
        match self.cache.form() {
            LayerForm::Image => OverlayXattrs::Trusted,
            LayerForm::Metacopy | LayerForm::Copied => OverlayXattrs::User,
        }
    }
}

/// The layers without repetitions; of equal ones the highest stays, since it hides the others anyway.
fn distinct(layers: &[Digest]) -> impl Iterator<Item = &Digest> {
    layers.iter().enumerate().filter(|(at, layer)| !layers[at + 1..].contains(layer)).map(|(_, layer)| layer)
}

fn cache(form: LayerForm, cas: &Cas) -> Result<LayerCache, ExecutionError> {
    let cache = LayerCache::new(cas.clone(), form);
    match shared_memory::for_layers().filter(|_| form == LayerForm::Metacopy) {
        Some(folder) => Ok(cache.in_folder(folder.to_owned())?),
        None => Ok(cache),
    }
}
