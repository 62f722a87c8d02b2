use spec_model::UserError;

use super::*;
use crate::message::{ElementEnded, Header};
use crate::{FORMAT, RecordingReader};

fn header() -> Event {
    Event::Header(Header { format: FORMAT, ..Header::default() })
}

#[test]
fn events_of_all_threads_are_recorded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a.recording");
    let recorder = SessionRecorder::start(&file).expect("it is made");
    recorder.record(header);
    std::thread::scope(|scope| {
        for element in 0..4 {
            let recorder = recorder.clone();
            scope.spawn(move || {
                (0..10_000)
                    .for_each(|_| recorder.record(move || Event::ElementEnded(ElementEnded { element })));
            });
        }
    });
    let report = recorder.finish().expect("it is written").expect("it was not finished before");
    assert_eq!(recorder.finish().expect("nothing happens"), None);
    let mut reader = RecordingReader::open(&file).expect("it has a header");
    let (mut counts, mut latest) = ([0; 4], 0);
    while let Some(entry) = reader.next_entry().expect("it is whole") {
        match entry.event {
            Some(Event::ElementEnded(ended)) => counts[ended.element as usize] += 1,
            Some(Event::End(end)) => assert_eq!(end.dropped, report.dropped),
            other => panic!("{other:?}"),
        }
        latest = latest.max(entry.time_us);
    }
    assert_eq!(counts.iter().sum::<u64>() + report.dropped, 40_000, "{counts:?}");
    assert!(latest > 0 && report.bytes == file.metadata().expect("it is there").len());
}

#[test]
fn a_recorder_that_is_off_calls_nothing() {
    let recorder = SessionRecorder::default();
    recorder.record(|| panic!("nobody asks"));
    assert!(!recorder.is_on() && recorder.finish().expect("nothing happens").is_none());
}

#[test]
fn a_file_that_cannot_be_made_is_named() {
    let error = SessionRecorder::start(Path::new("/nowhere/a.recording")).expect_err("no such folder");
    assert_eq!(
        (error.reason(), error.to_string().as_str()),
        ("recording-not-written", "cannot write the recording /nowhere/a.recording")
    );
}

#[test]
fn a_full_disk_is_told_at_the_end() {
    let recorder = SessionRecorder::start(Path::new("/dev/full")).expect("it is opened");
    recorder.record(header);
    let error = recorder.finish().expect_err("nothing can be written");
    assert_eq!(error.reason(), "recording-not-written");
}
