//! The socket of the Remote Execution API in an element's sandbox (`sandbox: remote-apis-socket`).

use std::path::PathBuf;

use spec_execution::{InMemoryRecorder, OpenSocket, Recording, Rights, SocketOptions};
use spec_model::Subaction;
use spec_project::Element;

use crate::BuildError;
use crate::job::Job;

/// The socket of one build, from its first command on, and what was asked for through it.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    open: Option<(Rights, Box<dyn OpenSocket>)>,
    asked: InMemoryRecorder,
}

impl Socket {
    /// Ends serving; what was asked for and is not answered is given up.
    pub(crate) fn close(&mut self) {
        self.open = None;
    }

    /// Takes the record.
    pub(crate) fn take(&self) -> Vec<Subaction> {
        self.asked.take()
    }
}

impl Job<'_> {
    fn recording(&self) -> Recording {
        let notes = self.socket.asked.recording();
        match &self.builder.speculation {
            Some(speculation) => speculation.recording(self.request.element, notes),
            None => notes,
        }
    }

    /// Where the socket is on the host and inside, if the element wants one, for a command with these rights.
    pub(crate) fn open_socket(&mut self, rights: Rights) -> Result<Vec<(PathBuf, String)>, BuildError> {
        let Some(wanted) = &self.element.sandbox.remote_apis_socket else { return Ok(Vec::new()) };
        let open = match self.socket.open.take() {
            Some((of, open)) if of == rights => open,
            _ => self.builder.remote_apis.open(SocketOptions {
                recording: self.recording(),
                update_results: wanted.action_cache_enable_update,
                for_action: false,
                rights: rights.clone(),
            })?,
        };
        let path = open.path().to_owned();
        self.socket.open = Some((rights, open));
        Ok(vec![(path, format!("/{}", wanted.path.trim_start_matches('/')))])
    }
}

/// What the actions may have that an element's commands ask for: what their sandbox has.
#[must_use]
pub fn rights(element: &Element, network: bool) -> Rights {
    let (user, group) = numbers(element);
    Rights::of_sandbox(network, user.unwrap_or(0), group.unwrap_or(0))
}

/// The user and the group of an element's commands.
pub(crate) fn numbers(element: &Element) -> (Option<u32>, Option<u32>) {
    let number = |id: Option<i64>| id.and_then(|id| u32::try_from(id).ok());
    (number(element.sandbox.build_uid), number(element.sandbox.build_gid))
}
