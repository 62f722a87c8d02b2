//! What a cluster wrote down of an action that failed, for people.

use std::sync::Arc;
use std::time::Duration;

use spec_cas::Cas;
use spec_model::Digest;
use spec_remote::ServerLog;

use crate::cluster::Cluster;

/// Logs of one action that are read.
const MOST_LOGS: usize = 4;
/// Bytes of the largest log that is read. A part of one cannot be checked.
const LARGEST: u64 = 4 << 20;
/// Lines at the end of a log that are shown.
const LINES: usize = 20;
/// How long the cluster may take to send them.
const LIMIT: Duration = Duration::from_secs(20);

/// The ends of these logs, each with its name; `None` if there is none. They are brought to the store `cas`. A log that cannot be had
/// is only named.
pub(crate) fn ends(cluster: &Cluster, cas: &Cas, logs: &[ServerLog]) -> Option<String> {
    let readable = |log: &&ServerLog| log.digest.size() <= LARGEST;
    let wanted: Vec<Digest> = logs.iter().take(MOST_LOGS).filter(readable).map(|log| log.digest).collect();
    if !wanted.is_empty() {
        let (storage, store) = (cluster.storage.clone(), Arc::new(cas.clone()));
        let download = async move {
            // Those that did not come in time are not shown.
            let _ = tokio::time::timeout(LIMIT, storage.download_present(store, &wanted)).await;
            Ok(())
        };
        // Without them the action has failed all the same.
        let _ = cluster.wait_for(download);
    }
    let text = |log: &ServerLog| {
        let bytes = if log.digest.size() <= LARGEST { cas.get(&log.digest).ok() } else { None };
        end_of(&log.name, log.digest.size(), bytes.as_deref())
    };
    let texts: Vec<String> = logs.iter().take(MOST_LOGS).map(text).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

fn end_of(name: &str, size: u64, bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else {
        return format!("the cluster's log '{name}' of {size} bytes is not shown");
    };
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LINES);
    let which = if from > 0 { format!("the last {LINES} lines of ") } else { String::new() };
    format!("{which}the cluster's log '{name}':\n{}", lines[from..].join("\n"))
}

#[cfg(test)]
mod tests;
