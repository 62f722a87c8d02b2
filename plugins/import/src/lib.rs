//! The element kind `import`: the sources become the artifact as they are.

use spec_guest_sdk::{
    Configured, Copying, Element, Forbids, Kind, KindDescription, KindTraits, Plan, Rejection,
    RejectionReason, Step, Value, export_kind, path,
};

struct Import;

impl Kind for Import {
    fn describe() -> KindDescription {
        KindDescription {
            name: "import".to_owned(),
            defaults: include_str!("defaults.yaml").to_owned(),
            artifact_version: 0,
            traits: KindTraits::HAS_ARTIFACT,
            forbids: Forbids::empty(),
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        let config = element.config()?;
        config.validate_keys(&["source", "target"])?;
        let (source, target) = (config.str("source")?, config.str("target")?);
        require_sources(element)?;
        let key = [("source".to_owned(), source.into()), ("target".to_owned(), target.into())];
        Ok(Configured { unique_key: Value::Mapping(key.into()).into(), plan: plan(source, target) })
    }
}

fn require_sources(element: &Element) -> Result<(), Rejection> {
    if !element.sources().is_empty() {
        return Ok(());
    }
    let message = "an import element must have at least one source; add one under 'sources:'".to_owned();
    Err(Rejection { reason: RejectionReason::Sources, message, node: None })
}

fn plan(source: &str, target: &str) -> Plan {
    let copy = Copying { from: path::below("/input", source), to: path::below("/output", target) };
    Plan {
        digest_environment: Vec::new(),
        working_directory: None,
        marked_directories: Vec::new(),
        steps: vec![Step::StageSources("/input".to_owned()), Step::CopyTree(copy)],
        collect: "/output".to_owned(),
    }
}

export_kind!(Import);
