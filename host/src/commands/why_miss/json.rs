//! Misses as JSON.

use serde_json::{Value, json};
use spec_model::Digest;
use spec_speculation::{ActionDifference, Content};

use super::{ExplainedMiss, MissReport};

/// All artifacts. Digests are `HASH/SIZE`.
pub(super) fn all(all: &[MissReport]) -> Value {
    let one = |missed: &MissReport| {
        let strange = missed
            .strange
            .iter()
            .map(|(action, command)| json!({"requested": action.to_string(), "command": command}));
        json!({
            "artifact": missed.shown,
            "misses": missed.misses.iter().map(miss).collect::<Vec<_>>(),
            "strange": strange.collect::<Vec<_>>(),
        })
    };
    all.iter().map(one).collect()
}

fn miss(explained: &ExplainedMiss) -> Value {
    let text = |digest: &Option<Digest>| digest.as_ref().map(ToString::to_string);
    let differences = explained.differences.as_ref();
    json!({
        "command": explained.command,
        "end": explained.miss.bucket,
        "waited-for": explained.miss.waited_for,
        "recorded": explained.miss.recorded.to_string(),
        "predicted": text(&explained.miss.predicted),
        "requested": text(&explained.miss.requested),
        "differences": differences.map(|list| list.iter().map(difference).collect::<Vec<_>>()),
    })
}

fn difference(difference: &ActionDifference) -> Value {
    match difference {
        ActionDifference::Input { path, predicted, requested } => {
            json!({"input": path, "predicted": content(predicted), "requested": content(requested)})
        }
        ActionDifference::Field { name, predicted, requested } => {
            json!({"field": name, "predicted": predicted, "requested": requested})
        }
    }
}

fn content(content: &Option<Content>) -> Option<Value> {
    content.as_ref().map(|content| match content {
        Content::File { digest, executable } => {
            json!({"digest": digest.to_string(), "executable": executable})
        }
        Content::Symlink(target) => json!({"target": target}),
    })
}
