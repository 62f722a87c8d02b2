use super::*;
use crate::store::Cas;

#[test]
fn all_processes_see_a_hold_until_its_owner_is_gone() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (one, other) = (Cas::open(folder.path())?, Cas::open(folder.path())?);
    assert_eq!(one.held_since()?, Moment::LAST);
    let before = Moment::now().before(PRECISION);
    let hold = other.hold()?;
    let since = one.held_since()?;
    assert!(before <= since && since <= Moment::now());
    other.hold_recently_used(Duration::from_secs(1000))?;
    assert!(one.held_since()? < before.before(Duration::from_secs(900)));
    drop((hold, other));
    assert_eq!(one.held_since()?, Moment::LAST);
    Ok(())
}
