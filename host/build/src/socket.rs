//! The socket of the Remote Execution API in an element's sandbox (`sandbox: remote-apis-socket`).

use std::path::PathBuf;

use spec_exec::executor::{Notes, OpenSocket, Recording, SocketOptions};
use spec_model::Subaction;

use crate::BuildError;
use crate::job::Job;

/// The socket of one build, from its first command on, and what was asked for through it.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    open: Option<Box<dyn OpenSocket>>,
    asked: Notes,
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

    /// Where the socket is on the host and inside, if the element wants one.
    pub(crate) fn open_socket(&mut self) -> Result<Vec<(PathBuf, String)>, BuildError> {
        let Some(wanted) = &self.element.sandbox.remote_apis_socket else { return Ok(Vec::new()) };
        let open = match self.socket.open.take() {
            Some(open) => open,
            None => self.builder.remote_apis.open(SocketOptions {
                recording: self.recording(),
                update_results: wanted.action_cache_enable_update,
                for_action: false,
            })?,
        };
        let path = open.path().to_owned();
        self.socket.open = Some(open);
        Ok(vec![(path, format!("/{}", wanted.path.trim_start_matches('/')))])
    }
}
