//! Messages for the user about the results of speculation.

use spec_scheduler::Message;
use spec_speculation::{Bucket, NamedPolicy, ShadowReport, SpeculationTotals};

/// The name of the policies that are not components.
pub(super) const BUILT_IN: &str = "built-in";

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

/// The totals of a session that only primed.
pub(super) fn priming_run_message(totals: &SpeculationTotals) -> Message {
    let count = |bucket| totals.count(bucket);
    let pending: usize =
        totals.buckets.iter().filter(|(bucket, _)| bucket.is_pending()).map(|(_, n)| n).sum();
    let text = format!(
        "{} recorded, {} unchanged, {} primed, {} failed, {pending} wait for what only a build makes",
        totals.recorded(),
        count(Bucket::Unchanged),
        count(Bucket::Ready),
        count(Bucket::Failed),
    );
    info("speculative-actions", text, Some(cost_and_buckets(totals).join("\n")), figures(totals, 0))
}

/// How a shadow policy decided, and what would have come of it.
pub(super) fn shadow_message(name: &str, kind: &str, report: &ShadowReport) -> Message {
    let ShadowReport { asked, different, .. } = *report;
    let what = if kind == "priming" { "actions" } else { "inputs" };
    let mut text = format!("{name} would have decided differently on {different} of {asked} {what}");
    if different > 0 && kind == "priming" {
        text.push_str(&format!(
            ": {} more actions primed rightly ({} at most saved), {} in vain ({} of CPU time); {} fewer rightly ({} at \
             most lost), {} in vain ({} of CPU time)",
            report.more_right,
            seconds(report.more_right_ms),
            report.more_wrong,
            seconds(report.more_wrong_cpu_ms),
            report.fewer_right,
            seconds(report.fewer_right_ms),
            report.fewer_wrong,
            seconds(report.fewer_wrong_cpu_ms),
        ));
    }
    let figures = [
        ("asked", asked as u64),
        ("different", different as u64),
        ("more-right", report.more_right as u64),
        ("more-right-ms", report.more_right_ms),
        ("more-wrong", report.more_wrong as u64),
        ("more-wrong-cpu-ms", report.more_wrong_cpu_ms),
        ("fewer-right", report.fewer_right as u64),
        ("fewer-right-ms", report.fewer_right_ms),
        ("fewer-wrong", report.fewer_wrong as u64),
        ("fewer-wrong-cpu-ms", report.fewer_wrong_cpu_ms),
    ];
    let figures = figures.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
    let detail = (!report.first.is_empty()).then(|| report.first.join("\n"));
    info("shadow-policy", text, detail, figures)
}

/// The message for a session that was to prime, when no element that is not cached has a record.
pub(super) fn no_records_message() -> Message {
    let text = "nothing to prime: no element that would be built has a record of an earlier build";
    info("speculative-actions-no-record", text.to_owned(), None, Vec::new())
}

/// The message for a session without records, in which this number of elements was recorded.
pub(super) fn first_records_message(elements: u64) -> Message {
    let text = format!("there was no record to predict from; elements recorded now: {elements}");
    info("speculative-actions-recorded", text, None, vec![("elements".to_owned(), elements)])
}

/// A message that also names the policies that decided: for people where one is not the built-in one, for machines with
/// digests and settings.
pub(super) fn with_policies(mut message: Message, policies: &[NamedPolicy]) -> Message {
    for policy in policies {
        let label = |name: &str, value: String| (format!("{}-policy{name}", policy.kind), value);
        message.labels.push(label("", policy.name.clone()));
        message.labels.push(label("-digest", policy.digest.clone()));
        message.labels.push(label("-settings", policy.settings.join(" ")));
    }
    message.labels.retain(|(_, value)| !value.is_empty());
    if policies.iter().any(|policy| policy.name != BUILT_IN) {
        let shown = policies.iter().map(|policy| {
            let text = format!("{} {} {}", policy.kind, policy.name, policy.settings.join(" "));
            text.trim_end().to_owned()
        });
        let line = format!("policies: {}", shown.collect::<Vec<_>>().join(", "));
        message.detail = Some(message.detail.map_or(line.clone(), |detail| format!("{detail}\n{line}")));
    }
    message
}

fn info(reason: &str, text: String, detail: Option<String>, figures: Vec<(String, u64)>) -> Message {
    Message { detail, figures, ..Message::info(reason, text) }
}

fn detail(totals: &SpeculationTotals, dropped_requests: u64) -> String {
    let saved =
        "saved: the time that the used actions had run; an upper bound, since builds run several at a time";
    let dropped = (dropped_requests > 0)
        .then(|| format!("{dropped_requests} requests came too fast to correct predictions"));
    let lines = [saved.to_owned()].into_iter().chain(cost_and_buckets(totals)).chain(dropped);
    lines.collect::<Vec<_>>().join("\n")
}

fn cost_and_buckets(totals: &SpeculationTotals) -> [String; 2] {
    let buckets = totals.buckets.iter().map(|(bucket, count)| format!("{} {count}", bucket.name()));
    [
        format!(
            "CPU time of primed actions: {}, of which {} useful",
            seconds(totals.cpu_ms),
            seconds(totals.useful_cpu_ms)
        ),
        buckets.collect::<Vec<_>>().join(", "),
    ]
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
    let sums = sums.into_iter().map(|(name, number)| (name.to_owned(), number));
    let buckets = totals.buckets.iter().map(|(bucket, count)| (bucket.name().into_owned(), *count as u64));
    sums.chain(buckets).collect()
}

fn seconds(millis: u64) -> String {
    format!("{:.1} s", millis as f64 / 1000.0)
}
