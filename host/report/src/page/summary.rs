//! What the session was, in some lines.

use spec_recording::message::Policy;
use time::OffsetDateTime;

use crate::html::{seconds, short};
use crate::session_times::SessionTimes;

pub(super) fn section(times: &SessionTimes, title: &str) -> String {
    let header = &times.header;
    let answered = |how: &str| times.requests.iter().filter(|request| request.answered == how).count();
    let policies = |kind: &str| {
        let named = header.policies.iter().filter(|policy| policy.kind == kind).map(policy_name);
        named.collect::<Vec<_>>().join(", ")
    };
    let workers = if header.workers == 0 { "not known".to_owned() } else { header.workers.to_string() };
    let mut lines = vec![
        ("began", date(header.start_unix_us)),
        ("took", seconds(times.wall_us())),
        ("workers", workers),
        ("speculation", header.mode.clone()),
        ("priming policy", policies("priming")),
        ("overlay policy", policies("overlay")),
        ("elements", times.elements.len().to_string()),
        (
            "requests",
            format!(
                "{}: {} from the cache, {} joined, {} executed",
                times.requests.len(),
                answered("cache-hit"),
                answered("joined"),
                answered("executed")
            ),
        ),
        ("recorded actions", times.actions.len().to_string()),
        ("primed actions", times.primed.len().to_string()),
    ];
    if let Some(totals) = &times.totals {
        let used = seconds(totals.useful_cpu_ms.saturating_mul(1000));
        let all = seconds(totals.cpu_ms.saturating_mul(1000));
        lines.push(("CPU time of primed actions", format!("{all}, {used} of it used")));
    }
    lines.push(("written by", format!("spec-host {}", header.program)));
    let lines = lines.iter().filter(|(_, value)| !value.is_empty());
    let lines = lines.map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", short(value)));
    let lines: String = lines.collect();
    let missing = match times.dropped {
        0 => String::new(),
        count => format!(
            "<p class=\"note\">The recording lacks {count} events, which came faster than they could be written.</p>\n"
        ),
    };
    format!("<h1>{}</h1>\n<dl>\n{lines}</dl>\n{missing}", short(title))
}

fn policy_name(policy: &Policy) -> String {
    let settings = policy.settings.iter().map(|setting| format!(",{}={}", setting.key, setting.value));
    std::iter::once(policy.name.clone()).chain(settings).collect()
}

/// A time in UTC.
fn date(unix_us: u64) -> String {
    let seconds = i64::try_from(unix_us / 1_000_000).unwrap_or(0);
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    format!("{year:04}-{:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC", u8::from(month))
}
