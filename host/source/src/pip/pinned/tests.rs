use super::*;

fn file(name: &str, is_yanked: bool) -> IndexedFile {
    IndexedFile { name: name.to_owned(), url: format!("https://x/{name}"), sha256: None, is_yanked }
}

#[track_caller]
fn chosen(line: &str, names: &[&str]) -> Option<String> {
    let files: Vec<IndexedFile> =
        names.iter().map(|name| file(name.trim_start_matches('!'), name.starts_with('!'))).collect();
    PinnedPackage::parse(line).expect(line).choose(&files).map(|file| file.name.clone())
}

/// As pip 23.2.1 chooses with `--no-binary :all:`; `!` marks yanked files.
#[test]
fn the_archive_of_a_version_is_chosen() {
    for (line, files, expect) in [
        ("p==1.0", &["p-1.0.tar.gz", "p-1.0-py3-none-any.whl", "p-1.1.tar.gz"][..], Some("p-1.0.tar.gz")),
        ("p==1.0", &["p-1.tar.gz"], Some("p-1.tar.gz")),
        ("p==1.0", &["p-1.0.tar.gz", "p-1.0.zip"], Some("p-1.0.zip")),
        ("p==1.0", &["p-1.0.zip", "p-1.0.tar.gz"], Some("p-1.0.tar.gz")),
        ("p==1.0", &["p-1.0.tar.gz", "!p-1.0.zip"], Some("p-1.0.tar.gz")),
        ("p==1.0", &["!p-1.0.zip"], Some("p-1.0.zip")),
        ("p==1.0", &["p-1.0+local.tar.gz", "p-1.0.zip"], Some("p-1.0+local.tar.gz")),
        ("a==1.0.post1", &["a-1.0-1.zip"], Some("a-1.0-1.zip")),
        ("a==1", &["a-1.tar.bz2", "a-1.tbz"], Some("a-1.tbz")),
        ("Zope.Interface==5", &["zope.interface-5.tar.gz"], Some("zope.interface-5.tar.gz")),
        ("zope-interface==5", &["zope_interface-5.tar.gz", "zope-6.tgz"], Some("zope_interface-5.tar.gz")),
        ("a==1", &["a-b-1.zip", "a.zip", "a-.zip", "b-1.zip", "a-x.zip"], None),
        ("a-b==1", &["a-b-1.zip"], Some("a-b-1.zip")),
        ("a==1rc1", &["a-1.zip", "a-1rc1.tar"], Some("a-1rc1.tar")),
        ("a==2004d", &["a-2004d.zip", "a-2004.zip"], Some("a-2004d.zip")),
        ("a[x, y] == 1", &["a-1.tar.xz"], Some("a-1.tar.xz")),
        ("a==1", &["a-1.exe", "a-1.egg", "a-1.rpm", "a-1.tar.Z", "a-1.ZIP"], None),
        ("a==1", &["../a-1.zip"], None),
    ] {
        assert_eq!(chosen(line, files).as_deref(), expect, "{line} of {files:?}");
    }
}

#[test]
fn lines_that_pin_nothing_are_none() {
    for line in [
        "",
        "a",
        "a>=1",
        "a==",
        "==1",
        "a==1; python_version < '3'",
        "a==1 --hash=sha256:12",
        "-r file",
        "# a==1",
        "a @ https://x",
        "a==1 b==2",
        "./a==1",
        "a[==1",
        "a[x==1",
        "a[]==1",
        "-a==1",
        "a===1",
        "a==1,!=2",
        "a==1.*",
    ] {
        assert_eq!(PinnedPackage::parse(line), None, "{line}");
    }
}

#[test]
fn names_are_those_of_indexes() {
    for (name, expect) in [("A", "a"), ("a.b_-c", "a-b-c"), ("Foo__Bar", "foo-bar"), ("p", "p")] {
        assert_eq!(canonical(name), expect);
    }
}

#[test]
fn what_a_package_needs_everywhere_is_listed() {
    let info = "Metadata-Version: 2.2\nName: p\nRequires-Dist: a\nRequires-Dist: b.c (>=1,<2)\nRequires-Dist: d>=2\n\
                Requires-Dist: e ; extra == \"x\"\nRequires-Dist: f[z]; python_version < \"3\"\nRequires-Dist: g [z]\n\
                Requires-Dist: h @ https://x\nRequires-Dist:\n\nRequires-Dist: no\n";
    assert_eq!(needed_everywhere(info), ["a", "b.c", "d", "g", "h"]);
}
