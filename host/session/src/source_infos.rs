//! Where the sources of elements come from.

use spec_source::SourceInfo;

use crate::error::{Result, SessionError};
use crate::session::Session;

/// A source as it says where its files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementSourceInfo {
    /// The kind of the source.
    pub kind: &'static str,
    /// What the project says of it: attributes and their texts.
    pub provenance: Vec<(String, String)>,
    /// What the source says itself.
    pub info: SourceInfo,
}

/// BuildStream's name of the warning about a source that does not say where it comes from.
const UNAVAILABLE: &str = "unavailable-source-info";

impl Session {
    /// Where the sources of an element come from. Calls `warn` with the reason and the text of each warning.
    ///
    /// # Errors
    /// When local files cannot be read, or a warning is fatal in the project.
    pub fn source_infos(&self, element: usize, warn: &dyn Fn(&str, &str)) -> Result<Vec<ElementSourceInfo>> {
        let declared = &self.project.elements[element];
        let config = self.project.config_of(declared);
        let mut all = Vec::new();
        for (source, declaration) in self.sources(element).sources().zip(&declared.sources) {
            let infos = source.infos().map_err(SessionError::SourceDeclaration)?;
            if infos.is_empty() {
                let message = format!("{} does not say where its files come from", source.name());
                if config.fatal_warnings.iter().any(|fatal| fatal == UNAVAILABLE) {
                    let (reason, position) = (UNAVAILABLE, declaration.position.clone());
                    return Err(SessionError::FatalWarning { reason, message, position });
                }
                warn(UNAVAILABLE, &message);
            }
            let (kind, provenance) = (source.name().kind, &declaration.provenance);
            let entry = |info| ElementSourceInfo { kind, provenance: provenance.clone(), info };
            all.extend(infos.into_iter().map(entry));
        }
        Ok(all)
    }
}
