use super::*;
use crate::config::Environment;

#[test]
fn a_cache_that_cannot_be_written_is_found() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().display().to_string();
    let environment = Environment::new(move |name| (name == "HOME").then(|| home.clone()));
    let mut config = Config::defaults(&environment);
    assert_eq!(cache(&config).health, Health::Good);
    fs::write(folder.path().join("file"), "")?;
    config.cache_dir = folder.path().join("file/cache");
    let found = cache(&config);
    assert_eq!(found.health, Health::Bad);
    assert!(found.remedy.contains("cachedir"), "{}", found.remedy);
    Ok(())
}

#[test]
fn everything_that_is_wrong_says_what_to_do() {
    let config = Config::defaults(&Environment::process());
    for found in examine(&config, Path::new("/")) {
        assert!(found.health != Health::Bad || !found.remedy.is_empty(), "{found:?}");
    }
}
