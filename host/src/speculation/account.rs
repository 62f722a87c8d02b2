//! What came of speculation, in words and in numbers.

use spec_scheduler::{Message, MessageLevel};
use spec_speculation::{Account, Bucket};

/// The paragraph at the end of a build. Of `unseen` requests nothing was learned.
pub(super) fn message(account: &Account, unseen: u64) -> Message {
    let count = |bucket| account.count(bucket);
    let unused = count(Bucket::Unused) + count(Bucket::Failed);
    let text = format!(
        "{} recorded, {} unchanged, {} primed: {} used, {} joined, {unused} unused; {} saved",
        account.recorded(),
        count(Bucket::Unchanged),
        account.primed(),
        count(Bucket::Used),
        count(Bucket::Joined),
        seconds(account.saved_ms),
    );
    info("speculative-actions", text, Some(detail(account, unseen)), figures(account, unseen))
}

/// What to say instead when there was nothing to predict.
pub(super) fn first(elements: u64) -> Message {
    let text = format!("nothing was recorded to predict from; records made now: {elements}");
    info("speculative-actions-recorded", text, None, vec![("elements".to_owned(), elements)])
}

fn info(reason: &str, text: String, detail: Option<String>, figures: Vec<(String, u64)>) -> Message {
    Message { element: None, level: MessageLevel::Info, reason: reason.to_owned(), text, detail, figures }
}

fn detail(account: &Account, unseen: u64) -> String {
    let mut lines = vec![
        "saved: how long the used actions had run; an upper bound where a build runs several at a time"
            .into(),
        format!(
            "CPU time of primed actions: {}, of which {} useful",
            seconds(account.cpu_ms),
            seconds(account.useful_cpu_ms)
        ),
    ];
    let buckets = account.buckets.iter().map(|(bucket, count)| format!("{} {count}", bucket.as_str()));
    lines.push(buckets.collect::<Vec<_>>().join(", "));
    if unseen > 0 {
        lines.push(format!("{unseen} requests came too fast to learn from"));
    }
    lines.join("\n")
}

/// Sums, then buckets.
fn figures(account: &Account, unseen: u64) -> Vec<(String, u64)> {
    let sums = [
        ("recorded", account.recorded() as u64),
        ("primed", account.primed() as u64),
        ("sent", account.sent),
        ("cpu-ms", account.cpu_ms),
        ("useful-cpu-ms", account.useful_cpu_ms),
        ("saved-ms", account.saved_ms),
        ("unseen", unseen),
    ];
    let buckets = account.buckets.iter().map(|(bucket, count)| (bucket.as_str(), *count as u64));
    sums.into_iter().chain(buckets).map(|(name, number)| (name.to_owned(), number)).collect()
}

fn seconds(millis: u64) -> String {
    format!("{:.1} s", millis as f64 / 1000.0)
}
