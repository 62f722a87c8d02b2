//! Recordings for tests.

use spec_model::Digest;
use spec_recording::message::{self, Entry, Event};
use spec_recording::{FORMAT, RecordingReader, RecordingWriter, digest_message};

use spec_speculation::{Record, RecordedAction};

use crate::error::Result;
use crate::session_times::SessionTimes;

/// A name that would do harm if it were not escaped.
pub(crate) const HOSTILE: &str =
    "</script></style></title><img src=x onerror=\"window.harm=1\">'&\u{202e}.bst";

/// Writes a recording event by event.
pub(crate) struct Sample(Vec<Entry>);

impl Sample {
    pub(crate) fn new(header: message::Header) -> Self {
        let header = message::Header { format: FORMAT, ..header };
        Self(vec![Entry { time_us: 0, event: Some(Event::Header(header)) }])
    }

    pub(crate) fn at(&mut self, time_us: u64, event: Event) -> &mut Self {
        self.0.push(Entry { time_us, event: Some(event) });
        self
    }

    pub(crate) fn element(&mut self, name: &str) -> &mut Self {
        let element =
            message::Element { name: name.to_owned(), kind: "manual".to_owned(), ..Default::default() };
        self.at(0, Event::Element(element))
    }

    pub(crate) fn job(&mut self, element: u32, task: &str, after: &[u32]) -> &mut Self {
        self.at(0, Event::Job(message::Job { element, task: task.to_owned(), after: after.to_vec() }))
    }

    pub(crate) fn ran(&mut self, job: u32, start_us: u64, end_us: u64, end: &str) -> &mut Self {
        self.at(start_us, Event::JobStarted(message::JobStarted { job }));
        self.at(end_us, Event::JobEnded(message::JobEnded { job, end: end.to_owned() }))
    }

    /// A record with an action for each program.
    pub(crate) fn record(&mut self, element: u32, programs: &[&str]) -> &mut Self {
        let action =
            |program: &&str| message::BaseAction { program: (*program).to_owned(), ..Default::default() };
        let actions = programs.iter().map(action).collect();
        let mut record = Record::of(&format!("{element}"));
        let number = |program: usize| Digest::of(format!("base {element} {program}").as_bytes());
        record.actions = (0..programs.len()).map(|program| recorded(number(program))).collect();
        let speculative_actions = record.encode_compact();
        self.at(
            0,
            Event::Record(message::Record { element, actions, speculative_actions, ..Default::default() }),
        )
    }

    pub(crate) fn request(
        &mut self,
        element: u32,
        action: &str,
        asked_us: u64,
        at_us: u64,
        answered: &str,
    ) -> &mut Self {
        let cost = message::Cost { queued_us: 1_000, worked_us: at_us - asked_us, ran_us: 10, cpu_ms: 5 };
        let request = message::Request {
            element,
            digest: Some(digest(action)),
            asked_us,
            answered: answered.to_owned(),
            cost: Some(cost),
            ..Default::default()
        };
        self.at(at_us, Event::Request(request))
    }

    pub(crate) fn observed(
        &mut self,
        element: u32,
        requested: &str,
        action: u32,
        inputs: &[&str],
    ) -> &mut Self {
        let observed =
            message::Observed { element, digest: Some(digest(requested)), action, inputs: changed(inputs) };
        self.at(0, Event::Observed(observed))
    }

    pub(crate) fn predicted(&mut self, action: u32, means: &str, inputs: &[&str]) -> &mut Self {
        let adapted = message::Adapted {
            action,
            digest: Some(digest(means)),
            command: Some(digest("command")),
            inputs: changed(inputs),
            ..Default::default()
        };
        self.at(0, Event::Adapted(adapted))
    }

    pub(crate) fn primed(
        &mut self,
        action: u32,
        means: &str,
        submitted_us: u64,
        end_us: u64,
        outcome: &str,
    ) -> &mut Self {
        let submitted = message::Submitted { action, digest: Some(digest(means)), priority: 1 };
        self.at(submitted_us, Event::Submitted(submitted));
        let executed = message::Executed {
            action,
            digest: Some(digest(means)),
            outcome: outcome.to_owned(),
            cost: Some(message::Cost { worked_us: (end_us - submitted_us) / 2, ..Default::default() }),
            ..Default::default()
        };
        self.at(end_us, Event::Executed(executed))
    }

