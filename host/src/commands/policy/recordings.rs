//! `policy recordings`

use std::fs::File;

use spec_recording::RecordingReader;
use time::OffsetDateTime;

use super::super::print;
use crate::app::App;
use crate::error::{CommandError, CommandResult};
use crate::recordings::kept;
use crate::term::format_size;

/// Prints the recordings that were kept, the latest first.
pub(super) fn run(app: &App) -> CommandResult {
    let kept = kept(app).map_err(|error| CommandError::io("list the recordings that were kept", &error))?;
    let mut text = String::new();
    for (path, size) in kept {
        let what = match RecordingReader::<File>::open(&path) {
            Ok(reader) => {
                let header = reader.header();
                let (time, targets) = (date(header.start_unix_us), header.targets.join(" "));
                format!(
                    "{time}  {:8}  {} of {}: {targets}",
                    format_size(size),
                    header.trigger,
                    header.project
                )
            }
            Err(error) => format!("unreadable: {error}"),
        };
        text.push_str(&format!("{}  {what}\n", path.display()));
    }
    print(&text)
}

/// A time in UTC.
fn date(unix_us: u64) -> String {
    let seconds = i64::try_from(unix_us / 1_000_000).unwrap_or(0);
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    format!("{year:04}-{:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z", u8::from(month))
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_in_utc() {
        assert_eq!(super::date(1_764_339_106_000_001), "2025-11-28 14:11:46Z");
    }
}
