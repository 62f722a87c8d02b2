use super::*;

#[test]
fn access_of_other_users_is_removed() -> io::Result<()> {
    let parent = tempfile::tempdir()?;
    let directory = parent.path().join("code");
    fs::create_dir(&directory)?;
    fs::set_permissions(&directory, Permissions::from_mode(0o777))?;
    create(&directory)?;
    assert_eq!(fs::metadata(&directory)?.mode() & 0o777, 0o700);
    Ok(())
}

#[test]
fn a_link_is_refused() -> io::Result<()> {
    let parent = tempfile::tempdir()?;
    let link = parent.path().join("link");
    std::os::unix::fs::symlink(parent.path(), &link)?;
    assert!(create(&link).is_err());
    Ok(())
}
