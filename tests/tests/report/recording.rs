//! A recording whose names would do harm if they were not escaped.

use std::fs::File;
use std::path::Path;

use spec_model::Digest;
use spec_recording::message::{self, Entry, Event};
use spec_recording::{FORMAT, RecordingWriter, digest_message};

/// A name with all that ends texts, attributes, styles and scripts of HTML.
pub(crate) const HOSTILE: &str =
    "</script></style></title></svg><img src=x onerror=\"window.harm=1\">'`${1}&amp;\u{202e}";

/// The number of elements, each with as many requests.
const ELEMENTS: u32 = 12;

fn digest(text: &str) -> Option<message::Digest> {
    Some(digest_message(&Digest::of(text.as_bytes())))
}

/// Writes the recording. Half of the actions were primed.
pub(crate) fn write(file: &Path) {
    let mut writer =
        RecordingWriter::new(File::create(file).expect("a new file")).expect("it can be written");
    for (time_us, event) in events() {
        writer.write(&Entry { time_us, event: Some(event) }).expect("it can be written");
    }
    let end = Event::End(message::End::default());
    writer.write(&Entry { time_us: 9_000_000, event: Some(end) }).expect("it can be written");
    writer.finish().expect("it can be written");
}

fn events() -> Vec<(u64, Event)> {
    let policy = |kind: &str| message::Policy {
        kind: kind.to_owned(),
        name: "built-in".to_owned(),
        settings: vec![message::Setting { key: HOSTILE.to_owned(), value: HOSTILE.to_owned() }],
        ..Default::default()
    };
    let header = message::Header {
        format: FORMAT,
        program: HOSTILE.to_owned(),
        project: HOSTILE.to_owned(),
        trigger: "build".to_owned(),
        targets: vec![HOSTILE.to_owned()],
        workers: 2,
        mode: "full".to_owned(),
        policies: vec![policy("priming")],
        ..Default::default()
    };
    let mut events = vec![(0, Event::Header(header))];
    for element in 0..ELEMENTS {
        let name = format!("{HOSTILE}{element}");
        events.push((
            0,
            Event::Element(message::Element { name, kind: HOSTILE.to_owned(), ..Default::default() }),
        ));
    }
    for element in 0..ELEMENTS {
        let after = if element > 0 { vec![element - 1] } else { vec![] };
        events.push((0, Event::Job(message::Job { element, task: "build".to_owned(), after })));
    }
    (0..ELEMENTS).for_each(|element| build(element, &mut events));
    let bucket = message::Bucket { name: HOSTILE.to_owned(), count: 3 };
    events.push((8_500_000, Event::Totals(message::Totals { buckets: vec![bucket], ..Default::default() })));
    events
}

/// The build of one element.
fn build(element: u32, events: &mut Vec<(u64, Event)>) {
    let start = u64::from(element) * 500_000;
    events.push((start, Event::JobStarted(message::JobStarted { job: element })));
    for load in 0..2 {
        let load = message::WorkerLoad { slots: 2, busy: element % 3 + load, elsewhere: false };
        events.push((start, Event::WorkerLoad(load)));
    }
    let cost = message::Cost { queued_us: 1_000, worked_us: 90_000, ran_us: 80_000, cpu_ms: 70 };
    for number in 0..3u64 {
        let (asked_us, action) = (start + 100_000 * number, digest(&format!("{element} {number}")));
        let request = message::Request {
            element,
            digest: action,
            asked_us,
            answered: "executed".to_owned(),
            cost: Some(cost),
            ..Default::default()
        };
        events.push((asked_us + 95_000, Event::Request(request)));
    }
    let ended = message::JobEnded { job: element, end: "done".to_owned() };
    events.push((start + 450_000, Event::JobEnded(ended)));
}
