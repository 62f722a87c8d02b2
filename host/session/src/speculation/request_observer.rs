//! Observes what builds request, and tells the speculation loop.

use spec_execution::{Recorder, Recording};
use spec_model::{ActionResult, Digest, Subaction};
use spec_recording::SessionRecorder;
use spec_speculation::Content;

use super::event_channel::{EventSender, OutputFiles, SpeculationEvent};
use super::recorded_events::record_request;

/// Observes the requests of one element's build, and passes them on to the recording.
pub(super) struct RequestObserver {
    pub(super) element: usize,
    /// Where the speculation loop hears of them, if the element takes part.
    pub(super) events: Option<EventSender>,
    /// The recorder of the session.
    pub(super) recorder: SessionRecorder,
    pub(super) recording: Recording,
}

impl Recorder for RequestObserver {
    fn asked(&self, action: &Digest) {
        let element = self.element;
        if let Some(events) = &self.events {
            events.send_request(SpeculationEvent::Requested { element, action: *action });
        }
        self.recording.asked(action);
    }

    fn asked_before(&self, action: &Digest) {
        let element = self.element;
        if let Some(events) = &self.events {
            events.send_request(SpeculationEvent::RequestedBefore { element, action: *action });
        }
        self.recording.asked_before(action);
    }

    fn record(&self, subaction: Subaction) {
        let Subaction { action, answered, ref outcome, .. } = subaction;
        record_request(&self.recorder, self.element, &subaction);
        if let Some(events) = &self.events {
            let (element, outputs) = (self.element, outcome.as_ref().ok().and_then(output_files));
            events.send_request(SpeculationEvent::Answered { element, action, answered, outputs });
        }
        self.recording.record(|| subaction);
    }
}

/// The files that an action wrote; `None` if it failed.
pub(super) fn output_files(result: &ActionResult) -> Option<OutputFiles> {
    let content = |digest, executable| Content::File { digest, executable };
    let files = result.files.iter().map(|file| (file.path.clone(), content(file.digest, file.executable)));
    (result.exit_code == 0).then(|| files.collect())
}
