//! Pointers to files that are kept beside a repository.

use crate::text_ref::is_sha256;

/// Bytes of the largest pointer.
pub(crate) const LARGEST_POINTER: u64 = 1024;
const VERSION: &str = "https://git-lfs.github.com/spec/v1";

/// A file that is kept beside a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LfsPointer {
    /// Its SHA-256, 64 digits.
    pub(crate) sha256: String,
    /// Its bytes.
    pub(crate) size: u64,
}

impl LfsPointer {
    /// The pointer that a file of the repository is; `None` if it is none.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= LARGEST_POINTER)?;
        let value = |key: &str| {
            let mut lines = text.lines().filter_map(|line| line.trim_end().split_once(' '));
            lines.find(|(name, _)| *name == key).map(|(_, value)| value)
        };
        let first = text.lines().next()?.trim_end().strip_prefix("version ")?;
        let sha256 = value("oid")?.strip_prefix("sha256:")?;
        let size = value("size")?.parse().ok()?;
        (first == VERSION && is_sha256(sha256)).then(|| Self { sha256: sha256.to_owned(), size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_read() {
        let sha256 = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
        let text = |version: &str, oid: &str, size: &str| format!("version {version}\n{oid}\nsize {size}\n");
        let right = text(VERSION, &format!("oid sha256:{sha256}"), "12345");
        let expect = LfsPointer { sha256: sha256.to_owned(), size: 12345 };
        assert_eq!(LfsPointer::parse(right.as_bytes()), Some(expect.clone()));
        assert_eq!(LfsPointer::parse(right.replace('\n', "\r\n").as_bytes()), Some(expect.clone()));
        let extended = right.replace("oid ", "ext-0-case sha256:00\noid ");
        assert_eq!(LfsPointer::parse(extended.as_bytes()), Some(expect));
        for wrong in [
            text("https://hawser.github.com/spec/v1", &format!("oid sha256:{sha256}"), "1"),
            text(VERSION, &format!("oid md5:{sha256}"), "1"),
            text(VERSION, &format!("oid sha256:{}", &sha256[1..]), "1"),
            text(VERSION, "oid sha256:../../../../../etc/passwd", "1"),
            text(VERSION, &format!("oid sha256:{}", sha256.to_uppercase()), "1"),
            text(VERSION, &format!("oid sha256:{sha256}"), "-1"),
            format!("version {VERSION}\noid sha256:{sha256}\n"),
            format!("{right}{}", " ".repeat(2000)),
            String::new(),
        ] {
            assert_eq!(LfsPointer::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
