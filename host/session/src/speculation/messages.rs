//! Messages for the user about the results of speculation.

use spec_scheduler::Message;
use spec_speculation::{Bucket, SpeculationTotals};

/// The totals of a session. `dropped_requests` came in faster than the predictions could be corrected.
pub(super) fn totals_message(totals: &SpeculationTotals, dropped_requests: u64) -> Message {
    let count = |bucket| totals.count(bucket);
    let unused = count(Bucket::Unused) + count(Bucket::Failed);
    let text = format!(
        "{} recorded, {} unchanged, {} primed: {} used, {} joined, {unused} unused; {} saved",
        totals.recorded(),
        count(Bucket::Unchanged),
        totals.primed(),
        count(Bucket::Used),
        count(Bucket::Joined),
        seconds(totals.saved_ms),
    );
    info(
        "speculative-actions",
        text,
        Some(detail(totals, dropped_requests)),
        figures(totals, dropped_requests),
    )
}

/// The message for a session without records, in which this number of elements was recorded.
pub(super) fn first_records_message(elements: u64) -> Message {
    let text = format!("there was no record to predict from; elements recorded now: {elements}");
    info("speculative-actions-recorded", text, None, vec![("elements".to_owned(), elements)])
}

fn info(reason: &str, text: String, detail: Option<String>, figures: Vec<(String, u64)>) -> Message {
    Message { detail, figures, ..Message::info(reason, text) }
}

fn detail(totals: &SpeculationTotals, dropped_requests: u64) -> String {
    let mut lines = vec![
        "saved: the time that the used actions had run; an upper bound, since builds run several at a time"
            .into(),
        format!(
            "CPU time of primed actions: {}, of which {} useful",
            seconds(totals.cpu_ms),
            seconds(totals.useful_cpu_ms)
        ),
    ];
    let buckets = totals.buckets.iter().map(|(bucket, count)| format!("{} {count}", bucket.as_str()));
    lines.push(buckets.collect::<Vec<_>>().join(", "));
    if dropped_requests > 0 {
        lines.push(format!("{dropped_requests} requests came too fast to correct predictions"));
    }
    lines.join("\n")
}

/// The numbers for machines: totals, then buckets.
fn figures(totals: &SpeculationTotals, dropped_requests: u64) -> Vec<(String, u64)> {
    let sums = [
        ("recorded", totals.recorded() as u64),
        ("primed", totals.primed() as u64),
        ("sent", totals.sent),
        ("cpu-ms", totals.cpu_ms),
        ("useful-cpu-ms", totals.useful_cpu_ms),
        ("saved-ms", totals.saved_ms),
        ("unseen", dropped_requests),
    ];
    let buckets = totals.buckets.iter().map(|(bucket, count)| (bucket.as_str(), *count as u64));
    sums.into_iter().chain(buckets).map(|(name, number)| (name.to_owned(), number)).collect()
}

fn seconds(millis: u64) -> String {
    format!("{:.1} s", millis as f64 / 1000.0)
}
