//! Asks on the terminal about each failure, one after the other, on a thread of its own.

use std::io::{stderr, stdin};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use spec_scheduler::{Control, Event, Failure, FailureDecision, JobEnd, Observer};
use tokio::sync::mpsc::Sender;

use crate::term::{Helper, Live, Roster, Style, ask};

/// How many failures may wait for an answer; more are answered by themselves.
const WAITING: usize = 256;

/// Hears failures and has them decided.
pub(super) struct Asker {
    failures: SyncSender<Question>,
    control: Sender<Control>,
}

struct Question {
    job: usize,
    element: usize,
    failure: Box<Failure>,
}

struct Desk {
    live: Arc<Live>,
    style: Style,
    roster: Arc<Roster>,
    helper: Busy,
    control: Sender<Control>,
}

/// A helper that keeps signals to itself while it works.
struct Busy {
    helper: Arc<dyn Helper>,
    busy: Arc<AtomicBool>,
}

impl Asker {
    /// Asks on the standard error, where `live` draws otherwise.
    pub(super) fn new(
        live: Arc<Live>,
        style: Style,
        roster: Arc<Roster>,
        helper: Arc<dyn Helper>,
        control: Sender<Control>,
        busy: Arc<AtomicBool>,
    ) -> Self {
        let (failures, questions) = sync_channel(WAITING);
        let desk = Desk { live, style, roster, helper: Busy { helper, busy }, control: control.clone() };
        std::thread::spawn(move || desk.serve(&questions));
        Self { failures, control }
    }
}

impl Observer for Asker {
    fn event(&self, event: &Event) {
        let Event::JobEnded { job, element, end: JobEnd::Failed(failure), .. } = event else { return };
        let question = Question { job: *job, element: *element, failure: failure.clone() };
        if self.failures.try_send(question).is_err() {
            let quit = Control::Decide { job: *job, decision: FailureDecision::Quit };
            // A session that takes no requests is over.
            let _ = self.control.try_send(quit);
        }
    }
}

impl Desk {
    fn serve(&self, questions: &Receiver<Question>) {
        while let Ok(Question { job, element, failure }) = questions.recv() {
            self.live.pause();
            let about = (self.roster.name(element), element, &*failure);
            let decision = ask(&mut stderr(), &mut line, self.style, about, &self.helper);
            self.live.resume();
            if self.control.blocking_send(Control::Decide { job, decision }).is_err() {
                return;
            }
        }
    }
}

fn line() -> Option<String> {
    let mut line = String::new();
    match stdin().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
    }
}

impl Busy {
    fn work(&self, work: impl FnOnce()) {
        self.busy.store(true, Ordering::Relaxed);
        work();
        self.busy.store(false, Ordering::Relaxed);
    }
}

impl Helper for Busy {
    fn shell(&self, element: usize) {
        self.work(|| self.helper.shell(element));
    }

    fn log(&self, path: &Path) {
        self.work(|| self.helper.log(path));
    }
}
