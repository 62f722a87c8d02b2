//! Patches, compared with GNU patch and `git apply` on this machine.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{Lab, silent, spec};
use spec_model::{Node, UserError};
use spec_source::{SourceError, SourceSpec};

/// Sources with the files of the project's folder `files`, and then a patch.
fn patched(lab: &Lab, kind: &str, config: &[(&str, &str)]) -> [SourceSpec; 2] {
    let _ = lab;
    [spec("local", &[("path", "files")]), spec(kind, config)]
}

/// The files of a folder: path, whether executable, contents.
fn listing(folder: &Path) -> Vec<(String, bool, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let meta = fs::symlink_metadata(&path).expect("it is there");
            if meta.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("it is below").display().to_string();
            let bytes = match meta.is_symlink() {
                true => fs::read_link(&path).expect("it is a link").display().to_string().into_bytes(),
                false => fs::read(&path).expect("it can be read"),
            };
            let executable = meta.is_file() && meta.permissions().mode() & 0o100 != 0;
            found.push((name, executable, bytes));
        }
    }
    found.sort();
    found
}

/// What our source makes of the files, or the reason of the error.
fn ours(lab: &Lab, sources: &[SourceSpec]) -> Result<Vec<(String, bool, Vec<u8>)>, SourceError> {
    let tree = lab.sources(sources)?.fetch(&silent())?;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let place = folder.path().join("files");
    lab.context.cas.checkout_into(&tree, &place).expect("the tree is there");
    Ok(listing(&place))
}

/// What a program makes of a copy of the files; `None` when it fails.
fn theirs(lab: &Lab, program: &mut Command) -> Option<Vec<(String, bool, Vec<u8>)>> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let copied = Command::new("cp").arg("-a").arg(lab.project().join("files/.")).arg(folder.path()).status();
    assert!(copied.expect("cp is there").success());
    program.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let done = program.status().expect("the program is there").success();
    let mut files = listing(folder.path());
    files.retain(|(name, ..)| !name.ends_with(".orig"));
    done.then_some(files)
}

#[track_caller]
fn check(lab: &Lab, patch: &str, what: &str) {
    lab.write("fix.patch", patch.as_bytes());
    lab.write("queue/fix.patch", patch.as_bytes());
    let file = lab.project().join("fix.patch");
    let expect = theirs(lab, Command::new("patch").args(["-p1", "-i"]).arg(&file));
    let found = ours(lab, &patched(lab, "patch", &[("path", "fix.patch")]));
    assert_eq!(found.as_ref().ok(), expect.as_ref(), "patch: {what}: {found:?}\n{patch}");
    let expect =
        theirs(lab, Command::new("git").args(["--git-dir=.git", "--work-tree=.", "apply"]).arg(&file));
    let found = ours(lab, &patched(lab, "patch_queue", &[("path", "queue")]));
    assert_eq!(found.as_ref().ok(), expect.as_ref(), "git: {what}: {found:?}\n{patch}");
}

/// Numbers that look random, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn text(&mut self, lines: u64) -> Vec<String> {
        (0..lines).map(|_| format!("{}\n", ["a", "b", "c", "d"][self.below(4) as usize])).collect()
    }
}

/// Edits some lines.
fn edited(numbers: &mut Numbers, lines: &[String], edits: u64) -> Vec<String> {
    let mut lines = lines.to_vec();
    for _ in 0..edits {
        let at = numbers.below(lines.len() as u64 + 1) as usize;
        match numbers.below(3) {
            0 if at < lines.len() => drop(lines.remove(at)),
            1 if at < lines.len() => lines[at] = format!("{}\n", numbers.below(9)),
            _ => lines.insert(at, format!("new {}\n", numbers.below(9))),
        }
    }
    if numbers.below(6) == 0
        && let Some(last) = lines.last_mut()
    {
        last.pop();
    }
    lines
}

#[test]
fn changes_of_text_are_those_of_patch_and_git() {
    let mut numbers = Numbers(7);
    for round in 0..150 {
        let lab = Lab::new();
        let length = numbers.below(14);
        let old = numbers.text(length);
        let edits = 1 + numbers.below(3);
        let new = edited(&mut numbers, &old, edits);
        let (a, b) = (lab.write("a/f", old.concat().as_bytes()), lab.write("b/f", new.concat().as_bytes()));
        let context = format!("-U{}", numbers.below(4));
        let diff =
            Command::new("diff").args([&context, "--label", "a/f", "--label", "b/f"]).args([&a, &b]).output();
        let diff = String::from_utf8(diff.expect("diff is there").stdout).expect("it is text");
        if diff.is_empty() {
            continue;
        }
        let moved = numbers.below(3);
        let actual = edited(&mut numbers, &old, moved);
        lab.write("files/f", actual.concat().as_bytes());
        check(&lab, &diff, &format!("round {round}: {actual:?}"));
    }
}

