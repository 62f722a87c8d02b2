//! What sources are tracked by: lock files, and the answers of indexes of packages.

use std::io::Write;

use spec_source::fuzzing::{archive_of, crates, go_modules, module_file, newest};

/// The first byte says what the rest is.
pub fn run(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 6 {
        0 => drop(module_file("A::B", rest)),
        1 => drop(module_file("A::B", &packed(rest))),
        2 => {
            let found = newest(if *kind < 6 { "*" } else { "1.*" }, rest);
            if let Ok(Some(sha256)) = found {
                assert!(sha256.len() == 64 && sha256.bytes().all(|c| c.is_ascii_hexdigit()), "{sha256:?}");
            }
        }
        3 => {
            if let Ok(text) = std::str::from_utf8(rest) {
                texts(text);
            }
        }
        form => package(rest, form == 4),
    }
}

/// The line of a ref, and the page of an index behind it.
fn package(data: &[u8], is_json: bool) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let line = String::from_utf8_lossy(&data[..end]);
    let Ok(Some((name, sha256))) = archive_of(&line, &data[end..], is_json) else { return };
    assert!(!name.contains('/') && name.contains(['-', '.']), "{name:?}");
    assert!(sha256.is_none_or(|sha256| sha256.len() == 64));
}

fn texts(text: &str) {
    match crates(text) {
        Ok(found) => assert!(found.len() <= text.matches("git").count()),
        Err((line, column, why)) => {
            assert!(line <= text.matches('\n').count() + 1 && column <= text.chars().count() + 1);
            assert!(!why.is_empty());
        }
    }
    let (heading, version, root) = go_modules(text, "a.org/m");
    if let Some(heading) = heading {
        assert!(
            heading.starts_with("# ") && heading.ends_with('\n') && heading.lines().count() <= 2,
            "{heading:?}"
        );
    }
    assert!(version.is_none_or(|version| text.contains(version)));
    assert!(root.is_none_or(|root| !root.contains(char::is_whitespace)));
}

fn packed(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).and_then(|()| encoder.finish()).expect("it is written to memory")
}

/// A file or an answer of each form.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let cpan = "File: x\n\nA undef A/AA/A.zip\nA::B 1.0 A/AB/AB.tar.gz\n";
    let sha = "6c9f6f68a131ec6381da82f2bff978083ed7f4f7991d931bfa767b7965ebc94b";
    let pypi = format!(
        "{{\"files\":[{{\"filename\":\"p-1.0.tar.gz\",\"url\":\"x\",\"hashes\":{{\"sha256\":\"{sha}\"}},\"yanked\":false}}]}}"
    );
    let html = format!("p==1.0\n<a data-yanked href=\"p-1.0.tar.gz#sha256={sha}\">p</a>");
    let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://x/y?tag=1#12\"\n";
    let go =
        "module m\n\ngo 1.22\nrequire a.org/m v1.0.0 // indirect\nreplace a.org/n v1.0.0 => a.org/m v1.0.0\n";
    let sum = "a.org/m v1.0.0/go.mod h1:a=\na.org/m v1.0.0 h1:b=\n";
    let page = "<html><head><meta name=\"go-import\" content=\"a.org/m git https://b.org/m\"></head></html>";
    let seed = |kind: u8, text: &[u8]| [&[kind], text].concat();
    let texts = [lock, go, sum, page].map(|text| seed(3, text.as_bytes()));
    [
        seed(0, &packed(cpan.as_bytes())),
        seed(1, cpan.as_bytes()),
        seed(2, pypi.as_bytes()),
        seed(8, pypi.as_bytes()),
        seed(4, format!("p==1.0\n{pypi}").as_bytes()),
        seed(5, html.as_bytes()),
    ]
    .into_iter()
    .chain(texts)
    .collect()
}
