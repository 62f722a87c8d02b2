//! What a command took, as buildbox's runners put it into the metadata of a result.

use prost::Message;
use spec_model::ActionUsage;
use spec_proto::well_known::{Any, Duration};

/// The type of the message in an `Any`.
pub(super) const TYPE: &str = "type.googleapis.com/build.buildbox.ExecutionStatistics";

#[derive(Clone, PartialEq, Message)]
struct ExecutionStatistics {
    #[prost(message, optional, tag = "1")]
    command: Option<Rusage>,
}

/// The first fields of `struct rusage`.
#[derive(Clone, PartialEq, Message)]
struct Rusage {
    #[prost(message, optional, tag = "1")]
    utime: Option<Duration>,
    #[prost(message, optional, tag = "2")]
    stime: Option<Duration>,
    /// In kilobytes.
    #[prost(int64, tag = "3")]
    maxrss: i64,
}

pub(super) fn encode(usage: &ActionUsage) -> Any {
    let command = Rusage {
        utime: Some(super::to_proto::duration(usage.user)),
        stime: Some(super::to_proto::duration(usage.system)),
        maxrss: i64::try_from(usage.max_rss >> 10).unwrap_or(i64::MAX),
    };
    let value = ExecutionStatistics { command: Some(command) }.encode_to_vec();
    Any { type_url: TYPE.to_owned(), value }
}

pub(super) fn decode(bytes: &[u8]) -> Option<ActionUsage> {
    let command = ExecutionStatistics::decode(bytes).ok()?.command?;
    let time =
        |duration: Option<Duration>| super::time::duration("usage", &duration.unwrap_or_default()).ok();
    Some(ActionUsage {
        user: time(command.utime)?,
        system: time(command.stime)?,
        max_rss: u64::try_from(command.maxrss).ok()? << 10,
    })
}
