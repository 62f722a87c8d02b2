//! How far a request to execute is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use spec_execution::{ActionAnswer, Progress};
use spec_model::{Digest, UserError};
use tokio::sync::watch;

use crate::metrics::{self, Metrics};

/// How far an operation is: REAPI's `ExecutionStage`.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    CacheCheck,
    Queued,
    Executing,
    Completed(ActionAnswer),
}

/// A request to execute on its way from stage to stage. Clones are about the same.
#[derive(Clone)]
pub(crate) struct Course {
    action: Digest,
    since: Instant,
    stage: watch::Sender<Stage>,
    metrics: Arc<Metrics>,
}

impl Stage {
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Completed(_))
    }
}

impl From<Progress> for Stage {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Queued => Self::Queued,
            Progress::Executing => Self::Executing,
            Progress::Completed(answer) => Self::Completed(answer),
        }
    }
}

impl Course {
    pub(crate) fn new(action: Digest, metrics: Arc<Metrics>) -> Self {
        Self { action, since: Instant::now(), stage: watch::Sender::new(Stage::CacheCheck), metrics }
    }

    /// Goes on to a stage. The first final one stays, and is counted and logged: what was cancelled is not answered
    /// again.
    pub(crate) fn advance(&self, next: Stage) {
        let answer = match &next {
            Stage::Completed(answer) => Some(answer.clone()),
            _ => None,
        };
        let went_on = self.stage.send_if_modified(|stage| {
            let is_open = !stage.is_final();
            if is_open {
                *stage = next;
            }
            is_open
        });
        if let Some(answer) = answer.filter(|_| went_on) {
            self.metrics.executed(&answer);
            log(&self.action, &answer, self.since.elapsed());
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage.borrow().clone()
    }

    pub(crate) fn is_completed(&self) -> bool {
        self.stage.borrow().is_final()
    }

    /// Tells of every later stage.
    pub(crate) fn watch(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }
}

fn log(action: &Digest, answer: &ActionAnswer, took: Duration) {
    let (answered, took_ms) = (metrics::outcome(answer), took.as_secs_f64() * 1000.0);
    match answer {
        Ok(done) => {
            let exit_code = done.result.exit_code;
            tracing::info!(%action, answered, exit_code, took_ms, "action");
        }
        Err(error) => {
            let (reason, detail) = (error.reason(), error.detail().unwrap_or_default());
            tracing::info!(%action, answered, reason, took_ms, detail, "action: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use spec_execution::ActionError;

    use super::*;

    #[test]
    fn what_was_cancelled_stays_so() {
        let metrics = Arc::new(Metrics::new());
        let course = Course::new(Digest::of(b""), Arc::clone(&metrics));
        course.advance(Stage::Queued);
        course.advance(Stage::Completed(Err(ActionError::Cancelled)));
        let late = ActionError::Exhausted { what: "late".to_owned() };
        for next in [Stage::Executing, Stage::Completed(Err(late))] {
            course.advance(next.clone());
            assert!(matches!(course.stage(), Stage::Completed(Err(ActionError::Cancelled))), "{next:?}");
        }
        let text = metrics.text(metrics::Readings::default()).expect("text can be written");
        let counted: Vec<&str> =
            text.lines().filter(|line| line.starts_with("spec_host_actions_total")).collect();
        assert_eq!(counted, ["spec_host_actions_total{outcome=\"cancelled\"} 1"]);
    }
}
