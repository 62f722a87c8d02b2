//! Values that both the command line and the configuration have.

use std::ops::RangeInclusive;

/// A size as people write it: a number of bytes, or a part of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SizeSetting {
    /// A number of bytes.
    Bytes(u64),
    /// A part of the disk, in percent.
    Percent(u8),
}

impl SizeSetting {
    /// In bytes, where the disk has `disk` of them.
    pub(crate) fn bytes(self, disk: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Percent(percent) => disk / 100 * u64::from(percent),
        }
    }

    /// Reads `800M`, `10G`, `50%` or a number of bytes; `None` when it is none of these.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(percent) = text.strip_suffix('%') {
            return percent.parse().ok().filter(|percent| *percent <= 100).map(Self::Percent);
        }
        let power = text.chars().last().and_then(|unit| "KMGT".find(unit));
        let digits = if power.is_some() { &text[..text.len() - 1] } else { text };
        let factor = power.map_or(1, |power| 1_u64 << (10 * (power + 1)));
        digits.parse::<u64>().ok()?.checked_mul(factor).map(Self::Bytes)
    }
}

/// Reads `all` (`None`), or numbers and ranges such as `0,1000-1999`.
///
/// # Errors
/// What was expected.
pub(crate) fn number_ranges(text: &str) -> Result<Option<Vec<RangeInclusive<u32>>>, String> {
    if text == "all" {
        return Ok(None);
    }
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some(first..=last)
    };
    let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
    ranges.map(Some).ok_or_else(|| "all, or numbers and ranges such as 0,1000-1999".to_owned())
}

#[cfg(test)]
mod tests;
