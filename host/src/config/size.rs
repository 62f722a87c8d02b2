//! Sizes as people write them.

/// A size of a part of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SizeSetting {
    /// So many bytes.
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
