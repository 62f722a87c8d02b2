//! The socket of the Remote Execution API in an element's sandbox (`sandbox: remote-apis-socket`).

use std::path::PathBuf;

use spec_execution::{ExecutionError, InMemoryRecorder, OpenSocket, Recording, Rights, SocketOptions};
use spec_model::Subaction;
use spec_project::Element;

use crate::builder::Builder;
use crate::request::BuildRequest;

/// The socket of one build, from its first command on, and what was asked for through it.
#[derive(Debug, Default)]
pub(crate) struct BuildSocket {
    opened: Option<(Rights, Box<dyn OpenSocket>)>,
    recorder: InMemoryRecorder,
}

impl BuildSocket {
    /// Ends serving. Requests that are not answered are given up.
    pub(crate) fn close(&mut self) {
        self.opened = None;
    }

    /// Where the socket is on the host, for commands with these rights.
    pub(crate) fn open(
        &mut self,
        builder: &Builder,
        request: &BuildRequest<'_>,
        rights: Rights,
    ) -> Result<PathBuf, ExecutionError> {
        let wanted = &request.element().sandbox.remote_apis_socket;
        let socket = match self.opened.take() {
            Some((of, socket)) if of == rights => socket,
            _ => builder.remote_apis.open(SocketOptions {
                recording: self.recording(builder, request),
                update_results: wanted.as_ref().is_some_and(|wanted| wanted.action_cache_enable_update),
                for_action: false,
                rights: rights.clone(),
            })?,
        };
        let path = socket.path().to_owned();
        self.opened = Some((rights, socket));
        Ok(path)
    }

    /// Who keeps the record of what the element's commands have answered.
    pub(crate) fn recording(&self, builder: &Builder, request: &BuildRequest<'_>) -> Recording {
        let recording = self.recorder.recording();
        match &builder.speculation {
            Some(speculation) => speculation.recording(request.element, recording),
            None => recording,
        }
    }

    /// Takes the record.
    pub(crate) fn take(&self) -> Vec<Subaction> {
        self.recorder.take()
    }
}

/// The absolute path inside at which the commands of an element find a socket, if it wants one.
pub(crate) fn socket_path(element: &Element) -> Option<String> {
    let wanted = element.sandbox.remote_apis_socket.as_ref();
    wanted.map(|wanted| format!("/{}", wanted.path.trim_start_matches('/')))
}

/// What the actions may have that an element's commands ask for: what their sandbox has.
#[must_use]
pub fn action_rights(element: &Element, network: bool) -> Rights {
    let (user, group) = build_ids(element);
    Rights::of_sandbox(network, user.unwrap_or(0), group.unwrap_or(0))
}

/// The user and the group of an element's commands.
pub(crate) fn build_ids(element: &Element) -> (Option<u32>, Option<u32>) {
    let number = |id: Option<i64>| id.and_then(|id| u32::try_from(id).ok());
    (number(element.sandbox.build_uid), number(element.sandbox.build_gid))
}
