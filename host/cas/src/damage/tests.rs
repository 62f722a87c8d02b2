use std::os::unix::fs::MetadataExt;

use super::*;
use crate::builder::TreeBuilder;
use crate::layer_cache::LayerCache;
use spec_model::LayerForm;

#[test]
fn damage_is_found_and_all_that_came_of_it_goes() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let (good, bad) = (cas.put_bytes(b"good")?, cas.put_bytes(b"bad")?);
    let mut trees = Vec::new();
    for file in [good, bad] {
        let mut builder = TreeBuilder::new();
        builder.add_file("dir/file", file, false)?;
        trees.push(builder.store(&cas)?);
    }
    let results = cas.action_cache();
    results.put(&Digest::of(b"action"), &[bad], b"result")?;
    let layers = LayerCache::new(cas.clone(), LayerForm::Copied);
    let paths: Vec<PathBuf> =
        trees.iter().map(|tree| Ok(layers.layer(tree)?.path().to_owned())).collect::<Result<_>>()?;
    assert_eq!(cas.verify_all(|_, _| {})?.damaged, []);
    let used = |digest| fs::metadata(cas.blob_path(digest)).map(|meta| meta.atime());
    let before = used(&good).expect("it is here");
    fs::write(cas.blob_path(&bad), "BAD").expect("the blob is ours");
    let steps = AtomicU64::new(0);
    let found = cas.verify_all(|done, total| {
        assert!(done <= total);
        steps.fetch_add(1, Ordering::Relaxed);
    })?;
    assert_eq!((found.damaged, found.blobs), (vec![bad], steps.into_inner()));
    assert_eq!(used(&good).expect("it is here"), before, "reading all is no use");
    assert_eq!(cas.missing(&[good, bad])?, [bad]);
    assert_eq!(fs::read(folder.path().join("quarantine").join(bad.hex())).ok(), Some(b"BAD".to_vec()));
    assert_eq!(results.get(&Digest::of(b"action"))?, None);
    assert_eq!(paths.iter().map(|path| path.exists()).collect::<Vec<_>>(), [true, false]);
    cas.put_bytes(b"bad")?;
    assert!(results.get(&Digest::of(b"action"))?.is_some());
    let again = layers.layer(&trees[1])?;
    assert_eq!(fs::read(again.path().join("dir/file")).ok(), Some(b"bad".to_vec()));
    Ok(())
}