    pub(crate) fn decided(&mut self, action: u32, decision: &str, reason: &str) -> &mut Self {
        let candidate = message::Candidate {
            action,
            decision: decision.to_owned(),
            reason: reason.to_owned(),
            ..Default::default()
        };
        let decisions = message::PrimingDecisions { candidates: vec![candidate], ..Default::default() };
        self.at(0, Event::PrimingDecisions(decisions))
    }

    pub(crate) fn read(&mut self) -> Result<SessionTimes> {
        let mut writer = RecordingWriter::new(Vec::new()).expect("memory");
        let end = Entry { time_us: 0, event: Some(Event::End(message::End::default())) };
        self.0.iter().chain([&end]).for_each(|entry| writer.write(entry).expect("memory"));
        let bytes = writer.finish().expect("memory");
        SessionTimes::read(RecordingReader::new("sample".to_owned(), bytes.as_slice())?)
    }
}

fn recorded(base: Digest) -> RecordedAction {
    let (outputs, platforms, earlier) = (vec![], vec![], vec![]);
    RecordedAction { base, outputs, platforms, took_ms: 1, cpu_ms: 1, hits: 0, misses: 0, earlier }
}

pub(crate) fn digest(text: &str) -> message::Digest {
    digest_message(&Digest::of(text.as_bytes()))
}

fn changed(paths: &[&str]) -> Vec<message::PathContent> {
    let content = message::Content { file: Some(digest("new")), ..Default::default() };
    paths
        .iter()
        .map(|path| message::PathContent { path: (*path).to_owned(), content: Some(content.clone()) })
        .collect()
}

/// A build of two elements with one action of each end.
pub(crate) fn small() -> Sample {
    let policy =
        message::Policy { kind: "priming".to_owned(), name: "built-in".to_owned(), ..Default::default() };
    let mut sample = Sample::new(message::Header {
        program: "0.1.0".to_owned(),
        start_unix_us: 1_764_339_106_000_001,
        project: "sample".to_owned(),
        trigger: "build".to_owned(),
        targets: vec!["app.bst".to_owned()],
        workers: 2,
        policies: vec![policy],
        mode: "full".to_owned(),
        ..Default::default()
    });
    sample.element("dep.bst").element("app.bst").element(HOSTILE);
    sample.job(0, "build", &[]).job(1, "fetch", &[]).job(1, "build", &[0, 1]).job(2, "build", &[0]);
    sample.record(1, &["gcc", "ld", "ar", "as", "cpp"]);
    sample.at(0, Event::WorkerLoad(message::WorkerLoad { slots: 2, ..Default::default() }));
    sample.predicted(0, "a0", &["dep.h"]).predicted(1, "a1", &[]).predicted(2, "a2", &["dep.h"]);
    sample.predicted(3, "a3", &[]);
    sample.primed(0, "a0", 100_000, 300_000, "succeeded").primed(1, "a1", 500_000, 900_000, "succeeded");
    sample.decided(0, "submit", "").decided(1, "submit", "").decided(2, "skip", "too-cheap");
    sample.decided(3, "hold", "");
    sample.ran(0, 10_000, 400_000, "done").ran(1, 10_000, 50_000, "done");
    sample.request(1, "a0", 600_000, 601_000, "cache-hit").observed(1, "a0", 0, &["dep.h"]);
    sample.request(1, "a1", 700_000, 905_000, "joined").observed(1, "a1", 1, &[]);
    sample.request(1, "other", 700_000, 950_000, "executed").observed(1, "other", 2, &["dep.h", HOSTILE]);
    sample.request(1, "a3", 950_000, 1_100_000, "executed").observed(1, "a3", 3, &[]);
    sample.at(1_000_000, Event::WorkerLoad(message::WorkerLoad { slots: 2, busy: 2, elsewhere: false }));
    sample.ran(2, 450_000, 1_200_000, "done").ran(3, 420_000, 800_000, "failed");
    let bucket = |name: &str| message::Bucket { name: name.to_owned(), count: 1 };
    let buckets = ["used", "joined", "skipped-too-cheap", "skipped-held", "pending-sources"].map(bucket);
    let totals = message::Totals { buckets: buckets.to_vec(), cpu_ms: 100, useful_cpu_ms: 80, submitted: 2 };
    sample.at(1_200_000, Event::Totals(totals));
    sample
}
