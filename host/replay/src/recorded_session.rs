//! What a recording says, checked, and in the form in which the simulation needs it.

mod from_message;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use spec_model::Digest;
use spec_recording::RecordingReader;
use spec_recording::message::{Cost, Element, Event, Header, Totals};
use spec_scheduler::{Graph, Task};
use spec_speculation::priming::SessionRecord;
use spec_speculation::{Content, ElementId};

use crate::adaptations::KnownActions;
use crate::element_requests::{ElementRequests, RecordedRequest, RequestSource};
use crate::error::{ReplayError, Result};

/// A recorded session.
#[derive(Debug)]
pub struct RecordedSession {
    pub(crate) file: String,
    pub(crate) header: Header,
    pub(crate) elements: Vec<String>,
    /// What policies can ask about them.
    pub(crate) described: Vec<RecordedElement>,
    pub(crate) graph: Graph,
    pub(crate) limits: BTreeMap<Task, usize>,
    /// By job, what was recorded of it.
    pub(crate) jobs: Vec<RecordedJob>,
    /// The number of jobs when the first one was started.
    pub(crate) planned_jobs: usize,
    /// The records, in the order in which they were registered: those of the beginning, then groups that came later.
    pub(crate) record_groups: Vec<(u64, Vec<SessionRecord>)>,
    /// When the speculation loop began; `None` if there was none.
    pub(crate) predictions_begin_us: Option<u64>,
    /// Whether the workers were on other machines.
    pub(crate) elsewhere: bool,
    pub(crate) sources: BTreeMap<usize, KnownFiles>,
    pub(crate) artifacts: BTreeMap<usize, KnownFiles>,
    pub(crate) trees: HashMap<Vec<ElementId>, Option<Digest>>,
    pub(crate) texts: HashMap<Digest, Vec<u8>>,
    pub(crate) actions: KnownActions,
    /// By element, its requests.
    pub(crate) requests: Vec<ElementRequests>,
    /// Actions whose results were there before the session.
    pub(crate) cached_before: HashSet<Digest>,
    pub(crate) totals: Option<Totals>,
    pub(crate) latencies: Latencies,
    pub(crate) dropped: u64,
}

/// An element of a recording.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordedElement {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) build_dependencies: Vec<u32>,
}

/// How requests were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordedAnswers {
    /// From the action cache.
    pub hits: u64,
    /// By an execution that ran already.
    pub joined: u64,
    /// By an execution for them.
    pub executed: u64,
}

/// What was recorded of a job.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordedJob {
    pub(crate) start_us: Option<u64>,
    pub(crate) end_us: Option<u64>,
    /// As in `JobEnded`.
    pub(crate) end: String,
    /// What was in its place, when it was superseded.
    pub(crate) supersession: Option<Supersession>,
}

/// What follows when a job is superseded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Supersession {
    /// The job in its place, if there is one.
    pub(crate) by: Option<usize>,
    /// The number of jobs of the session from then on.
    pub(crate) jobs: usize,
}

/// What is known of the files of an element's sources or artifact.
#[derive(Debug, Default)]
pub(crate) struct KnownFiles {
    /// When it was known first.
    pub(crate) at_us: u64,
    pub(crate) unavailable: bool,
    pub(crate) paths: HashMap<String, Option<Content>>,
}

/// What requests take beside waiting and work: medians of the recording.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latencies {
    /// A hit, from asking to the answer.
    pub(crate) hit_us: u64,
    /// The same for an executed action, without waiting and work.
    pub(crate) overhead_us: u64,
    /// How long a worker is busy with an action beside running its command.
    pub(crate) work_us: u64,
}

/// While a recording is read.
#[derive(Default)]
struct Draft {
    elements: Vec<String>,
    described: Vec<RecordedElement>,
    names: HashSet<String>,
    /// The elements with a record.
    recorded: HashSet<usize>,
    graph: Graph,
    limits: BTreeMap<Task, usize>,
    jobs: Vec<RecordedJob>,
    planned_jobs: Option<usize>,
    record_groups: Vec<(u64, Vec<SessionRecord>)>,
    /// Whether the last event was a record.
    is_in_group: bool,
    action_count: usize,
    predictions_begin_us: Option<u64>,
    elsewhere: bool,
    sources: BTreeMap<usize, KnownFiles>,
    artifacts: BTreeMap<usize, KnownFiles>,
    trees: HashMap<Vec<ElementId>, Option<Digest>>,
    texts: HashMap<Digest, Vec<u8>>,
    actions: KnownActions,
    requests: Vec<Vec<RecordedRequest>>,
    executed: HashSet<Digest>,
    cached_before: HashSet<Digest>,
    totals: Option<Totals>,
    dropped: u64,
}

impl RecordedSession {
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
        let (file, header) = (reader.file().to_owned(), reader.header().clone());
        let mut draft = Draft::default();
        while let Some(entry) = reader.next_entry()? {
            let Some(event) = entry.event else { continue };
            let taken = draft.take(entry.time_us, event);
            taken.map_err(|why| ReplayError::Contradiction { file: file.clone(), why })?;
        }
        Ok(draft.finish(file, header))
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How long the recorded session took until its last job ended, in microseconds.
    #[must_use]
    pub fn wall_us(&self) -> u64 {
        self.jobs.iter().filter_map(|job| job.end_us).max().unwrap_or(0)
    }

