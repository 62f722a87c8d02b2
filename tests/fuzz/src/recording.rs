//! Recordings of sessions, and their replay.

use spec_recording::message::{
    Element, End, Entry, Event, Header, Job, JobEnded, JobStarted, Request, WorkerLoad,
};
use spec_recording::{FORMAT, RecordingReader, RecordingWriter, digest_message};
use spec_replay::{RecordedSession, ReplayOptions, replay};
use spec_report::{ComparedPolicies, SessionTimes, page, write_trace};
use spec_strategy::{BuiltInOverlayPolicy, BuiltInPrimingPolicy};

/// The most bytes that are compressed: a simulation takes longer the more events there are.
const MOST: usize = 64 << 10;

/// The first byte says whether the rest is a file, or what is compressed in it.
pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    if kind % 2 == 0 {
        return read(bytes);
    }
    let bytes = &bytes[..bytes.len().min(MOST)];
    read(&zstd::encode_all(bytes, 1).expect("memory"));
}

fn read(bytes: &[u8]) {
    show(bytes);
    let Ok(reader) = RecordingReader::new("fuzz".to_owned(), bytes) else { return };
    let Ok(session) = RecordedSession::read(reader) else { return };
    let replayed = || {
        let options = ReplayOptions {
            priming: Some(Box::new(BuiltInPrimingPolicy)),
            overlay: Box::new(BuiltInOverlayPolicy),
            workers: None,
            budget: None,
        };
        replay(&session, options).ok()
    };
    assert_eq!(replayed(), replayed(), "the same recording and policy");
}

/// The page about it has the tags that it should have, and the trace is JSON.
fn show(bytes: &[u8]) {
    let Ok(reader) = RecordingReader::new("fuzz".to_owned(), bytes) else { return };
    let Ok(times) = SessionTimes::read(reader) else { return };
    let page = page(&times, &ComparedPolicies::default()).expect("it can be drawn");
    assert!(page.len() < 4 << 20, "{} bytes", page.len());
    for tag in ["<html", "<body", "<main", "<style", "</html>"] {
        assert_eq!(page.matches(tag).count(), 1, "{tag}");
    }
    assert!(!page.contains("<script") && !page.contains("<img"));
    let mut trace = Vec::new();
    write_trace(&times, &mut trace).expect("memory");
    let trace: serde_json::Value = serde_json::from_slice(&trace).expect("it is JSON");
    assert!(trace["traceEvents"].is_array());
}

/// A small recording, compressed and not.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let digest = Some(digest_message(&spec_model::Digest::of(b"x")));
    let element = Element { name: "a.bst".to_owned(), ..Element::default() };
    let request = Request { digest, asked_us: 20, answered: "executed".to_owned(), ..Request::default() };
    let events = [
        Event::Header(Header { format: FORMAT, workers: 2, ..Header::default() }),
        Event::Element(element),
        Event::Job(Job { task: "build".to_owned(), ..Job::default() }),
        Event::WorkerLoad(WorkerLoad { slots: 2, ..WorkerLoad::default() }),
        Event::JobStarted(JobStarted { job: 0 }),
        Event::Request(request),
        Event::JobEnded(JobEnded { job: 0, end: "done".to_owned() }),
        Event::End(End::default()),
    ];
    let mut writer = RecordingWriter::new(Vec::new()).expect("memory");
    for (time, event) in events.into_iter().enumerate() {
        let entry = Entry { time_us: 10 * time as u64, event: Some(event) };
        writer.write(&entry).expect("memory");
    }
    let file = writer.finish().expect("memory");
    let entries = zstd::decode_all(file.as_slice()).expect("it was just compressed");
    vec![[vec![0], file].concat(), [vec![1], entries].concat()]
}
