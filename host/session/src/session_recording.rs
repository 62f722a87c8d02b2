//! Records the plan of a session and its jobs.

use std::num::NonZero;

use spec_recording::message::{
    Budget, Element, Event, Header, Job as JobMessage, JobEnded, JobLimit, JobLimits, JobStarted,
    JobSuperseded,
};
use spec_recording::{FORMAT, SessionRecorder};
use spec_scheduler::{Event as JobEvent, Graph, Job, JobEnd, Options};

use crate::element_state::ElementState;
use crate::session::Session;
use crate::speculation::SpeculationSettings;

/// Records the header, the elements and the jobs of a session that has jobs.
pub(crate) fn record_plan(
    session: &Session,
    trigger: &'static str,
    settings: &SpeculationSettings,
    graph: &Graph,
    states: &[ElementState],
) {
    let recorder = &session.options.recorder;
    if !recorder.is_on() || graph.jobs().is_empty() {
        return;
    }
    let header = header(session, trigger, settings);
    recorder.record(move || Event::Header(header));
    for (number, element) in session.project.elements.iter().enumerate() {
        let scope = session.project.build_scope(number).into_iter();
        let element = Element {
            name: session.name(number),
            kind: element.kind.to_string(),
            state: states.get(number).map(|state| state.name().to_owned()).unwrap_or_default(),
            build_dependencies: scope.filter(|other| *other != number).map(|other| other as u32).collect(),
        };
        recorder.record(move || Event::Element(element));
    }
    record_jobs(recorder, graph, 0);
}

fn header(session: &Session, trigger: &str, settings: &SpeculationSettings) -> Header {
    let budget = session.options.speculation_budget;
    let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
    Header {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        start_unix_us: session.options.recorder.start_unix_us(),
        project: session.project.config.name.clone(),
        trigger: trigger.to_owned(),
        targets: session.project.targets.iter().map(|target| session.name(*target)).collect(),
        workers: session.options.workers.unwrap_or_else(processors) as u32,
        policies: settings.recorded_policies(),
        budget: Some(Budget {
            in_flight: budget.in_flight,
            cpu_share: budget.cpu_share.into(),
            cpu_ms: budget.cpu_ms,
            output_bytes: budget.output_bytes,
        }),
        mode: settings.mode().to_string(),
    }
}

/// Records the jobs of a graph from `first` on.
fn record_jobs(recorder: &SessionRecorder, graph: &Graph, first: usize) {
    for (number, job) in graph.jobs().iter().enumerate().skip(first) {
        let after = graph.waits_for(number).iter().map(|other| *other as u32).collect();
        let job = JobMessage { element: job.element as u32, task: job.task.to_string(), after };
        recorder.record(move || Event::Job(job));
    }
}

/// Records that the jobs of a graph from `first_new` on do what `superseded` could not, and that those that wait for it wait for
/// `by` now.
pub(crate) fn record_supersession(
    recorder: &SessionRecorder,
    superseded: Job,
    graph: &Graph,
    first_new: usize,
    by: Option<usize>,
) {
    record_jobs(recorder, graph, first_new);
    if let Some(job) = graph.jobs().iter().position(|job| *job == superseded) {
        let superseded = JobSuperseded { job: job as u32, by: by.map(|by| by as u32) };
        recorder.record(move || Event::JobSuperseded(superseded));
    }
}

/// Records how many jobs run at a time.
pub(crate) fn record_limits(recorder: &SessionRecorder, options: &Options) {
    let limit = |(task, limit): (&spec_scheduler::Task, &usize)| JobLimit {
        task: task.to_string(),
        limit: u32::try_from(*limit).unwrap_or(u32::MAX),
    };
    let limits = JobLimits { limits: options.limits.iter().map(limit).collect() };
    recorder.record(move || Event::JobLimits(limits));
}

/// Records the beginning or the end of a job.
pub(crate) fn record_event(recorder: &SessionRecorder, event: &JobEvent) {
    match event {
        JobEvent::JobStarted { job, .. } => {
            let job = *job as u32;
            recorder.record(move || Event::JobStarted(JobStarted { job }));
        }
        JobEvent::JobEnded { job, end, .. } => {
            let (job, end) = (*job as u32, end_name(end));
            recorder.record(move || Event::JobEnded(JobEnded { job, end: end.to_owned() }));
        }
        _ => {}
    }
}

fn end_name(end: &JobEnd) -> &'static str {
    match end {
        JobEnd::Done => "done",
        JobEnd::Unneeded => "unneeded",
        JobEnd::Superseded => "superseded",
        JobEnd::Absent => "absent",
        JobEnd::Failed(_) => "failed",
        JobEnd::Cancelled => "cancelled",
        JobEnd::Skipped => "skipped",
    }
}
