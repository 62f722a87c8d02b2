use std::time::Duration;

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
    for count in [0, 1, WORTH_REMEMBERING, WORTH_REMEMBERING + 1, 500] {
        let Fixture { cas, cache, .. } = &fixture();
        let action = Digest::of(b"an action");
        assert_eq!(cache.get(&action)?, None);
        let needs = put_blobs(cas, count);
        cache.put(&action, &needs, b"old")?;
        cache.put(&action, &needs, b"result")?;
        assert_eq!(cache.get(&action)?.as_deref(), Some(&b"result"[..]));
        assert_eq!(cache.needs(&action)?, Some(needs.clone()));
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
fn entries_are_listed_with_their_last_use_and_removed() -> Result<()> {
    let Fixture { cache, .. } = &fixture();
    let action = Digest::of(b"an action");
    assert_eq!(cache.list()?, []);
    cache.put(&action, &[], b"result")?;
    let file = File::options().write(true).open(cache.path(&action)).expect("the entry");
    file.set_modified(SystemTime::UNIX_EPOCH).expect("the entry is ours");
    assert_eq!(cache.list()?, [CachedAction { action, used: SystemTime::UNIX_EPOCH }]);
    cache.get(&action)?;
    assert!(cache.list()?[0].used > SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    assert!(cache.remove(&action)?);
    assert!(!cache.remove(&action)?);
    assert_eq!(cache.get(&action)?, None);
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