    /// The number of recorded actions that are predicted.
    #[must_use]
    pub fn action_count(&self) -> usize {
        self.record_groups
            .iter()
            .flat_map(|(_, records)| records)
            .map(|record| record.record.actions.len())
            .sum()
    }

    /// The number of requests.
    #[must_use]
    pub fn request_count(&self) -> usize {
        self.requests.iter().map(|requests| requests.requests.len()).sum()
    }

    /// How the requests were answered.
    #[must_use]
    pub fn answers(&self) -> RecordedAnswers {
        let mut answers = RecordedAnswers::default();
        for request in self.requests.iter().flat_map(|requests| &requests.requests) {
            match request.source {
                RequestSource::CacheHit => answers.hits += 1,
                RequestSource::Joined => answers.joined += 1,
                RequestSource::Executed => answers.executed += 1,
                RequestSource::Uploaded => {}
            }
        }
        answers
    }

    /// Events that are missing, since they came faster than they could be written.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What came of the predictions, as recorded: the ends with their numbers of actions.
    #[must_use]
    pub fn totals(&self) -> Option<&Totals> {
        self.totals.as_ref()
    }

    /// The element of a recorded action, and the program that it runs.
    pub(crate) fn describe_action(&self, action: u32) -> (String, String) {
        let mut first = 0;
        for record in self.record_groups.iter().flat_map(|(_, records)| records) {
            let record = &record.record;
            if let Some(expanded) = record.actions.get(action as usize - first) {
                let program =
                    expanded.as_ref().map_or(String::new(), |expanded| expanded.program.to_string());
                return (record.record.element().to_owned(), program);
            }
            first += record.actions.len();
        }
        (String::new(), String::new())
    }

    /// Whether an element has a job of this task.
    pub(crate) fn has_job(&self, element: usize, task: Task) -> bool {
        self.graph.jobs().iter().any(|job| job.element == element && job.task == task)
    }
}

impl Draft {
    fn take(&mut self, time_us: u64, event: Event) -> Result<(), String> {
        let was_in_group = std::mem::replace(&mut self.is_in_group, matches!(event, Event::Record(_)));
        match event {
            Event::Element(element) => {
                if !self.names.insert(element.name.clone()) {
                    return Err(format!("there are two elements {}", element.name));
                }
                self.elements.push(element.name.clone());
                let Element { name, kind, build_dependencies, .. } = element;
                self.described.push(RecordedElement { name, kind, build_dependencies });
            }
            Event::Job(job) => self.add_job(&job)?,
            Event::JobLimits(limits) => self.limits = from_message::limits(&limits),
            Event::JobStarted(started) => {
                let jobs = self.jobs.len();
                self.planned_jobs.get_or_insert(jobs);
                self.job(started.job)?.start_us = Some(time_us);
            }
            Event::JobEnded(ended) => {
                let job = self.job(ended.job)?;
                (job.end_us, job.end) = (Some(time_us), ended.end);
            }
            Event::JobSuperseded(superseded) => {
                let by = superseded.by.map(|by| by as usize);
                let jobs = self.jobs.len();
                if by.is_some_and(|by| by >= jobs) {
                    return Err("a job is superseded by one that there is not".to_owned());
                }
                self.job(superseded.job)?.supersession = Some(Supersession { by, jobs });
            }
            Event::Record(record) => {
                let number = record.element as usize;
                let record = from_message::session_record(record)?;
                let name = record.record.record.element();
                if self.elements.get(number).is_none_or(|element| element != name)
                    || !self.recorded.insert(number)
                {
                    return Err(format!("element {number} has not one record of its own"));
                }
                self.action_count += record.record.actions.len();
                match self.record_groups.last_mut().filter(|_| was_in_group) {
                    Some((_, records)) => records.push(record),
                    None => self.record_groups.push((time_us, vec![record])),
                }
            }
            Event::WorkerLoad(load) => {
                self.predictions_begin_us.get_or_insert(time_us);
                self.elsewhere |= load.elsewhere;
            }
            other => self.take_fact(time_us, other)?,
        }
        Ok(())
    }

