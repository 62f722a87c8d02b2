//! Parts of the input root that an action may not write.

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, NodeProperties};

use super::fixture::Fixture;

/// A directory with these children, which says `SubtreeReadOnly` or nothing.
fn directory(fixture: &Fixture, says: Option<&str>, children: &[(&str, Digest)]) -> Digest {
    let property = says.map(|value| ("SubtreeReadOnly".to_owned(), value.to_owned()));
    let properties =
        NodeProperties { properties: property.into_iter().collect(), ..NodeProperties::default() };
    let child = |(name, digest): &(&str, Digest)| DirectoryNode { name: (*name).to_owned(), digest: *digest };
    let directories = children.iter().map(child).collect();
    let directory = Directory { directories, properties, ..Directory::default() };
    fixture.cas.store_directory(&directory).expect("the store takes it")
}

#[test]
fn what_is_said_to_be_read_only_cannot_be_written() {
    let tries = "for f in /new /a/new /a/b/new /c/new /bin/new; do (: > $f) 2> /dev/null && echo $f; done; :";
    for fixture in &Fixture::all() {
        // The second becomes a layer of its own.
        let many: Vec<String> = (0..500).map(|n| format!("file-{n}")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "")).collect();
        for c in [fixture.tree(&[]), fixture.tree(&many)] {
            for (root, a, b, expected) in [
                (None, None, None, "/new\n/a/new\n/a/b/new\n/c/new\n/bin/new\n"),
                (None, Some("true"), None, "/new\n/c/new\n/bin/new\n"),
                (None, Some("true"), Some("false"), "/new\n/a/b/new\n/c/new\n/bin/new\n"),
                (Some("true"), Some("false"), None, "/a/new\n/a/b/new\n"),
                (Some("true"), Some("false"), Some("true"), "/a/new\n"),
                (Some("true"), None, None, ""),
                (Some("maybe"), None, None, "/new\n/a/new\n/a/b/new\n/c/new\n/bin/new\n"),
            ] {
                let b_digest = directory(fixture, b, &[]);
                let a_digest = directory(fixture, a, &[("b", b_digest)]);
                let inputs = directory(fixture, root, &[("a", a_digest), ("c", c)]);
                let draft = fixture.script(tries, &["new", "b/new"]).inputs(inputs).cwd("a");
                let result = fixture.run(&draft).expect("the action runs");
                let written = String::from_utf8_lossy(&result.stdout.raw).into_owned();
                assert_eq!(written, expected, "{root:?} {a:?} {b:?}");
                let kept: Vec<&str> = result.files.iter().map(|file| file.path.as_str()).collect();
                let all = ["new", "b/new"].into_iter();
                let writable = all.filter(|path| expected.contains(&format!("/a/{path}\n")));
                assert_eq!(kept, writable.collect::<Vec<_>>(), "{root:?} {a:?} {b:?}");
            }
        }
    }
}
