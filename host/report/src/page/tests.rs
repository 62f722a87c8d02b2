use spec_recording::message::{self, Event};

use super::*;
use crate::samples::{HOSTILE, Sample, small};

fn compared() -> ComparedPolicies {
    let row = |policy: &str, workers, wall_us| PolicyRow {
        policy: policy.to_owned(),
        workers,
        wall_us,
        hits: 3,
        joined: 2,
        executed: 1,
        wasted_cpu_ms: 40,
    };
    let mut rows = Vec::new();
    for workers in [1, 4, 16, 64] {
        rows.push(row("built-in", workers, 4_000_000 / u64::from(workers)));
        rows.push(row(HOSTILE, workers, 8_000_000 / u64::from(workers)));
    }
    ComparedPolicies { rows, differences: vec![HOSTILE.to_owned()], notes: vec![HOSTILE.to_owned()] }
}

fn drawn(sample: &mut Sample, compared: &ComparedPolicies) -> String {
    page(&sample.read().expect("it is good"), compared).expect("it can be drawn")
}

#[test]
fn a_small_build_is_shown() {
    insta::assert_snapshot!(drawn(&mut small(), &compared()));
}

#[test]
fn nothing_that_a_project_names_gets_out_of_its_place() {
    let page = drawn(&mut small(), &compared());
    let tags =
        page.matches("<img").count() + page.matches("<script").count() + page.matches("</script").count();
    assert_eq!(tags, 0);
    assert_eq!(
        (page.matches("</style>").count(), page.matches("</title>").count()),
        (1, page.matches("<title>").count())
    );
    assert!(page.contains("&lt;/script&gt;&lt;/style&gt;") && !page.contains('\u{202e}'));
}

#[test]
fn a_recording_of_nothing_is_shown() {
    let page = drawn(&mut Sample::new(Default::default()), &ComparedPolicies::default());
    for text in [
        "No job was started",
        "No action was primed",
        "nothing could be predicted",
        "No policies were compared",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn numbers_may_be_as_large_as_they_can_be() {
    let mut sample = Sample::new(message::Header { start_unix_us: u64::MAX, ..Default::default() });
    sample.element("a").job(0, "build", &[]).ran(0, 0, u64::MAX, "done").record(0, &["cc"]);
    sample.predicted(0, "a", &[]).primed(0, "a", 5, u64::MAX, "succeeded");
    sample.request(0, "a", 0, u64::MAX, "executed");
    for time in [0, 7, u64::MAX] {
        sample.at(
            time,
            Event::WorkerLoad(message::WorkerLoad { slots: u32::MAX, busy: u32::MAX, elsewhere: true }),
        );
    }
    let bucket = message::Bucket { name: "used".to_owned(), count: u64::MAX };
    let totals = message::Totals { buckets: vec![bucket], cpu_ms: u64::MAX, useful_cpu_ms: 1, submitted: 1 };
    sample.at(3, Event::Totals(totals));
    assert!(drawn(&mut sample, &ComparedPolicies::default()).contains("</html>"));
}

#[test]
fn a_large_recording_makes_a_page_that_says_what_it_leaves_out() {
    let mut sample = Sample::new(Default::default());
    let name = |element: u32| format!("folder/of/elements/{element}.bst");
    for element in 0..1_000 {
        sample.element(&name(element)).job(
            element,
            "build",
            &if element > 0 { vec![element - 1] } else { vec![] },
        );
    }
    for element in 0..1_000u32 {
        let start = u64::from(element) * 1_000_000;
        sample.record(element, &["cc"; 100]);
        for action in 0..100 {
            let (number, at) = (element * 100 + action, start + u64::from(action) * 9_000);
            let digest = format!("{number}");
            sample.predicted(number, &digest, &[]);
            sample.primed(
                number,
                &format!("wrong {number}"),
                start / 2,
                start / 2 + 1 + u64::from(number),
                "succeeded",
            );
            sample.request(element, &digest, at, at + 8_000, "executed").observed(
                element,
                &digest,
                number,
                &[],
            );
        }
        sample.ran(element, start, start + 1_000_000, "done");
        sample
            .at(start, Event::WorkerLoad(message::WorkerLoad { slots: 4, busy: element, elsewhere: false }));
    }
    let page = drawn(&mut sample, &ComparedPolicies::default());
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
    for text in [
        "Left out: 940 elements",
        "actions in further slots",
        "primed actions, the shortest",
        "jobs of the path, the shortest",
        "misses, which took less",
    ] {
        assert!(page.contains(text), "{text}");
    }
}
