//! When things happened in a recorded session.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use spec_model::Digest;
use spec_recording::RecordingReader;
use spec_recording::message::{self, Cost, Event, Header, PathContent, Totals};
use spec_speculation::Record;

use crate::error::{ReportError, Result};

/// When things happened in a recorded session. All times are in microseconds since it began.
#[derive(Debug, Default)]
pub struct SessionTimes {
    /// The name of the file, for people.
    pub(crate) file: String,
    pub(crate) header: Header,
    pub(crate) elements: Vec<ElementNames>,
    pub(crate) jobs: Vec<JobTimes>,
    /// In the order in which they were answered.
    pub(crate) requests: Vec<RequestTimes>,
    /// The actions of the records.
    pub(crate) actions: Vec<RecordedActionEvents>,
    /// In the order in which they were submitted.
    pub(crate) primed: Vec<PrimedTimes>,
    pub(crate) loads: Vec<LoadSample>,
    pub(crate) totals: Option<Totals>,
    /// Events that are missing, since they came faster than they could be written.
    pub(crate) dropped: u64,
}

/// What an element is called.
#[derive(Debug)]
pub(crate) struct ElementNames {
    pub(crate) name: String,
    pub(crate) kind: String,
}

/// When a job ran.
#[derive(Debug)]
pub(crate) struct JobTimes {
    pub(crate) element: usize,
    pub(crate) task: String,
    /// The jobs that it waited for.
    pub(crate) after: Vec<usize>,
    pub(crate) start_us: Option<u64>,
    pub(crate) end_us: Option<u64>,
    /// As in `JobEnded`; empty while it has not ended.
    pub(crate) end: String,
    /// The job in its place.
    pub(crate) superseded_by: Option<usize>,
}

/// When a request was asked for and answered.
#[derive(Debug)]
pub(crate) struct RequestTimes {
    pub(crate) element: usize,
    pub(crate) digest: Digest,
    pub(crate) asked_us: u64,
    pub(crate) answered_us: u64,
    /// As in `Request`.
    pub(crate) answered: String,
    pub(crate) cost: Option<Cost>,
    pub(crate) failed: bool,
    /// The recorded action in whose place it is, if that was found out.
    pub(crate) in_place_of: Option<u32>,
}

/// What was recorded of an action of a record.
#[derive(Debug, Default)]
pub(crate) struct RecordedActionEvents {
    pub(crate) element: usize,
    /// The recorded action itself.
    pub(crate) base: Option<Digest>,
    pub(crate) program: String,
    /// The last action that its prediction meant; `None` when what it reads was not known or has not changed.
    pub(crate) predicted: Option<PredictedAction>,
    /// The request in its place, and its inputs that differ from the recorded ones.
    pub(crate) requested: Option<(Digest, Vec<PathContent>)>,
    /// The last decision of the priming policy: as in `Candidate`.
    pub(crate) decision: String,
    /// The reason of a skip.
    pub(crate) reason: String,
    /// As in `PrimingOutcome`; empty if there was none.
    pub(crate) outcome: String,
    /// The last submission of it, as an index of the primed ones.
    pub(crate) submission: Option<usize>,
}

/// What a prediction means.
#[derive(Debug)]
pub(crate) struct PredictedAction {
    /// `None` when the action cannot be made.
    pub(crate) digest: Option<Digest>,
    /// Whether it is the recorded action.
    pub(crate) unchanged: bool,
    pub(crate) inputs: Vec<PathContent>,
}

/// When a primed action was submitted and executed.
#[derive(Debug)]
pub(crate) struct PrimedTimes {
    pub(crate) action: u32,
    pub(crate) digest: Digest,
    pub(crate) submitted_us: u64,
    pub(crate) ended_us: Option<u64>,
    /// As in `Executed`; empty while it has not ended.
    pub(crate) outcome: String,
    pub(crate) cost: Option<Cost>,
}

/// The load of the workers from a time on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadSample {
    pub(crate) at_us: u64,
    pub(crate) slots: u32,
    pub(crate) busy: u32,
}

impl SessionTimes {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, or says something that cannot be.
    pub fn open(path: &Path) -> Result<Self> {
        Self::read(RecordingReader::<File>::open(path)?)
    }

