use super::*;

fn sample() -> Result<Vfs, PathError> {
    let mut vfs = Vfs::new(100);
    for (path, target) in [
        ("usr/lib/x", ""),
        ("lib", "usr/lib"),
        ("out", "../elsewhere"),
        ("abs", "/usr"),
        ("loop", "loop"),
        ("gone", "usr/none"),
        ("usr/up", "../usr/lib"),
    ] {
        let slot = vfs.create_parents(path)?.map_err(|_| PathError::Blocked("root"))?;
        if target.is_empty() {
            vfs.make_directory(slot)?;
        } else {
            vfs.add(slot, Inode::Symlink { target: target.to_owned() });
        }
    }
    Ok(vfs)
}

#[test]
fn links_are_followed_inside_only() -> Result<(), PathError> {
    let vfs = sample()?;
    let place = vfs.find("usr/lib/x", true)?;
    assert_eq!(vfs.find("lib/x", true)?, place);
    assert_eq!(vfs.find("./usr//up/../lib/x", true)?, place);
    assert_eq!(vfs.find("lib/x/../../../out", true), Err(PathError::Climbs("../elsewhere".to_owned())));
    assert_eq!(vfs.find("abs/bin", true), Err(PathError::Climbs("/usr".to_owned())));
    assert_eq!(vfs.find("..", true), Err(PathError::Climbs("..".to_owned())));
    assert!(matches!(vfs.find("loop", true), Err(PathError::Blocked(_))));
    assert!(matches!(vfs.find("loop", false)?, PathLookup::Node(_)));
    assert!(matches!(vfs.find("gone", true)?, PathLookup::Vacant(_)));
    assert_eq!(vfs.find("no/where", true)?, PathLookup::Missing);
    assert!(matches!(vfs.find("no/../..", true), Err(PathError::Climbs(_))));
    Ok(())
}

#[test]
fn the_way_is_made_through_links() -> Result<(), PathError> {
    let mut vfs = sample()?;
    vfs.create_parents("lib/new/deep/file")?.map_err(|_| PathError::Blocked("root"))?;
    assert!(matches!(vfs.find("usr/lib/new/deep", true)?, PathLookup::Node(_)));
    assert!(matches!(vfs.create_parents("gone/file"), Err(PathError::Blocked(_))));
    assert!(matches!(vfs.create_parents("abs/file"), Err(PathError::Climbs(_))));
    assert!(matches!(vfs.create_parents("fresh/../file"), Err(PathError::Blocked(_))));
    assert_eq!(vfs.create_parents("usr/..")?, Err(Vfs::ROOT));
    Ok(())
}

#[test]
fn directories_that_a_name_makes_are_counted() -> Result<(), PathError> {
    let mut vfs = Vfs::new(4);
    vfs.create_parents("a/b/c/file")?.map_err(|_| PathError::Blocked("root"))?;
    assert_eq!(vfs.create_parents("a/b/d/file"), Err(PathError::Full));
    Ok(())
}
