//! Converts our artifact to BuildStream's message.

use spec_model::Digest;
use spec_proto::buildstream::v2 as proto;
use spec_proto::reapi;

use crate::artifact::{Artifact, BuildDependency, Log, Outcome, SandboxState};

/// BuildStream's `Artifact.version`: the format of the record.
pub(crate) const VERSION: i32 = 2;

/// BuildStream's value of `build_error` after a success.
const SUCCEEDED: &str = "succeeded";

pub(crate) fn artifact(artifact: &Artifact) -> proto::Artifact {
    let (build_error, build_error_details) = match &artifact.outcome {
        Outcome::Succeeded => (SUCCEEDED, ""),
        Outcome::Failed { error, details } => (error.as_str(), details.as_str()),
    };
    proto::Artifact {
        version: VERSION,
        build_success: artifact.succeeded(),
        build_error: build_error.to_owned(),
        build_error_details: build_error_details.to_owned(),
        strong_key: artifact.keys.strong.to_string(),
        weak_key: artifact.keys.weak.to_string(),
        was_workspaced: artifact.was_workspaced,
        files: artifact.trees.files.map(digest),
        build_deps: artifact.build_deps.iter().map(dependency).collect(),
        public_data: Some(digest(artifact.public_data)),
        logs: artifact.logs.iter().map(log).collect(),
        buildtree: artifact.trees.buildtree.map(digest),
        sources: artifact.trees.sources.map(digest),
        low_diversity_meta: Some(digest(artifact.low_diversity_meta)),
        high_diversity_meta: Some(digest(artifact.high_diversity_meta)),
        strict_key: artifact.keys.strict.to_string(),
        buildroot: artifact.trees.buildroot.map(digest),
        buildsandbox: artifact.sandbox.as_ref().map(sandbox),
        speculative_actions: artifact.speculative_actions.map(digest),
        subactions: artifact.subactions.map(digest),
        key_description: artifact.key_description.map(digest),
        misses: artifact.misses.map(digest),
    }
}

fn dependency(dependency: &BuildDependency) -> proto::artifact::Dependency {
    proto::artifact::Dependency {
        project_name: dependency.project.clone(),
        element_name: dependency.element.path().to_owned(),
        cache_key: dependency.key.to_string(),
        was_workspaced: dependency.was_workspaced,
    }
}

fn log(log: &Log) -> proto::artifact::LogFile {
    proto::artifact::LogFile { name: log.name.clone(), digest: Some(digest(log.digest)) }
}

fn sandbox(state: &SandboxState) -> proto::artifact::SandboxState {
    let variable = |(name, value): &(String, String)| reapi::command::EnvironmentVariable {
        name: name.clone(),
        value: value.clone(),
    };
    proto::artifact::SandboxState {
        environment: state.environment.iter().map(variable).collect(),
        working_directory: state.working_directory.clone(),
        subsandbox_digests: state.subsandboxes.iter().copied().map(digest).collect(),
        marked_directories: state.marked_directories.clone(),
    }
}

fn digest(digest: Digest) -> reapi::Digest {
    let size = digest.size();
    reapi::Digest { hash: digest.hex(), size_bytes: i64::try_from(size).expect("no file has 2^63 bytes") }
}
