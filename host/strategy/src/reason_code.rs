//! Codes that policies define themselves.

use std::fmt;

/// A code in kebab-case of at most 32 bytes, such as `too-far-away`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReasonCode([u8; Self::MAX]);

impl ReasonCode {
    /// The longest code, in bytes.
    pub const MAX: usize = 32;
    /// The code `other`.
    pub const OTHER: Self = {
        let mut bytes = [0; Self::MAX];
        bytes.split_at_mut(5).0.copy_from_slice(b"other");
        Self(bytes)
    };

    /// The code with this text; `None` when it is not in kebab-case, or too long.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_kebab = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if text.is_empty() || text.len() > Self::MAX || !text.bytes().all(is_kebab) {
            return None;
        }
        let mut bytes = [0; Self::MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self(bytes))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(Self::MAX);
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_kebab_case_and_short() {
        let longest = "a".repeat(ReasonCode::MAX);
        for good in ["a", "too-far-away", "code-2", "other", &longest] {
            assert_eq!(ReasonCode::new(good).as_ref().map(ReasonCode::as_str), Some(good));
        }
        for bad in ["", "Far", "too far", "zu-weit-\u{fc}", "a\0", &format!("{longest}a")] {
            assert_eq!(ReasonCode::new(bad), None, "{bad}");
        }
        assert_eq!(ReasonCode::new("other"), Some(ReasonCode::OTHER));
    }
}
