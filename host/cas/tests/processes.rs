//! Many processes on one store, some of them killed.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use spec_cas::{Cas, LayerCache, Result, TreeBuilder};
use spec_model::{Digest, LayerForm};

const STORE: &str = "SPEC_CAS_TEST_STORE";

/// Not a test by itself: the work of the child processes of the other tests until they are killed or done.
#[test]
fn child() -> Result<()> {
    let Some(root) = std::env::var_os(STORE) else { return Ok(()) };
    let cas = Cas::open(root)?;
    for round in 0..40_u64 {
        let blobs: Vec<Vec<u8>> = (0..50_u64).map(|n| (round * 50 + n).to_le_bytes().repeat(700)).collect();
        cas.put_many(&blobs.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        let mut writer = cas.writer();
        for _ in 0..300 {
            writer.write_all(&round.to_le_bytes().repeat(1000)).expect("room");
        }
        writer.finish()?;
        let mut builder = TreeBuilder::new();
        for (n, blob) in blobs.iter().enumerate() {
            builder.add_file(&format!("d{}/f{n}", n % 7), Digest::of(blob), n % 2 == 0)?;
        }
        let tree = builder.store(&cas)?;
        assert_eq!(
            fs::read_dir(LayerCache::new(cas.clone(), LayerForm::Copied).layer(&tree)?.path())
                .expect("the tree")
                .count(),
            7
        );
        cas.refs("test").put(&["a/name", "another"], tree.to_string().as_bytes())?;
    }
    Ok(())
}

fn spawn(root: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "child", "--test-threads=1"])
        .env(STORE, root)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a child")
}

/// Checks that everything visible in the store is complete.
fn check(root: &Path) -> Result<usize> {
    let cas = Cas::open(root)?;
    let mut seen = 0;
    for kind in ["objects", "exec"] {
        for folder in fs::read_dir(root.join(kind)).expect("a store") {
            for file in fs::read_dir(folder.expect("an entry").path()).expect("a folder") {
                let path = file.expect("an entry").path();
                let bytes = fs::read(&path).expect("a blob");
                assert_eq!(
                    path.file_name().and_then(|name| name.to_str()),
                    Some(Digest::of(&bytes).hex().as_str())
                );
                seen += 1;
            }
        }
    }
    assert_eq!(fs::read_dir(root.join("tmp")).expect("a store").count(), 0);
    for tree in fs::read_dir(root.join("trees")).into_iter().flatten().flatten() {
        if tree.path().is_dir() {
            assert_eq!(fs::read_dir(tree.path()).expect("a tree").count(), 7);
        }
    }
    for name in cas.refs("test").list("")? {
        let tree = cas.refs("test").get(&name)?.expect("a record that was listed");
        let tree = String::from_utf8(tree).expect("a digest").parse().expect("a digest");
        assert!(cas.is_complete(&tree)?);
    }
    Ok(seen)
}

#[test]
fn a_killed_writer_leaves_nothing_half_done() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("store");
    for round in 1..=12 {
        let mut children = [spawn(&root), spawn(&root)];
        std::thread::sleep(Duration::from_millis(17 * round));
        for child in &mut children {
            child.kill().and_then(|()| child.wait()).expect("my own child");
        }
        check(&root)?;
    }
    assert!(check(&root)? > 1);
    Ok(())
}

#[test]
fn processes_share_a_store() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("store");
    let children = [spawn(&root), spawn(&root), spawn(&root)];
    for child in children {
        let output = child.wait_with_output().expect("my own child");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let blobs = check(&root)?;
    assert!(blobs > 40 * 50, "{blobs}");
    Ok(())
}