#[test]
fn files_are_made_removed_renamed_and_made_executable() {
    let lab = Lab::new();
    lab.write("files/d/old", b"one\ntwo\n");
    lab.write("files/keep", b"x\n");
    fs::create_dir_all(lab.project().join("files/empty")).expect("the project can be written");
    for (what, patch) in [
        ("made", "--- /dev/null\n+++ b/new/deep/file\n@@ -0,0 +1,2 @@\n+a\n+b\n"),
        (
            "made and executable",
            "diff --git a/run b/run\nnew file mode 100755\nindex 0000000..1\n--- /dev/null\n+++ b/run\n@@ -0,0 +1 @@\n+a\n",
        ),
        ("there already", "--- /dev/null\n+++ b/keep\n@@ -0,0 +1 @@\n+a\n"),
        ("removed", "--- a/d/old\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-one\n-two\n"),
        ("removed with more in it", "--- a/d/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n"),
        (
            "renamed",
            "diff --git a/keep b/moved/keep\nsimilarity index 100%\nrename from keep\nrename to moved/keep\n",
        ),
        ("mode", "diff --git a/keep b/keep\nold mode 100644\nnew mode 100755\n"),
        (
            "two files",
            "--- a/keep\n+++ b/keep\n@@ -1 +1 @@\n-x\n+y\n--- a/d/old\n+++ b/d/old\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n",
        ),
        (
            "the same file twice",
            "--- a/keep\n+++ b/keep\n@@ -1 +1 @@\n-x\n+y\n--- a/keep\n+++ b/keep\n@@ -1 +1 @@\n-y\n+z\n",
        ),
        ("no such file", "--- a/none\n+++ b/none\n@@ -1 +1 @@\n-x\n+y\n"),
        ("outside", "--- a/../keep\n+++ b/../keep\n@@ -1 +1 @@\n-x\n+y\n"),
        ("text only", "this is no patch\n"),
    ] {
        check(&lab, patch, what);
    }
}

/// The line and the reason are told, and what to do.
#[test]
fn patches_that_do_not_apply_say_where() {
    let lab = Lab::new();
    lab.write("files/f", b"x\n");
    for (patch, reason, says) in [
        (
            "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-old\n+x\n",
            "patch-does-not-apply",
            "line 3: hunk 1 does not match 'f'; its changes are there already",
        ),
        (
            "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-old\n+new\n",
            "patch-does-not-apply",
            "line 3: hunk 1 does not match 'f'",
        ),
        (
            "--- a/g\n+++ b/g\n@@ -1 +1 @@\n-old\n+new\n",
            "patch-does-not-apply",
            "line 1: there is no file to patch; it names 'g'",
        ),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n", "patch-format", "line 4: the patch ends inside a hunk"),
        ("no patch\n", "patch-format", "there is no patch in it"),
    ] {
        lab.write("fix.patch", patch.as_bytes());
        let error =
            ours(&lab, &patched(&lab, "patch", &[("path", "fix.patch")])).expect_err("it does not apply");
        let text = error.to_string();
        assert!(text.contains(says) && text.contains("fix.patch"), "{text}");
        assert_eq!(error.reason(), reason, "{text}");
    }
    lab.write("fix.patch", b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+y\n");
    fs::create_dir(lab.project().join("nothing")).expect("the project can be written");
    let nothing = [spec("local", &[("path", "nothing")]), spec("patch", &[("path", "fix.patch")])];
    assert_eq!(ours(&lab, &nothing).expect_err("nothing is there").reason(), "patch-no-files");
    let mut inside = patched(&lab, "patch", &[("path", "fix.patch")]);
    inside[0].directory = Some("sub/dir".to_owned());
    inside[1].directory = Some("sub/dir".to_owned());
    let files = ours(&lab, &inside).expect("it applies to its own directory");
    assert_eq!(files, [("sub/dir/f".to_owned(), false, b"y\n".to_vec())]);
    let mut level = patched(&lab, "patch", &[("path", "fix.patch")]);
    level[1].config.set("strip-level", Node::text("0"));
    assert!(ours(&lab, &level).is_err(), "a/f does not exist");
}
