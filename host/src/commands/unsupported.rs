//! Errors of BuildStream's commands that are not supported, with what to do instead.

use crate::error::CommandError;

pub(super) fn workspace() -> CommandError {
    error("there are no workspaces: `workspace` is not supported").hint(
        "get the sources with `spec-host source checkout ELEMENT`, change them, and have the element use the folder by a \
         source of kind 'local'; `spec-host shell --build ELEMENT` tries commands on them",
    )
}

fn error(message: &str) -> CommandError {
    CommandError::usage("not-supported", message)
}
