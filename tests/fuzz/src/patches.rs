//! Patches: what is applied gives a complete tree, and what is not is refused, in a bounded time.

use spec_cas::TreeBuilder;
use spec_source::fuzzing::{apply, is_long_path};

use crate::scratch;

/// The first byte says by which rules the rest is applied, to a small tree.
pub fn run(data: &[u8]) {
    let Some((kind, patch)) = data.split_first() else { return };
    let strip = (kind % 4).checked_sub(1).map(usize::from);
    let cas = scratch::store();
    let mut builder = TreeBuilder::new();
    for (path, text) in [("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n"), ("b/c", "x\r\ny\r\n"), ("d", "no newline")] {
        let digest = cas.put_bytes(text.as_bytes()).expect("the store works");
        builder.add_file(path, digest, false).expect("the paths are good");
    }
    let root = builder.store(&cas).expect("the store works");
    match apply(&cas, root, patch, strip) {
        Ok(tree) => crate::archive::check_tree(&cas, &[tree], 10_000),
        Err(error) if is_long_path(&error) => {}
        Err(error) => assert!(!matches!(error.reason(), "" | "cas-error"), "{error}"),
    }
}

/// Patches of every form.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let plain = "--- a\n+++ a\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n@@ -7,3 +7,2 @@\n 7\n-8\n 9\n";
    let git = "diff --git a/d b/e\nsimilarity index 90%\nrename from d\nrename to e\n--- a/d\n+++ b/e\n@@ -1 +1 @@\n-no newline\n\\ No newline at end of file\n+n\n";
    let new = "diff --git a/n b/n\nnew file mode 100755\nindex 0000000..1111111\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+n\n";
    let gone = "diff --git a/b/c b/b/c\ndeleted file mode 100644\n--- a/b/c\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\r\n-y\r\n";
    let seed = |kind: u8, text: &str| [&[kind], text.as_bytes()].concat();
    vec![seed(1, plain), seed(0, git), seed(2, git), seed(0, new), seed(2, new), seed(0, gone), seed(2, gone)]
}
