use spec_cas::TreeBuilder;
use spec_model::UserError;

use super::*;

fn tree(cas: &Cas, paths: &[&str]) -> Digest {
    let mut builder = TreeBuilder::new();
    for path in paths {
        let added = match path.split_once(" -> ") {
            Some((path, target)) => builder.add_symlink(path, target),
            None => builder.add_file(path, Digest::of(b""), false),
        };
        added.expect("the path is good");
    }
    builder.store(cas).expect("the store takes it")
}

fn check(low: &[&str], high: &[&str], expected: Result<&[&str], &str>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path()).expect("a store");
    let found = graft_through_symlinks(&cas, &tree(&cas, low), &tree(&cas, high));
    let expected = expected.map(|paths| tree(&cas, paths)).map_err(str::to_owned);
    assert_eq!(found.map_err(|error| error.reason().to_owned()), expected, "{high:?} over {low:?}");
}

#[test]
fn what_lies_below_a_link_goes_where_it_leads() {
    let merged =
        &["lib -> usr/lib", "lib64 -> lib", "usr/lib/libc", "var/run -> /run", "run/pid", "up -> ../usr"];
    check(merged, &["lib/a", "usr/lib/b", "c"], Ok(&["usr/lib/a", "usr/lib/b", "c"]));
    check(merged, &["lib64/a/b"], Ok(&["usr/lib/a/b"]));
    check(merged, &["var/run/a/b", "var/c"], Ok(&["run/a/b", "var/c"]));
    check(merged, &["up/lib/a"], Ok(&["usr/lib/a"]));
    check(merged, &["usr/lib/libc", "new/a"], Ok(&["usr/lib/libc", "new/a"]));
    check(merged, &["lib -> elsewhere"], Ok(&["lib -> elsewhere"]));
}

#[test]
fn what_cannot_be_brought_together_is_refused() {
    let low = &["file", "dangling -> nowhere", "loop -> loop", "dir/file", "to-file -> file"];
    for high in ["file/a", "dangling/a", "loop/a", "dir", "dir -> x", "to-file/a"] {
        check(low, &[high], Err("cas-collision"));
    }
}
