//! The names of assets, as BuildStream forms them.

use spec_artifact::ArtifactName;
use spec_model::Key;

const ARTIFACT: &str = "urn:fdc:buildstream.build:2020:artifact";
const SOURCE: &str = "urn:fdc:buildstream.build:2020:source";

/// The record of an artifact (a blob).
pub(crate) fn artifact(name: &ArtifactName) -> String {
    format!("{ARTIFACT}:{name}")
}

/// The record of all sources of an element (a blob).
pub(crate) fn element_sources(key: &Key) -> String {
    format!("{SOURCE}:{key}")
}

/// The tree of one source (a directory).
pub(crate) fn source(kind: &str, key: &Key) -> String {
    format!("{SOURCE}:{kind}/{key}")
}

#[cfg(test)]
mod tests {
    use spec_model::ElementName;

    use super::*;

    #[test]
    fn names_are_buildstreams() -> Result<(), Box<dyn std::error::Error>> {
        let key: Key = "ab".repeat(32).parse()?;
        let name = ArtifactName::new("pony", &ElementName::local("core/app v2.bst")?, key);
        let hex = "ab".repeat(32);
        assert_eq!(
            artifact(&name),
            format!("urn:fdc:buildstream.build:2020:artifact:pony/core-app_v2/{hex}")
        );
        assert_eq!(element_sources(&key), format!("urn:fdc:buildstream.build:2020:source:{hex}"));
        assert_eq!(source("tar", &key), format!("urn:fdc:buildstream.build:2020:source:tar/{hex}"));
        Ok(())
    }
}
