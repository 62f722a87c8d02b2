//! A recorded action as JSON.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use spec_model::{ActionResult, StreamOutput};
use spec_speculation::NamedPolicy;

use super::SubactionWithCommand;

/// A policy of the session that recorded the build.
pub(super) fn policy(policy: &NamedPolicy) -> Value {
    let NamedPolicy { kind, name, digest, settings } = policy;
    json!({"kind": kind, "name": name, "digest": digest, "settings": settings})
}

/// One action. Times are seconds, `asked` since 1970; sizes are bytes; digests are `HASH/SIZE`.
pub(super) fn subaction((subaction, command): &SubactionWithCommand) -> Value {
    let result = subaction.result();
    let usage = result.and_then(|result| result.metadata.usage);
    let failure = subaction.outcome.as_ref().err();
    json!({
        "action": subaction.action.to_string(),
        "answered": subaction.answered.as_str(),
        "asked": since_1970(subaction.asked),
        "wall": subaction.took.as_secs_f64(),
        "cpu": usage.map(|usage| (usage.user + usage.system).as_secs_f64()),
        "memory": usage.map(|usage| usage.max_rss),
        "exit-code": result.map(|result| result.exit_code),
        "failure": failure.map(|failure| json!({"reason": failure.reason, "message": failure.message})),
        "outputs": result.map(outputs).unwrap_or_default(),
        "stdout": result.and_then(|result| captured(&result.stdout)),
        "stderr": result.and_then(|result| captured(&result.stderr)),
        "subactions": result.map(|result| texts(&result.subactions)).unwrap_or_default(),
        "command": command.as_ref().map(|command| &command.arguments),
        "working-directory": command.as_ref().map(|command| &command.working_directory),
    })
}

fn since_1970(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}

fn outputs(result: &ActionResult) -> Vec<Value> {
    let files = result.files.iter().map(
        |file| json!({"path": file.path, "digest": file.digest.to_string(), "executable": file.executable}),
    );
    let directories = result.directories.iter().map(|directory| {
        let digest = directory.tree.or(directory.root).map(|digest| digest.to_string());
        json!({"path": directory.path, "tree": digest})
    });
    let links = result.symlinks.iter().map(|link| json!({"path": link.path, "target": link.target}));
    files.chain(directories).chain(links).collect()
}

/// The text, or the digest of the blob that holds it.
fn captured(captured: &StreamOutput) -> Option<Value> {
    match (&captured.digest, captured.raw.is_empty()) {
        (Some(digest), true) => Some(json!({"digest": digest.to_string()})),
        (_, false) => Some(json!({"text": String::from_utf8_lossy(&captured.raw)})),
        (None, true) => None,
    }
}

fn texts(digests: &[spec_model::Digest]) -> Vec<String> {
    digests.iter().map(ToString::to_string).collect()
}