    fn take_fact(&mut self, time_us: u64, event: Event) -> Result<(), String> {
        match event {
            Event::Files(files) => {
                if files.element as usize >= self.elements.len() {
                    return Err(format!("there is no element {}", files.element));
                }
                let known = if files.artifact { &mut self.artifacts } else { &mut self.sources };
                let new = KnownFiles { at_us: time_us, ..KnownFiles::default() };
                let known = known.entry(files.element as usize).or_insert(new);
                known.unavailable |= files.unavailable;
                known.paths.extend(from_message::path_contents(files.paths)?);
            }
            Event::Tree(tree) => {
                let elements = tree.elements.into_iter().map(ElementId).collect();
                self.trees.insert(elements, tree.tree.as_ref().map(from_message::digest).transpose()?);
            }
            Event::Text(text) => {
                let digest = from_message::required_digest(text.digest.as_ref())?;
                self.texts.insert(digest, text.text);
            }
            Event::Adapted(adapted) => {
                let (action, adaptation, result) = from_message::adapted(adapted)?;
                self.check_action(action.0)?;
                self.actions.add_adapted(action, adaptation, result);
            }
            Event::Observed(observed) => {
                let digest = from_message::required_digest(observed.digest.as_ref())?;
                self.check_action(observed.action)?;
                let inputs = from_message::path_contents(observed.inputs)?;
                self.actions.add_requested(digest, spec_speculation::ActionId(observed.action), inputs);
            }
            Event::Executed(executed) => {
                let (digest, execution) = from_message::executed(executed)?;
                if let Some(execution) = execution {
                    self.executed.extend(execution.cost.is_some().then_some(digest));
                    self.actions.add_execution(digest, execution);
                }
            }
            Event::Request(request) => self.add_request(time_us, request)?,
            Event::Totals(totals) => self.totals = Some(totals),
            Event::End(end) => self.dropped = end.dropped,
            _ => {}
        }
        Ok(())
    }

    fn add_job(&mut self, job: &spec_recording::message::Job) -> Result<(), String> {
        let task = from_message::task(&job.task)?;
        let element = job.element as usize;
        if element >= self.elements.len() {
            return Err(format!("a job is for element {element}, which there is not"));
        }
        let after: Vec<usize> = job.after.iter().map(|other| *other as usize).collect();
        self.graph.add(spec_scheduler::Job { element, task }, &after).map_err(|error| error.to_string())?;
        self.jobs.push(RecordedJob::default());
        Ok(())
    }

    fn job(&mut self, job: u32) -> Result<&mut RecordedJob, String> {
        self.jobs.get_mut(job as usize).ok_or_else(|| format!("there is no job {job}"))
    }

    fn check_action(&self, action: u32) -> Result<(), String> {
        let known = (action as usize) < self.action_count;
        if known { Ok(()) } else { Err(format!("there is no action {action}")) }
    }

    fn add_request(&mut self, time_us: u64, request: spec_recording::message::Request) -> Result<(), String> {
        let element = request.element as usize;
        if element >= self.elements.len() {
            return Err(format!("a request is of element {element}, which there is not"));
        }
        self.requests.resize_with(self.elements.len().max(self.requests.len()), Vec::new);
        let request = from_message::request(time_us, request)?;
        match request.source {
            RequestSource::CacheHit if !self.executed.contains(&request.digest) => {
                self.cached_before.insert(request.digest);
            }
            _ => _ = self.executed.insert(request.digest),
        }
        self.actions.add_execution(request.digest, from_message::execution(&request));
        self.requests[element].push(request);
        Ok(())
    }

    fn finish(mut self, file: String, header: Header) -> RecordedSession {
        self.requests.resize_with(self.elements.len(), Vec::new);
        let latencies = latencies(&self.requests);
        let times = |element: usize| {
            let is_build = |job: &spec_scheduler::Job| job.element == element && job.task == Task::Build;
            let job = self.graph.jobs().iter().position(is_build)?;
            let job = &self.jobs[job];
            Some((job.start_us?, job.end_us?))
        };
        let times: Vec<(u64, u64)> =
            (0..self.elements.len()).map(|element| times(element).unwrap_or_default()).collect();
        let requests = std::mem::take(&mut self.requests).into_iter().zip(times);
        let requests = requests.map(|(requests, (start, end))| ElementRequests::new(requests, start, end));
        RecordedSession {
            file,
            header,
            requests: requests.collect(),
            elements: self.elements,
            described: self.described,
            graph: self.graph,
            limits: self.limits,
            planned_jobs: self.planned_jobs.unwrap_or(self.jobs.len()),
            jobs: self.jobs,
            record_groups: self.record_groups,
            predictions_begin_us: self.predictions_begin_us,
            elsewhere: self.elsewhere,
            sources: self.sources,
            artifacts: self.artifacts,
            trees: self.trees,
            texts: self.texts,
            actions: self.actions,
            cached_before: self.cached_before,
            totals: self.totals,
            latencies,
            dropped: self.dropped,
        }
    }
}

/// A hit takes this long if the recording has none, in microseconds.
const USUAL_HIT_US: u64 = 1000;

fn latencies(requests: &[Vec<RecordedRequest>]) -> Latencies {
    let all = || requests.iter().flatten();
    let hits = all().filter(|request| request.source == RequestSource::CacheHit);
    let hits = hits.map(|request| request.answered_us.saturating_sub(request.asked_us)).collect();
    let beside = |cost: &Cost| cost.worked_us.saturating_sub(cost.ran_us);
    Latencies {
        hit_us: median(hits).unwrap_or(USUAL_HIT_US),
        overhead_us: median(all().filter_map(RecordedRequest::overhead_us).collect()).unwrap_or(0),
        work_us: median(all().filter_map(|request| request.cost.as_ref()).map(beside).collect()).unwrap_or(0),
    }
}

fn median(mut times: Vec<u64>) -> Option<u64> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}
