use std::time::{Duration, SystemTime};

use spec_model::UserError;

use super::*;

#[test]
fn records_are_put_found_listed_and_removed() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refs = Cas::open(folder.path())?.refs("artifacts");
    refs.put(&["hello/app/11", "hello/app/22"], b"one")?;
    refs.put(&["hello/app/22", "hello/dep/33"], b"two")?;
    assert_eq!(refs.get("hello/app/11")?.as_deref(), Some(&b"one"[..]));
    assert_eq!(refs.get("hello/app/22")?.as_deref(), Some(&b"two"[..]));
    assert_eq!(refs.get("hello/app")?, None);
    assert_eq!(refs.list("hello/app")?, ["hello/app/11", "hello/app/22"]);
    assert!(refs.remove("hello/app/11")?);
    assert!(!refs.remove("hello/app/11")?);
    assert_eq!(refs.list("")?, ["hello/app/22", "hello/dep/33"]);
    assert_eq!(refs.peek("hello/dep/33")?, refs.get("hello/dep/33")?);
    assert_eq!(refs.put(&["../x"], b"").map_err(|e| e.reason().to_owned()), Err("cas-bad-path".to_owned()));
    Ok(())
}

#[test]
fn the_newest_was_put_last_whatever_was_used_since() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refs = Cas::open(folder.path())?.refs("artifacts");
    for (name, hours) in [("one", 2), ("two", 1)] {
        refs.put(&[name], b"record")?;
        let then = SystemTime::now() - Duration::from_secs(hours * 3600);
        let times = fs::FileTimes::new().set_accessed(then).set_modified(then);
        let file = File::open(refs.path(name)?).expect("it was put");
        file.set_times(times).expect("it is ours");
    }
    let used = |name| {
        fs::metadata(refs.path(name)?).and_then(|data| data.accessed()).map_err(CasError::io("look up", name))
    };
    let before = used("one")?;
    assert!(refs.peek("one")?.is_some());
    assert_eq!(used("one")?, before);
    assert!(refs.get("one")?.is_some());
    assert!(used("one")? > before);
    assert_eq!(refs.newest("")?, ["two", "one"]);
    refs.put(&["one"], b"record")?;
    assert_eq!(refs.newest("")?, ["one", "two"]);
    Ok(())
}
