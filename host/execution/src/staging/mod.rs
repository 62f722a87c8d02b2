//! How trees become layers of a sandbox's root on this machine.
//!
//! There are three ways, which are tried once in a process, the best first:
//!
//! - *images*: for real root, on Linux 6.15 or newer. A tree becomes an image of its metadata, whose files find their
//!   contents in the store. Folders of layers can be renamed.
//! - *marked folders*: for everybody, on Linux 6.16 or newer. A tree becomes a folder of empty files, in memory if there
//!   is some, that find their contents in the store. Folders of layers cannot be renamed in one step.
//! - *copies*: everywhere. A tree becomes a folder with files of its own, which share blocks with the store where the
//!   file system can. Folders of layers cannot be renamed in one step.
//!
//! Whatever the way, every path has an inode, a mode and a link count of its own.

use std::path::Path;

use crate::shared_memory;
use spec_cas::{Cas, LayerCache, LayerForm, LayerGuard, OverlayMarks, TreeBuilder};
use spec_model::Digest;
use spec_sandbox::{Layer, LayerImage, RootSpec, SandboxCommand, SandboxError};

use crate::error::ExecutionError;

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
    pub(crate) fn new(cas: &Cas, trees: &[Digest]) -> Result<Self, ExecutionError> {
        Self::of_form(form(cas), cas, trees)
    }

    fn of_form(form: LayerForm, cas: &Cas, trees: &[Digest]) -> Result<Self, ExecutionError> {
        let cache = cache(form, cas)?;
        let mut trees: Vec<Digest> = distinct(trees).copied().collect();
        if trees.is_empty() {
            trees.push(cas.digest(b""));
        }
        let guards: Vec<LayerGuard> =
            cache.separate(&trees)?.iter().map(|tree| cache.layer(tree)).collect::<Result<_, _>>()?;
        let layers = guards.iter().map(|guard| layer(cas, form, guard.path())).collect::<Result<_, _>>()?;
        Ok(Self { layers, cache, _guards: guards })
    }

    /// A root of these layers.
    pub(crate) fn root(&self, upper: &Path, work: &Path) -> RootSpec {
        let mut root = RootSpec::new(self.layers.iter().cloned(), upper, work);
        root.contents = self.cache.contents();
        root
    }

    /// What overlayfs calls its marks in the upper folder.
    pub(crate) fn marks(&self) -> OverlayMarks {
        match self.cache.form() {
            LayerForm::Image => OverlayMarks::Trusted,
            LayerForm::Marked | LayerForm::Copied => OverlayMarks::User,
        }
    }
}

/// The layers without repetitions; of equal ones the highest stays, since it hides the others anyway.
fn distinct(layers: &[Digest]) -> impl Iterator<Item = &Digest> {
    layers.iter().enumerate().filter(|(at, layer)| !layers[at + 1..].contains(layer)).map(|(_, layer)| layer)
}

fn layer(cas: &Cas, form: LayerForm, path: &Path) -> Result<Layer, SandboxError> {
    Ok(match form {
        // The next command on the tree is spared the mount, and the kernel then knows files already.
        LayerForm::Image => Layer::Image(cas.kept(path, || LayerImage::open(path))?.as_ref().clone()),
        LayerForm::Marked => Layer::Marked(path.to_owned()),
        LayerForm::Copied => Layer::Directory(path.to_owned()),
    })
}

fn cache(form: LayerForm, cas: &Cas) -> Result<LayerCache, ExecutionError> {
    let cache = LayerCache::new(cas.clone(), form);
    match shared_memory::for_layers().filter(|_| form == LayerForm::Marked) {
        Some(folder) => Ok(cache.kept_in(folder.to_owned())?),
        None => Ok(cache),
    }
}

/// The form of layers that works for this user on this machine.
pub(crate) fn form(cas: &Cas) -> LayerForm {
    cas.layer_form(|| LayerSupport::examine(cas).form)
}

/// Whether folders of layers can be renamed.
pub(crate) fn can_rename_folders(cas: &Cas) -> bool {
    form(cas) == LayerForm::Image
}

/// Which way trees become layers on this machine, and why not a better one.
#[derive(Debug)]
pub struct LayerSupport {
    /// The form of layers.
    pub form: LayerForm,
    /// The better forms that were tried, with what was in the way.
    pub refused: Vec<(LayerForm, ExecutionError)>,
}

impl LayerSupport {
    /// Tries it, with files beside the store. Takes milliseconds.
    #[must_use]
    pub fn examine(cas: &Cas) -> Self {
        let mut refused = Vec::new();
        let all = [LayerForm::Image, LayerForm::Marked];
        // Nobody else may mount an image, and root in a container will see.
        let forms = if rustix::process::geteuid().is_root() { &all[..] } else { &all[1..] };
        for form in forms {
            match try_form(*form, cas) {
                Ok(()) => return Self { form: *form, refused },
                Err(error) => refused.push((*form, error)),
            }
        }
        Self { form: LayerForm::Copied, refused }
    }
}

#[cfg(test)]
mod tests;

/// The kernel's error for a file that it could read and that is no program.
const NO_PROGRAM: i32 = rustix::io::Errno::NOEXEC.raw_os_error();

/// Has a sandbox try to run a text in the upper one of two layers: when the kernel says that this is no program, it has
/// read it.
fn try_form(form: LayerForm, cas: &Cas) -> Result<(), ExecutionError> {
    let tree = |path: &str| -> Result<Digest, ExecutionError> {
        let mut builder = TreeBuilder::new();
        builder.add_file(path, cas.put_bytes(b"This is no program.\n")?, true)?;
        Ok(builder.store(cas)?)
    };
    let layers = StagedLayers::of_form(form, cas, &[tree("below/text")?, tree("text")?])?;
    let scratch = cas.scratch()?;
    let (upper, work) = (scratch.folder("upper", 0o755)?, scratch.folder("work", 0o755)?);
    let command = SandboxCommand {
        timeout: Some(std::time::Duration::from_secs(10)),
        ..SandboxCommand::new(["/text"])
    };
    match spec_sandbox::run(&layers.root(&upper, &work), &command) {
        Err(SandboxError::CommandNotExecutable { source, .. })
            if source.raw_os_error() == Some(NO_PROGRAM) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(SandboxError::Lost.into()),
    }
}
