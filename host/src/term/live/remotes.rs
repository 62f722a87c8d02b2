//! The line of the live view about servers.

use spec_session::RemoteFigures;

use crate::term::format_size;
use crate::term::time::format_clock;

/// What goes to and from servers, and which of them are away; `None` while none has been asked for anything.
pub(super) fn remotes_line(all: &[RemoteFigures]) -> Option<String> {
    if all.is_empty() {
        return None;
    }
    let sum = |of: fn(&RemoteFigures) -> u64| all.iter().map(of).sum::<u64>();
    let mut parts = vec![format!("{} requests in flight", sum(|one| one.statistics.in_flight))];
    let queued = sum(|one| one.statistics.queued);
    parts.extend((queued > 0).then(|| format!("{queued} actions queued")));
    let (up, down) = (sum(|one| one.statistics.bytes_up), sum(|one| one.statistics.bytes_down));
    parts.push(format!("{} up, {} down", format_size(up), format_size(down)));
    for figures in all {
        let away = figures.away_for();
        parts.extend(
            away.map(|time| format!("{} away for {}", figures.statistics.address, format_clock(time))),
        );
    }
    Some(parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use spec_remote::RemoteStatistics;
    use spec_session::RemoteRole;

    use super::*;

    #[test]
    fn there_is_a_line_as_soon_as_a_server_is_asked() {
        assert_eq!(remotes_line(&[]), None);
        let figures = |away_since| {
            let address = "http://cache:80".to_owned();
            let statistics = RemoteStatistics {
                in_flight: 2,
                queued: 1,
                bytes_up: 1_500_000,
                away_since,
                address,
                ..RemoteStatistics::default()
            };
            RemoteFigures { roles: vec![RemoteRole::Execution], statistics }
        };
        let line = remotes_line(&[figures(None), figures(Some(SystemTime::now()))]);
        let says =
            "4 requests in flight · 2 actions queued · 3.0 MB up, 0 B down · http://cache:80 away for 00:00";
        assert_eq!(line.as_deref(), Some(says));
    }
}
