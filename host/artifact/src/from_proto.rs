//! Converts BuildStream's message to our artifact, and checks the fields that a record must have.

use spec_model::{Digest, ElementName, Key};
use spec_proto::buildstream::v2 as proto;
use spec_proto::reapi;

use crate::artifact::{Artifact, ArtifactKeys, ArtifactTrees, BuildDependency, Log, Outcome, SandboxState};

/// A field of a record with an invalid value.
#[derive(Debug, thiserror::Error)]
#[error("the field {field} {why}")]
pub(crate) struct BadField {
    field: &'static str,
    why: String,
}

/// The artifact of a message whose `version` is ours.
pub(crate) fn artifact(message: proto::Artifact) -> Result<Artifact, BadField> {
    let proto::Artifact {
        version: _,
        build_success,
        build_error,
        build_error_details,
        strong_key,
        weak_key,
        was_workspaced,
        files,
        build_deps,
        public_data,
        logs,
        buildtree,
        sources,
        low_diversity_meta,
        high_diversity_meta,
        strict_key,
        buildroot,
        buildsandbox,
        speculative_actions,
        subactions,
        key_description,
        misses,
    } = message;
    Ok(Artifact {
        keys: ArtifactKeys {
            strong: key("strong_key", &strong_key)?,
            strict: key("strict_key", &strict_key)?,
            weak: key("weak_key", &weak_key)?,
        },
        outcome: match build_success {
            true => Outcome::Succeeded,
            false => Outcome::Failed { error: build_error, details: build_error_details },
        },
        was_workspaced,
        trees: ArtifactTrees {
            files: optional("files", files)?,
            buildtree: optional("buildtree", buildtree)?,
            sources: optional("sources", sources)?,
            buildroot: optional("buildroot", buildroot)?,
        },
        sandbox: buildsandbox.map(sandbox).transpose()?,
        build_deps: build_deps.into_iter().map(dependency).collect::<Result<_, _>>()?,
        public_data: required("public_data", public_data)?,
        low_diversity_meta: required("low_diversity_meta", low_diversity_meta)?,
        high_diversity_meta: required("high_diversity_meta", high_diversity_meta)?,
        logs: logs.into_iter().map(log).collect::<Result<_, _>>()?,
        speculative_actions: optional("speculative_actions", speculative_actions)?,
        subactions: optional("subactions", subactions)?,
        key_description: optional("key_description", key_description)?,
        misses: optional("misses", misses)?,
    })
}

fn dependency(message: proto::artifact::Dependency) -> Result<BuildDependency, BadField> {
    let proto::artifact::Dependency { project_name, element_name, cache_key, was_workspaced } = message;
    let element = ElementName::local(&element_name)
        .map_err(|error| BadField { field: "build_deps.element_name", why: format!("is wrong: {error}") })?;
    let key = key("build_deps.cache_key", &cache_key)?;
    Ok(BuildDependency { project: project_name, element, key, was_workspaced })
}

fn log(message: proto::artifact::LogFile) -> Result<Log, BadField> {
    let proto::artifact::LogFile { name, digest } = message;
    Ok(Log { name, digest: required("logs.digest", digest)? })
}

fn sandbox(message: proto::artifact::SandboxState) -> Result<SandboxState, BadField> {
    let proto::artifact::SandboxState {
        environment,
        working_directory,
        subsandbox_digests,
        marked_directories,
    } = message;
    let digests = subsandbox_digests.into_iter();
    Ok(SandboxState {
        environment: environment.into_iter().map(|variable| (variable.name, variable.value)).collect(),
        working_directory,
        subsandboxes: digests
            .map(|digest| required("buildsandbox.subsandbox_digests", Some(digest)))
            .collect::<Result<_, _>>()?,
        marked_directories,
    })
}

fn key(field: &'static str, text: &str) -> Result<Key, BadField> {
    text.parse().map_err(|error| BadField { field, why: format!("is wrong: {error}") })
}

fn required(field: &'static str, message: Option<reapi::Digest>) -> Result<Digest, BadField> {
    optional(field, message)?.ok_or_else(|| BadField { field, why: "is missing".to_owned() })
}

/// As in BuildStream, an empty digest means none.
fn optional(field: &'static str, message: Option<reapi::Digest>) -> Result<Option<Digest>, BadField> {
    let Some(reapi::Digest { hash, size_bytes }) =
        message.filter(|message| *message != reapi::Digest::default())
    else {
        return Ok(None);
    };
    let size = u64::try_from(size_bytes).ok();
    let digest = size.and_then(|size| Digest::from_hex(&hash, size).ok());
    let why = || format!("is wrong: '{hash}/{size_bytes}' is not a digest");
    digest.map(Some).ok_or_else(|| BadField { field, why: why() })
}

#[cfg(test)]
mod tests;
