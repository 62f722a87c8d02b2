//! Misses as text.

use spec_model::Digest;
use spec_speculation::{ActionDifference, Content};

use super::{ExplainedMiss, MissReport};
use crate::term::{sanitize_line, truncate_with_mark};

/// The most characters of a command or a value that are shown.
const WIDTH: usize = 100;
/// Digits of digests that are shown.
const DIGITS: usize = 12;

/// The misses of one build.
pub(super) fn one(missed: &MissReport) -> String {
    let MissReport { shown, misses, strange } = missed;
    if misses.is_empty() && strange.is_empty() {
        return format!("{shown}: nothing was missed\n");
    }
    let mut lines =
        vec![format!("{shown}: {} missed, {} not like any that was recorded", misses.len(), strange.len())];
    for explained in misses {
        lines.push(String::new());
        lines.push(truncate_with_mark(
            &sanitize_line(explained.command.as_deref().unwrap_or("(its command is not in the cache)")),
            WIDTH,
        ));
        lines.extend(details(explained).into_iter().map(|line| format!("    {line}")));
    }
    for (action, command) in strange {
        lines.push(String::new());
        lines.push(truncate_with_mark(&sanitize_line(command), WIDTH));
        lines.push(format!("    asked for {}, which no recorded action is like", brief(action)));
    }
    lines.join("\n") + "\n"
}

fn details(explained: &ExplainedMiss) -> Vec<String> {
    let miss = &explained.miss;
    let predicted = miss.predicted.as_ref().map_or("nothing".to_owned(), brief);
    let requested = miss.requested.as_ref().map_or("nothing".to_owned(), brief);
    let recorded = brief(&miss.recorded);
    if miss.requested.is_some() && miss.requested == miss.predicted {
        let why = why_late(&miss.bucket);
        return vec![format!("{}: {predicted} was predicted rightly, but too late: {why}", miss.bucket)];
    }
    let mut lines =
        vec![format!("{}: recorded {recorded}, predicted {predicted}, asked for {requested}", miss.bucket)];
    lines.extend(miss.waited_for.as_ref().map(|fact| format!("the prediction waited for {fact}")));
    match (&explained.differences, miss.requested) {
        (Some(differences), _) => lines.extend(differences.iter().map(difference)),
        (None, Some(_)) => lines.push("their messages are not all in the cache any more".to_owned()),
        (None, None) => {}
    }
    lines
}

/// Why the result of a right prediction was not in the action cache when the build requested it, by its bucket.
fn why_late(bucket: &str) -> &'static str {
    match bucket {
        "skipped-overtaken" => "no worker was free before",
        "skipped-preempted" => "its worker was taken for requests of the build",
        "skipped-held" => "the priming policy held it",
        "skipped-budget" => "the budget did not allow it",
        "unused" => "no worker was free before; what had been predicted earlier ran for nothing",
        "failed" => "it failed when it was executed ahead",
        _ => "the priming policy did not submit it",
    }
}

fn difference(difference: &ActionDifference) -> String {
    let line = match difference {
        ActionDifference::Input { path, predicted, requested } => {
            format!("{} {path}: {} -> {}", sign(predicted, requested), content(predicted), content(requested))
        }
        ActionDifference::Field { name, predicted, requested } => {
            let value = |value: &Option<String>| {
                value.as_ref().map_or("nothing".to_owned(), |text| format!("'{text}'"))
            };
            format!("{} {name}: {} -> {}", sign(predicted, requested), value(predicted), value(requested))
        }
    };
    truncate_with_mark(&sanitize_line(&line), WIDTH)
}

fn sign<T>(before: &Option<T>, after: &Option<T>) -> char {
    match (before, after) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    }
}

fn content(content: &Option<Content>) -> String {
    match content {
        None => "nothing".to_owned(),
        Some(Content::Symlink(target)) => format!("link to {target}"),
        Some(Content::File { digest, executable }) => {
            let executable = if *executable { ", executable" } else { "" };
            format!("{} ({} bytes{executable})", brief(digest), digest.size())
        }
    }
}

fn brief(digest: &Digest) -> String {
    digest.hex().chars().take(DIGITS).collect()
}
