//! The element kind `import`: the sources become the artifact as they are.

use spec_guest_sdk::{
    Configured, Element, ElementKind, KindDescription, Plan, Rejection, Value, export, path,
};

struct Import;

impl ElementKind for Import {
    fn describe() -> KindDescription {
        KindDescription::new("import", env!("CARGO_PKG_VERSION")).defaults(include_str!("defaults.yaml"))
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        let config = element.config()?;
        config.validate_keys(&["source", "target"])?;
        let (source, target) = (config.str("source")?, config.str("target")?);
        require_sources(element)?;
        let unique_key = Value::mapping([("source", source.into()), ("target", target.into())]);
        let (from, to) = (path::below("/input", source), path::below("/output", target));
        let plan = Plan::new("/output").stage_sources("/input").copy_tree(from, to);
        Ok(Configured { unique_key, plan })
    }
}

fn require_sources(element: &Element) -> Result<(), Rejection> {
    if !element.sources().is_empty() {
        return Ok(());
    }
    Err(Rejection::sources("an import element must have at least one source")
        .hint("add one under 'sources:'"))
}

export!(Import as ElementKind);