    /// Reads a recording.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read<R: Read>(mut reader: RecordingReader<R>) -> Result<Self> {
        let times =
            Self { file: reader.file().to_owned(), header: reader.header().clone(), ..Self::default() };
        let mut draft = Draft { times, ..Draft::default() };
        while let Some(entry) = reader.next_entry()? {
            let Some(event) = entry.event else { continue };
            let taken = draft.take(entry.time_us, event);
            taken.map_err(|why| ReportError::Contradiction { file: draft.times.file.clone(), why })?;
        }
        Ok(draft.finish())
    }

    /// When the last job ended.
    #[must_use]
    pub fn wall_us(&self) -> u64 {
        self.jobs.iter().filter_map(|job| job.end_us).max().unwrap_or(0)
    }

    /// The last time that it has.
    pub(crate) fn last_us(&self) -> u64 {
        let jobs = self.jobs.iter().filter_map(|job| job.end_us.or(job.start_us));
        let requests = self.requests.iter().map(|request| request.answered_us);
        let primed = self.primed.iter().map(|primed| primed.ended_us.unwrap_or(primed.submitted_us));
        jobs.chain(requests).chain(primed).max().unwrap_or(0)
    }

    pub(crate) fn element_name(&self, element: usize) -> &str {
        self.elements.get(element).map_or("", |element| &element.name)
    }

    /// The program of a request, if the record of an earlier build says, and else digits of its digest.
    pub(crate) fn name_of(&self, request: &RequestTimes) -> String {
        self.program_or_digest(request.in_place_of, &request.digest)
    }

    /// The program of a primed action, or digits of its digest.
    pub(crate) fn name_of_primed(&self, primed: &PrimedTimes) -> String {
        self.program_or_digest(Some(primed.action), &primed.digest)
    }

    fn program_or_digest(&self, action: Option<u32>, digest: &Digest) -> String {
        let program =
            action.and_then(|action| self.actions.get(action as usize)).map(|action| &action.program);
        match program.filter(|program| !program.is_empty()) {
            Some(program) => program.clone(),
            None => digest.hex().chars().take(12).collect(),
        }
    }
}

impl RequestTimes {
    pub(crate) fn took_us(&self) -> u64 {
        self.answered_us.saturating_sub(self.asked_us)
    }
}

/// While a recording is read.
#[derive(Default)]
struct Draft {
    times: SessionTimes,
    /// By action and digest, the last submission.
    submissions: HashMap<(u32, Digest), usize>,
    /// By element and digest, its requests in whose place no recorded action was found yet, and the action that was found
    /// before the request was answered.
    requests: HashMap<(usize, Digest), Vec<usize>>,
    observed: HashMap<(usize, Digest), u32>,
}

impl Draft {
    fn take(&mut self, at_us: u64, event: Event) -> Result<(), String> {
        match event {
            Event::Element(element) => {
                self.times.elements.push(ElementNames { name: element.name, kind: element.kind });
            }
            Event::Job(job) => self.add_job(job)?,
            Event::JobStarted(started) => self.job(started.job)?.start_us = Some(at_us),
            Event::JobEnded(ended) => {
                let job = self.job(ended.job)?;
                (job.end_us, job.end) = (Some(at_us), ended.end);
            }
            Event::JobSuperseded(superseded) => {
                let by = superseded.by.map(|by| self.job(by).map(|_| by as usize)).transpose()?;
                self.job(superseded.job)?.superseded_by = by;
            }
            Event::Record(record) => self.add_actions(record)?,
            Event::WorkerLoad(load) => {
                self.times.loads.push(LoadSample { at_us, slots: load.slots, busy: load.busy });
            }
            Event::Totals(totals) => self.times.totals = Some(totals),
            Event::End(end) => self.times.dropped = end.dropped,
            other => self.take_action_event(at_us, other)?,
        }
        Ok(())
    }

