//! The list of source kinds.

use std::sync::Arc;

use spec_model::{NodeError, PluginOrigin};

use crate::anitya::AnityaSource;
use crate::archive_source::{ArchiveFormat, ArchiveSource};
use crate::cargo::{CargoKind, CargoSource};
use crate::context::{SourceContext, SourceSpec};
use crate::docker::DockerSource;
use crate::error::{SourceError, SourceName};
use crate::gen_cargo_lock::GenCargoLockSource;
use crate::git::{GitRepoSource, GitSource, GitTagSource, GoModuleSource};
use crate::local::LocalSource;
use crate::origin;
use crate::patches::{PatchQueueSource, PatchSource};
use crate::pip::PipSource;
use crate::released_file::ReleasedFileSource;
use crate::remote::RemoteSource;
use crate::source::Source;
use crate::workspace::WorkspaceSource;

/// All of [`configure_source`] that projects can name.
pub(crate) const KINDS: [&str; 20] = [
    "anitya",
    "cargo",
    "cargo2",
    "cpan",
    "deb",
    "docker",
    "gen_cargo_lock",
    "git",
    "git_module",
    "git_repo",
    "git_tag",
    "go_module",
    "local",
    "patch",
    "patch_queue",
    "pip",
    "pypi",
    "remote",
    "tar",
    "zip",
];

/// Kinds of BuildStream's plugins that are left out.
pub(crate) const LEFT_OUT: [&str; 2] = ["bzr", "ostree"];

/// The source that `spec` declares, the `index`th of `element`.
///
/// # Errors
/// `unknown-source-kind`, `source-kind-left-out`, those of [`origin::check`], or what is wrong with the configuration, with its
/// place.
pub(crate) fn configure_source(
    element: &Arc<str>,
    index: usize,
    context: &SourceContext,
    spec: &SourceSpec,
) -> Result<Box<dyn Source>, SourceError> {
    let name = |kind| SourceName { element: element.clone(), index, kind, position: spec.position.clone() };
    // A plugin in a folder whose kind is not here is refused below, whatever its text is.
    if KINDS.contains(&&*spec.kind) || !matches!(spec.origin, PluginOrigin::Folder(_)) {
        origin::check(element, spec)?;
    }
    let config = &spec.config;
    let archive = |kind, format| ArchiveSource::configure(name(kind), context, config, format);
    let cargo = |kind, cargo| CargoSource::configure(name(kind), context, config, cargo);
    Ok(match spec.kind.as_str() {
        "anitya" => Box::new(AnityaSource::configure(name("anitya"), context, config, &spec.origin)?),
        "cargo" => Box::new(cargo("cargo", CargoKind::Cargo)?),
        "cargo2" => Box::new(cargo("cargo2", CargoKind::Cargo2)?),
        "cpan" => Box::new(ReleasedFileSource::cpan(name("cpan"), context, config)?),
        "deb" => Box::new(archive("deb", ArchiveFormat::Deb)?),
        "docker" => Box::new(DockerSource::configure(name("docker"), context, config)?),
        "gen_cargo_lock" => Box::new(GenCargoLockSource::configure(name("gen_cargo_lock"), context, config)?),
        "git" => Box::new(GitSource::configure(name("git"), context, config)?),
        "git_module" => Box::new(GitTagSource::module(name("git_module"), context, config)?),
        "git_repo" => Box::new(GitRepoSource::configure(name("git_repo"), context, config)?),
        "git_tag" => Box::new(GitTagSource::tag(name("git_tag"), context, config)?),
        "go_module" => Box::new(GoModuleSource::configure(name("go_module"), context, config, &spec.origin)?),
        "local" => Box::new(LocalSource::configure(name("local"), context, config)?),
        "patch" => Box::new(PatchSource::configure(name("patch"), context, config)?),
        "patch_queue" => Box::new(PatchQueueSource::configure(name("patch_queue"), context, config)?),
        "pip" => Box::new(PipSource::configure(name("pip"), context, config)?),
        "pypi" => Box::new(ReleasedFileSource::pypi(name("pypi"), context, config)?),
        "remote" => Box::new(RemoteSource::configure(name("remote"), context, config)?),
        "tar" => Box::new(archive("tar", ArchiveFormat::Tar)?),
        "workspace" => Box::new(WorkspaceSource::configure(name("workspace"), context, config)?),
        "zip" => Box::new(archive("zip", ArchiveFormat::Zip)?),
        left_out if LEFT_OUT.contains(&left_out) => return Err(is_left_out(element, spec).into()),
        _ => {
            let (kind, position) = (spec.kind.clone(), spec.position.clone());
            return Err(SourceError::UnknownKind {
                element: element.clone(),
                kind,
                known: KINDS.join(", "),
                position,
            });
        }
    })
}

fn is_left_out(element: &Arc<str>, spec: &SourceSpec) -> NodeError {
    let message = format!("{element}: BuildStream's source kind '{}' is left out of spec-host", spec.kind);
    let error = NodeError::new("source-kind-left-out", spec.position.as_ref(), message);
    error.with_hint("have the files in a git repository or an archive, and use 'git_repo' or 'tar'")
}
