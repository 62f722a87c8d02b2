//! Which form of layers works on this machine.

use spec_cas::{Cas, FoundLayerForm, TreeBuilder};
use spec_model::{Digest, LayerForm};
use spec_sandbox::{SandboxCommand, SandboxError};

use crate::error::ExecutionError;
use crate::staging::layers::StagedLayers;

/// Makes layers of `trees`, lowest first, in the best form that works here.
///
/// # Errors
/// When the store fails, or a tree is not in it.
pub(crate) fn stage_layers(cas: &Cas, trees: &[Digest]) -> Result<StagedLayers, ExecutionError> {
    StagedLayers::of_form(form(cas), cas, trees)
}

/// The form of layers that works for this user on this machine.
pub(crate) fn form(cas: &Cas) -> LayerForm {
    cas.layer_form(|| {
        let LayerSupport { form, refused } = LayerSupport::examine(cas);
        FoundLayerForm { form, is_best: form != LayerForm::Copied && refused.is_empty() }
    })
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
        let all = [LayerForm::Image, LayerForm::Metacopy];
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
    match spec_sandbox::run(&layers.describe(&upper, &work), &command) {
        Err(SandboxError::CommandNotExecutable { source, .. })
            if source.raw_os_error() == Some(NO_PROGRAM) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(SandboxError::Lost.into()),
    }
}

#[cfg(test)]
mod tests;
