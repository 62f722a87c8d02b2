//! Errors of BuildStream's commands that are not supported, with what to do instead.

use crate::error::CommandError;

pub(super) fn workspace() -> CommandError {
    error("there are no workspaces: `workspace` is not supported").hint(
        "get the sources with `spec-host source checkout ELEMENT`, change them, and have the element use the folder by a \
         source of kind 'local'; `spec-host shell --build ELEMENT` tries commands on them",
    )
}

pub(super) fn artifact_caches() -> CommandError {
    error("there are no remote caches of artifacts: `artifact pull` and `artifact push` are not supported").hint(
        "build the element here, or have several people use one machine; single trees go to and come from a server \
         with `spec-host cas push` and `spec-host cas pull`",
    )
}

pub(super) fn source_caches() -> CommandError {
    error("there are no remote caches of sources: `source push` is not supported")
        .hint("downloads are kept in the cache, and 'mirrors' in project.conf can name servers of others")
}

fn error(message: &str) -> CommandError {
    CommandError::usage("not-supported", message)
}
