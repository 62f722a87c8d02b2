//! A recording that is generated: elements in a chain whose compiles all read a header that changed.

use spec_model::Digest;
use spec_recording::message::{self, Entry, Event};
use spec_recording::{FORMAT, RecordingReader, RecordingWriter, digest_message};
use spec_replay::RecordedSession;
use spec_speculation::{
    Content, ElementIndex, Origin, PathTable, Record, RecordedAction, RecordedInput, RecordedOutput,
};

/// What is generated. Nothing was primed in the recorded session, and each element requested one action after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GeneratedBuild {
    /// The number of elements, each of which needs the one before.
    pub(crate) elements: u32,
    /// The number of actions of each.
    pub(crate) actions: u32,
    /// How long each action runs.
    pub(crate) work_us: u64,
    /// The time from an answer to the next request.
    pub(crate) think_us: u64,
}

const OVERHEAD_US: u64 = 2_000;
const FIRST_US: u64 = 100_000;

fn hash(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn file(text: &str) -> message::Content {
    message::Content { file: Some(digest_message(&hash(text))), executable: false, target: String::new() }
}

fn at(path: &str, text: &str) -> message::PathContent {
    message::PathContent { path: path.to_owned(), content: Some(file(text)) }
}

/// What the build requests in the place of a recorded action.
fn request_digest(element: u32, action: u32) -> Digest {
    hash(&format!("request {element} {action}"))
}

impl GeneratedBuild {
    pub(crate) fn session(&self) -> RecordedSession {
        let bytes = self.bytes();
        let reader = RecordingReader::new("generated".to_owned(), bytes.as_slice()).expect("it has a header");
        RecordedSession::read(reader).expect("it is good")
    }

    /// The bytes of the recording.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut writer = RecordingWriter::new(Vec::new()).expect("memory");
        let mut write = |time_us, event| {
            writer.write(&Entry { time_us, event: Some(event) }).expect("memory");
        };
        self.plan(&mut write);
        for element in 0..self.elements {
            write(0, Event::Record(self.record(element)));
        }
        write(10, Event::WorkerLoad(message::WorkerLoad { slots: 4, ..Default::default() }));
        let known =
            message::Files { element: 0, artifact: true, unavailable: false, paths: vec![at("dep.h", "2")] };
        write(11, Event::Files(known));
        self.facts(&mut write);
        let mut now = FIRST_US;
        for element in 0..self.elements {
            now = self.build(element, now, &mut write);
        }
        write(now, Event::End(message::End { dropped: 0 }));
        writer.finish().expect("memory")
    }

    fn plan(&self, write: &mut impl FnMut(u64, Event)) {
        let header = message::Header {
            format: FORMAT,
            project: "generated".to_owned(),
            trigger: "build".to_owned(),
            workers: 4,
            mode: "full".to_owned(),
            ..message::Header::default()
        };
        write(0, Event::Header(header));
        let element = |name: String| message::Element { name, ..message::Element::default() };
        write(0, Event::Element(element("dep.bst".to_owned())));
        (0..self.elements).for_each(|number| write(0, Event::Element(element(format!("link{number}.bst")))));
        for job in 0..self.elements {
            let after = job.checked_sub(1).into_iter().collect();
            write(0, Event::Job(message::Job { element: job + 1, task: "build".to_owned(), after }));
        }
    }

    fn record(&self, element: u32) -> message::Record {
        let mut record = Record::of(&format!("link{element}.bst"));
        record.elements.push("dep.bst".to_owned());
        let mut paths = PathTable::new();
        let header = paths.add("dep.h");
        let content = |text: &str| Content::File { digest: hash(text), executable: false };
        let origins = vec![Origin::Artifact { element: ElementIndex(1), path: header }];
        record.inputs.push(RecordedInput { path: header, content: content("1"), origins });
        let mut actions = Vec::new();
        for action in 0..self.actions {
            let (source, output) =
                (paths.add(&format!("src/{action}.c")), paths.add(&format!("src/{action}.o")));
            let origins = vec![Origin::Source { element: ElementIndex::SELF, path: source }];
            let content = content(&format!("{element} {action}"));
            record.inputs.push(RecordedInput { path: source, content, origins });
            let digest = hash(&format!("old {element} {action}"));
            record.actions.push(RecordedAction {
                base: hash(&format!("base {element} {action}")),
                outputs: vec![RecordedOutput { path: output, digest, executable: false }],
                platforms: Vec::new(),
                took_ms: (self.work_us / 1000) as u32,
                cpu_ms: (self.work_us / 1000) as u32,
                hits: 1,
                misses: 0,
                earlier: Vec::new(),
            });
            let command = Some(digest_message(&hash(&format!("command {element} {action}"))));
            actions.push(message::BaseAction {
                command,
                program: "cc".to_owned(),
                input_steps: vec![0, action + 1],
            });
        }
        record.paths = paths;
        let before = (1..=element).collect();
        let speculative_actions = record.encode_compact();
        message::Record { element: element + 1, closure: vec![0], before, speculative_actions, actions }
    }

    /// The sources, which did not change, and the actions that the predictions mean.
    fn facts(&self, write: &mut impl FnMut(u64, Event)) {
        for element in 0..self.elements {
            let path = |action: u32| at(&format!("src/{action}.c"), &format!("{element} {action}"));
            let paths = (0..self.actions).map(path).collect();
            let (artifact, unavailable) = (false, false);
            write(12, Event::Files(message::Files { element: element + 1, artifact, unavailable, paths }));
            for action in 0..self.actions {
                let command = hash(&format!("command {element} {action}"));
                let adapted = message::Adapted {
                    action: element * self.actions + action,
                    inputs: vec![at("dep.h", "2")],
                    trees: Vec::new(),
                    digest: Some(digest_message(&request_digest(element, action))),
                    command: Some(digest_message(&command)),
                };
                write(13, Event::Adapted(adapted));
            }
        }
    }

    /// The build of an element that begins now; returns when it ends.
    fn build(&self, element: u32, mut now: u64, write: &mut impl FnMut(u64, Event)) -> u64 {
        write(now, Event::JobStarted(message::JobStarted { job: element }));
        for action in 0..self.actions {
            let asked_us = now + self.think_us;
            now = asked_us + self.work_us + OVERHEAD_US;
            let cost = message::Cost {
                queued_us: 0,
                worked_us: self.work_us,
                ran_us: self.work_us,
                cpu_ms: (self.work_us / 1000) as u32,
            };
            let request = message::Request {
                element: element + 1,
                digest: Some(digest_message(&request_digest(element, action))),
                asked_us,
                answered: "executed".to_owned(),
                cost: Some(cost),
                failed: false,
                outputs: vec![at(&format!("src/{action}.o"), &format!("new {element} {action}"))],
            };
            write(now, Event::Request(request));
        }
        now += self.think_us;
        write(now, Event::JobEnded(message::JobEnded { job: element, end: "done".to_owned() }));
        now
    }
}
