use super::*;

const SHA: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn names(downloads: &DownloadFolder) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(downloads.directory())? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[test]
fn files_appear_whole_or_not_at_all() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let downloads = DownloadFolder::new(folder.path().join("url"));
    let mut part = downloads.part()?;
    part.file.write_all(b"hello")?;
    assert_eq!(names(&downloads)?, ["download-0.part"]);
    downloads.publish(part, SHA, Some("\"tag\""))?;
    assert_eq!(names(&downloads)?, [SHA.to_owned(), format!("{SHA}.etag")]);
    assert_eq!(downloads.etag(SHA).as_deref(), Some("\"tag\""));
    drop(downloads.part()?);
    assert_eq!(names(&downloads)?.len(), 2);
    Ok(())
}

#[test]
fn parts_have_one_owner() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let downloads = DownloadFolder::new(folder.path().to_path_buf());
    fs::write(folder.path().join("download-0.part"), "left by a killed process")?;
    let first = downloads.part()?;
    let second = downloads.part()?;
    assert_ne!(first.path, second.path);
    assert_eq!(first.file.metadata()?.len(), 0);
    Ok(())
}

#[test]
fn what_a_link_leads_to_is_not_emptied() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let downloads = DownloadFolder::new(folder.path().join("url"));
    let (mine, other) = (folder.path().join("mine"), folder.path().join("other"));
    fs::create_dir(downloads.directory())?;
    for path in [&mine, &other] {
        fs::write(path, "precious")?;
    }
    std::os::unix::fs::symlink(&mine, downloads.directory().join("download-0.part"))?;
    fs::hard_link(&other, downloads.directory().join("download-1.part"))?;
    drop(downloads.part()?);
    assert_eq!((fs::read(mine)?, fs::read(other)?), (b"precious".to_vec(), b"precious".to_vec()));
    Ok(())
}

#[test]
fn a_ref_cannot_climb() {
    let downloads = DownloadFolder::new("/downloads".into());
    assert!(downloads.file("../../etc/passwd").is_none());
    assert!(downloads.file(SHA).is_some());
    assert!(downloads.file(&SHA.to_uppercase()).is_none());
}
