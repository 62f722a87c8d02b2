use spec_cas::{Cas, CasError, TreeBuilder};
use spec_model::Digest;

use super::{tree_at, with_tree_at};

fn tree(cas: &Cas, paths: &[&str]) -> Result<Digest, CasError> {
    let mut builder = TreeBuilder::new();
    for path in paths {
        builder.add_file(path, cas.put_bytes(path.as_bytes())?, false)?;
    }
    builder.store(cas)
}

#[test]
fn a_part_is_taken_and_put_back() -> Result<(), CasError> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let cas = Cas::open(folder.path())?;
    let root = tree(&cas, &["a", "b/c/d", "e"])?;
    for path in ["", "b", "b/c", "missing", "b/missing/deep"] {
        let part = tree_at(&cas, &root, path)?;
        let empty_part = tree(&cas, &[])?;
        let same = with_tree_at(&cas, &root, path, part)?;
        match part == empty_part {
            true => assert!(cas.lookup(&same, path)?.is_some(), "{path}"),
            false => assert_eq!(same, root, "{path}"),
        }
    }
    let changed = with_tree_at(&cas, &root, "b/c", tree(&cas, &["x"])?)?;
    let names = |path: &str| cas.lookup(&changed, path).map(|found| found.is_some());
    assert!(names("b/c/x")? && !names("b/c/d")? && names("a")? && names("e")?);
    Ok(())
}
