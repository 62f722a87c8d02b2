//! Times in messages, as far as they are some.

use std::time::{Duration, SystemTime};

use spec_proto::well_known;

const NANOS: std::ops::Range<i32> = 0..1_000_000_000;
/// From the year 1 to the year 9999, as `google.protobuf.Timestamp` has it.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// About 10,000 years, as `google.protobuf.Duration` has it.
const LONGEST: i64 = 315_576_000_000;

/// Whether a message is a point in time.
///
/// # Errors
/// What is wrong with `field`.
pub fn check_timestamp(field: &str, message: &well_known::Timestamp) -> Result<(), String> {
    let well_known::Timestamp { seconds, nanos } = message;
    match SECONDS.contains(seconds) && NANOS.contains(nanos) {
        true => Ok(()),
        false => Err(format!(
            "{field} is no time: {seconds} seconds and {nanos} nanoseconds; expected one between the years 1 and 9999"
        )),
    }
}

/// How long a duration is.
///
/// # Errors
/// What is wrong with `field`: durations are not negative here.
pub fn duration(field: &str, message: &well_known::Duration) -> Result<Duration, String> {
    let well_known::Duration { seconds, nanos } = message;
    let whole = u64::try_from(*seconds).ok().filter(|_| *seconds <= LONGEST);
    let part = u32::try_from(*nanos).ok().filter(|_| NANOS.contains(nanos));
    whole.zip(part).map(|(whole, part)| Duration::new(whole, part)).ok_or_else(|| {
        format!(
            "{field} is negative or none: {seconds} seconds and {nanos} nanoseconds; expected from 0 to 10,000 years"
        )
    })
}

/// The time that a message says, if there is one.
pub(super) fn time(
    field: &str,
    message: Option<well_known::Timestamp>,
) -> Result<Option<SystemTime>, String> {
    let Some(message) = message else { return Ok(None) };
    check_timestamp(field, &message)?;
    let whole = Duration::from_secs(message.seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let second = if message.seconds < 0 { epoch.checked_sub(whole) } else { epoch.checked_add(whole) };
    let part = Duration::from_nanos(message.nanos.unsigned_abs().into());
    Ok(second.and_then(|second| second.checked_add(part)))
}
