//! Names of ByteStream's resources: the server parses what the client wrote.

use spec_model::{Digest, DigestFunction};
use spec_reapi::fuzzing as server;
use spec_remote::fuzzing as client;

/// The input is a name.
pub fn run(data: &[u8]) {
    let Ok(name) = std::str::from_utf8(data) else { return };
    for (parts, is_read) in [(server::to_read(name), true), (server::to_write(name), false)] {
        let Some((instance, function, digest, zstd)) = parts else { continue };
        let expected = Some((instance.clone(), function, digest, zstd));
        let read = client::to_read(&instance, function, &digest, zstd);
        let write = client::to_write(&instance, function, &digest, zstd);
        // An instance whose name contains a keyword of resource names is ambiguous.
        let is_plain = |words: &[&str]| !instance.split('/').any(|part| words.contains(&part));
        if !is_read || is_plain(&["blobs", "compressed-blobs"]) {
            let is_short = read.len() <= 512 && !instance.starts_with('/') && !instance.is_empty()
                || instance.is_empty();
            if is_short && is_plain(&["blobs", "compressed-blobs"]) {
                assert_eq!(server::to_read(&read), expected, "{read}");
            }
        }
        if write.len() <= 512 && is_plain(&["uploads"]) {
            assert_eq!(server::to_write(&write), expected, "{write}");
        }
        let plain = server::name(function, &digest);
        assert_eq!(server::to_read(&plain), Some((String::new(), function, digest, false)), "{plain}");
    }
}

/// Names of every form.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let digest = Digest::of(b"x");
    let mut names = vec![];
    for function in DigestFunction::ALL {
        for (instance, zstd) in [("", false), ("a/b", true)] {
            names.push(client::to_read(instance, function, &digest, zstd));
            names.push(client::to_write(instance, function, &digest, zstd) + "/more");
        }
    }
    names.push(format!("compressed-blobs/identity/{digest}"));
    names.into_iter().map(String::into_bytes).collect()
}
