//! What servers of git say, and `.gitmodules`.

use spec_source::fuzzing::{lines, submodules};

/// The first byte says what the rest is, and how many bytes of it arrive at a time.
pub fn run(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    if kind % 2 == 0 {
        let whole = lines(rest, usize::MAX);
        assert_eq!(whole, lines(rest, usize::from(kind / 2) + 1), "it depends on how the bytes arrive");
        let length: usize = whole.0.iter().map(|line| 4 + line.as_ref().map_or(0, Vec::len)).sum();
        assert!(length <= rest.len() && (length == rest.len() || !whole.1));
    } else if let Ok(text) = std::str::from_utf8(rest) {
        let found = submodules(text);
        assert!(found.len() <= text.matches('[').count());
    }
}

/// A message, and a file.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let message = "\u{4}001e# service=git-upload-pack\n0000000eversion 2\n00010015agent=git/2.40\n0000";
    let file =
        "\u{1}[submodule \"a\"]\n\tpath = lib/a ; here\n\turl = \"../a \\\"b\" # there\n[core]\n\tpath = x\n";
    vec![message.as_bytes().to_vec(), file.as_bytes().to_vec()]
}
