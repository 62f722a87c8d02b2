use std::fs;
use std::time::{Duration, SystemTime};

use spec_model::UserError;

use super::*;

struct Fixture {
    _folder: tempfile::TempDir,
    cas: Cas,
    cache: ActionCache,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path()).expect("a store");
    Fixture { cache: cas.action_cache(), cas, _folder: folder }
}

fn put_blobs(cas: &Cas, count: usize) -> Vec<Digest> {
    (0..count).map(|n| cas.put_bytes(format!("blob {n}").as_bytes()).expect("the store takes it")).collect()
}

#[test]
fn an_entry_is_answered_while_its_blobs_are_here() -> Result<()> {
    for count in [0, 1, LARGE_RESULT, LARGE_RESULT + 1, 500] {
        let Fixture { cas, cache, .. } = &fixture();
        let action = Digest::of(b"an action");
        assert_eq!(cache.get(&action)?, None);
        let needs = put_blobs(cas, count);
        cache.put(&action, &needs, b"old")?;
        cache.put(&action, &needs, b"result")?;
        assert_eq!(cache.get(&action)?.as_deref(), Some(&b"result"[..]));
        let Some(last) = needs.last() else { continue };
        cas.quarantine(last)?;
        assert_eq!(cache.get(&action)?, None, "{count} blobs, one gone");
        put_blobs(cas, count);
        assert!(cache.get(&action)?.is_some(), "{count} blobs, all back");
    }
    Ok(())
}

#[test]
fn results_of_absent_blobs_are_refused() -> Result<()> {
    let Fixture { cache, .. } = &fixture();
    let action = Digest::of(b"an action");
    let refused = cache.put(&action, &[Digest::of(b"absent")], b"result");
    assert_eq!(refused.map_err(|error| error.reason().to_owned()), Err("cas-missing".to_owned()));
    assert_eq!(cache.get(&action)?, None);
    Ok(())
}

#[test]
fn a_use_is_noted() -> Result<()> {
    let Fixture { cache, .. } = &fixture();
    let action = Digest::of(b"an action");
    cache.put(&action, &[], b"result")?;
    let file = File::options().write(true).open(cache.path(&action)).expect("the entry");
    file.set_modified(SystemTime::UNIX_EPOCH).expect("the entry is ours");
    cache.get(&action)?;
    let used = file.metadata().and_then(|meta| meta.modified()).expect("the entry is ours");
    assert!(used > SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    Ok(())
}

#[test]
fn what_lies_in_the_place_of_a_record_goes() -> Result<()> {
    let Fixture { cas, cache, .. } = &fixture();
    let action = Digest::of(b"an action");
    // A folder in its place.
    let there = cache.path(&action).join("something");
    fs::create_dir_all(&there).expect("the store is ours");
    cache.put(&action, &[], b"result")?;
    assert_eq!(cache.get(&action)?, Some(b"result".to_vec()));
    let refs = cas.refs("artifacts");
    fs::create_dir_all(cas.root().join("refs/artifacts/b/c")).expect("the store is ours");
    refs.put(&["a", "b", "d"], b"record")?;
    assert_eq!(refs.get("b")?, Some(b"record".to_vec()));
    let left = layout::entries(cas.shared.temp.process_folder()?)?;
    assert_eq!(left, [] as [PathBuf; 0]);
    Ok(())
}

#[test]
fn what_cannot_be_put_leaves_nothing() -> Result<()> {
    let Fixture { cas, .. } = &fixture();
    let refs = cas.refs("artifacts");
    let too_long = "b".repeat(300);
    refs.put(&["a", &too_long, "d"], b"record").expect_err("no file has such a name");
    let left = layout::entries(cas.shared.temp.process_folder()?)?;
    assert_eq!(left, [] as [PathBuf; 0]);
    Ok(())
}

#[test]
fn a_damaged_entry_is_none() -> Result<()> {
    let Fixture { cache, .. } = &fixture();
    let action = Digest::of(b"an action");
    cache.put(&action, &[], b"result")?;
    for damage in [&b""[..], b"SPECAC1\n", &[0; 100]] {
        fs::write(cache.path(&action), damage).expect("the entry is ours");
        assert_eq!(cache.get(&action)?, None);
    }
    Ok(())
}

#[test]
fn whatever_is_in_place_of_an_entry_is_none_and_is_replaced() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path())?;
    let (results, action) = (cas.action_cache(), Digest::of(b"action"));
    let path = results.path(&action);
    let damages: [&dyn Fn(); 4] = [
        &|| std::fs::write(&path, "noise").expect("the store is ours"),
        &|| std::fs::write(&path, "").expect("the store is ours"),
        &|| std::fs::create_dir_all(path.join("in-it")).expect("the store is ours"),
        &|| {
            let folder = path.parent().expect("it is in a folder");
            std::fs::remove_dir_all(folder).expect("the store is ours");
            std::fs::write(folder, "").expect("the store is ours");
        },
    ];
    for damage in damages {
        results.put(&action, &[], b"result")?;
        std::fs::remove_file(&path).expect("it was put");
        damage();
        assert_eq!(results.get(&action)?, None);
        results.put(&action, &[], b"again")?;
        assert_eq!(results.get(&action)?.as_deref(), Some(&b"again"[..]));
    }
    Ok(())
}