    fn take_action_event(&mut self, at_us: u64, event: Event) -> Result<(), String> {
        match event {
            Event::Adapted(adapted) => {
                let digest = adapted.digest.as_ref().map(|digest| required(Some(digest))).transpose()?;
                let unchanged = digest.is_some() && adapted.command.is_none();
                let predicted = PredictedAction { digest, unchanged, inputs: adapted.inputs };
                self.action(adapted.action)?.predicted = Some(predicted);
            }
            Event::Submitted(submitted) => self.add_submission(at_us, &submitted)?,
            Event::Executed(executed) => {
                let digest = required(executed.digest.as_ref())?;
                if let Some(&primed) = self.submissions.get(&(executed.action, digest)) {
                    let primed = &mut self.times.primed[primed];
                    primed.ended_us = Some(at_us.max(primed.submitted_us));
                    (primed.outcome, primed.cost) = (executed.outcome, executed.cost);
                }
            }
            Event::Request(request) => self.add_request(at_us, request)?,
            Event::Observed(observed) => self.add_observed(observed)?,
            Event::PrimingDecisions(decisions) => {
                for candidate in decisions.candidates {
                    let action = self.action(candidate.action)?;
                    (action.decision, action.reason) = (candidate.decision, candidate.reason);
                }
            }
            Event::PrimingOutcomes(outcomes) => {
                for outcome in outcomes.outcomes {
                    self.action(outcome.action)?.outcome = outcome.outcome;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_job(&mut self, job: message::Job) -> Result<(), String> {
        let (element, jobs) = (job.element as usize, self.times.jobs.len());
        self.check_element(element)?;
        let after: Vec<usize> = job.after.into_iter().map(|other| other as usize).collect();
        if after.iter().any(|other| *other >= jobs) {
            return Err(format!("job {jobs} waits for one that is not before it"));
        }
        self.times.jobs.push(JobTimes {
            element,
            task: job.task,
            after,
            start_us: None,
            end_us: None,
            end: String::new(),
            superseded_by: None,
        });
        Ok(())
    }

    fn add_actions(&mut self, record: message::Record) -> Result<(), String> {
        let element = record.element as usize;
        self.check_element(element)?;
        let decoded = Record::decode_compact(&record.speculative_actions)?;
        if decoded.actions.len() != record.actions.len() {
            return Err(format!("the record of element {element} has {} actions", decoded.actions.len()));
        }
        let new =
            record.actions.into_iter().zip(decoded.actions).map(|(action, recorded)| RecordedActionEvents {
                element,
                base: Some(recorded.base),
                program: action.program,
                ..RecordedActionEvents::default()
            });
        self.times.actions.extend(new);
        Ok(())
    }

    fn add_submission(&mut self, at_us: u64, submitted: &message::Submitted) -> Result<(), String> {
        let digest = required(submitted.digest.as_ref())?;
        let number = self.times.primed.len();
        self.action(submitted.action)?.submission = Some(number);
        self.submissions.insert((submitted.action, digest), number);
        self.times.primed.push(PrimedTimes {
            action: submitted.action,
            digest,
            submitted_us: at_us,
            ended_us: None,
            outcome: String::new(),
            cost: None,
        });
        Ok(())
    }

    fn add_request(&mut self, at_us: u64, request: message::Request) -> Result<(), String> {
        let (element, digest) = (request.element as usize, required(request.digest.as_ref())?);
        self.check_element(element)?;
        let in_place_of = self.observed.get(&(element, digest)).copied();
        self.requests.entry((element, digest)).or_default().push(self.times.requests.len());
        self.times.requests.push(RequestTimes {
            element,
            digest,
            asked_us: request.asked_us.min(at_us),
            answered_us: at_us,
            answered: request.answered,
            cost: request.cost,
            failed: request.failed,
            in_place_of,
        });
        Ok(())
    }

    fn add_observed(&mut self, observed: message::Observed) -> Result<(), String> {
        let (element, digest) = (observed.element as usize, required(observed.digest.as_ref())?);
        self.action(observed.action)?.requested = Some((digest, observed.inputs));
        self.observed.insert((element, digest), observed.action);
        for number in self.requests.remove(&(element, digest)).unwrap_or_default() {
            self.times.requests[number].in_place_of = Some(observed.action);
        }
        Ok(())
    }

    /// A request that is for what was recorded, predicted or submitted is in the place of that action.
    fn finish(mut self) -> SessionTimes {
        let mut by_digest = HashMap::<(usize, Digest), u32>::new();
        for (number, action) in (0..).zip(&self.times.actions) {
            let predicted = action.predicted.as_ref().and_then(|predicted| predicted.digest);
            let submitted = action.submission.map(|number| self.times.primed[number].digest);
            for digest in [submitted, predicted, action.base].into_iter().flatten() {
                by_digest.entry((action.element, digest)).or_insert(number);
            }
        }
        for request in self.times.requests.iter_mut().filter(|request| request.in_place_of.is_none()) {
            request.in_place_of = by_digest.get(&(request.element, request.digest)).copied();
        }
        self.times
    }

    fn check_element(&self, element: usize) -> Result<(), String> {
        let known = element < self.times.elements.len();
        if known { Ok(()) } else { Err(format!("there is no element {element}")) }
    }

    fn job(&mut self, job: u32) -> Result<&mut JobTimes, String> {
        self.times.jobs.get_mut(job as usize).ok_or_else(|| format!("there is no job {job}"))
    }

    fn action(&mut self, action: u32) -> Result<&mut RecordedActionEvents, String> {
        self.times.actions.get_mut(action as usize).ok_or_else(|| format!("there is no action {action}"))
    }
}

fn required(digest: Option<&message::Digest>) -> Result<Digest, String> {
    let digest = digest.ok_or("a digest is missing")?;
    spec_recording::digest(digest).ok_or_else(|| "a hash does not have 32 bytes".to_owned())
}
