//! What builds ask for, told to the owner beside the record that is kept.

use spec_exec::executor::{Recorder, Recording};
use spec_model::{ActionResult, Digest, Subaction};
use spec_speculation::Content;

use super::mailbox::{Letter, Mailbox, Outputs};

/// Hears the requests of one element's build.
pub(super) struct Ears {
    element: usize,
    mailbox: Mailbox,
    notes: Recording,
}

impl Ears {
    /// Ears that leave the record to `notes`.
    pub(super) fn new(element: usize, mailbox: Mailbox, notes: Recording) -> Self {
        Self { element, mailbox, notes }
    }
}

impl Recorder for Ears {
    fn asked(&self, action: &Digest) {
        self.mailbox.request(Letter::Asked { element: self.element, action: *action });
        self.notes.asked(action);
    }

    fn record(&self, subaction: Subaction) {
        let Subaction { action, answered, ref outcome, .. } = subaction;
        let outputs = outcome.as_ref().ok().and_then(outputs);
        self.mailbox.request(Letter::Answered { element: self.element, action, answered, outputs });
        self.notes.record(|| subaction);
    }
}

/// The files that an action wrote; `None` for one that failed.
pub(super) fn outputs(result: &ActionResult) -> Option<Outputs> {
    let content = |digest, executable| Content::File { digest, executable };
    let files = result.files.iter().map(|file| (file.path.clone(), content(file.digest, file.executable)));
    (result.exit_code == 0).then(|| files.collect())
}
