//! Asks the user on the terminal about each failure, one after the other, on its own thread.

use std::io::{stderr, stdin};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use spec_scheduler::{Control, Event, Failure, FailureDecision, JobEnd, Observer};
use spec_session::SessionInfo;
use tokio::sync::mpsc::Sender;

use crate::term::{FailureHelper, LiveView, Style, ask};

/// How many failures may wait for an answer. For further ones the user is not asked: the session quits.
const MAX_WAITING_FAILURES: usize = 256;

/// Observes failures and asks the user what to do about them.
pub(super) struct FailurePrompt {
    failures: SyncSender<UndecidedFailure>,
    control: Sender<Control>,
}

struct UndecidedFailure {
    job: usize,
    element: usize,
    failure: Box<Failure>,
}

/// The state of the thread that asks.
struct PromptLoop {
    live: Arc<LiveView>,
    style: Style,
    info: Arc<SessionInfo>,
    helper: SuspendingHelper,
    control: Sender<Control>,
}

/// A helper during whose work SIGINT is ignored.
struct SuspendingHelper {
    helper: Arc<dyn FailureHelper>,
    interrupts_suspended: Arc<AtomicBool>,
}

impl FailurePrompt {
    /// Starts the thread. It asks on the standard error, where `live` draws otherwise.
    pub(super) fn start(
        live: Arc<LiveView>,
        style: Style,
        info: Arc<SessionInfo>,
        helper: Arc<dyn FailureHelper>,
        control: Sender<Control>,
        interrupts_suspended: Arc<AtomicBool>,
    ) -> Self {
        let (failures, undecided) = sync_channel(MAX_WAITING_FAILURES);
        let helper = SuspendingHelper { helper, interrupts_suspended };
        let prompt = PromptLoop { live, style, info, helper, control: control.clone() };
        std::thread::spawn(move || prompt.run(&undecided));
        Self { failures, control }
    }
}

impl Observer for FailurePrompt {
    fn event(&self, event: &Event) {
        let Event::JobEnded { job, element, end: JobEnd::Failed(failure), .. } = event else { return };
        let undecided = UndecidedFailure { job: *job, element: *element, failure: failure.clone() };
        if self.failures.try_send(undecided).is_err() {
            let quit = Control::Decide { job: *job, decision: FailureDecision::Quit };
            // A session that takes no requests is over.
            let _ = self.control.try_send(quit);
        }
    }
}

impl PromptLoop {
    fn run(&self, undecided: &Receiver<UndecidedFailure>) {
        while let Ok(UndecidedFailure { job, element, failure }) = undecided.recv() {
            self.live.pause();
            let about = (self.info.name(element), element, &*failure);
            let decision = ask(&mut stderr(), &mut read_line, self.style, about, &self.helper);
            self.live.resume();
            if self.control.blocking_send(Control::Decide { job, decision }).is_err() {
                return;
            }
        }
    }
}

fn read_line() -> Option<String> {
    let mut line = String::new();
    match stdin().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
    }
}

impl SuspendingHelper {
    fn suspended(&self, work: impl FnOnce()) {
        self.interrupts_suspended.store(true, Ordering::Relaxed);
        work();
        self.interrupts_suspended.store(false, Ordering::Relaxed);
    }
}

impl FailureHelper for SuspendingHelper {
    fn shell(&self, element: usize) {
        self.suspended(|| self.helper.shell(element));
    }

    fn log(&self, path: &Path) {
        self.suspended(|| self.helper.log(path));
    }
}
