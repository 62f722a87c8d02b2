//! The element kind `collect_manifest`: a list of the sources of all its dependencies.
//!
//! Its elements have their keys. They cannot be built: what sources tell of themselves is not told to kinds.

use spec_guest_sdk::{
    Configured, Element, ElementKind, Forbids, KindDescription, Mapping, Plan, Rejection, Traits, Value,
    export,
};

struct CollectManifest;

impl ElementKind for CollectManifest {
    fn describe() -> KindDescription {
        KindDescription {
            artifact_version: 2,
            traits: Traits::STRICT_REBUILD | Traits::HAS_ARTIFACT,
            forbids: Forbids::SOURCES | Forbids::RUNTIME_DEPENDENCIES,
            ..KindDescription::new("collect_manifest", env!("CARGO_PKG_VERSION"))
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        let config = element.config()?;
        let is_spdx = is_spdx(config)?;
        let document = document(config)?;
        let mut key = vec![("path", config.opt_str("path")?.map_or(Value::Null, Value::from))];
        if is_spdx {
            key.extend([("output_type", "spdx".into()), ("spdx_info", document)]);
        }
        if config.bool_or("use-source-provenance", true)? {
            key.push(("source_provenance", Value::Bool(true)));
        }
        let mut plan = Plan::new("/");
        let message = "elements of the kind 'collect_manifest' cannot be built yet: what their dependencies' sources tell of \
                       themselves is not known to kinds";
        let refusal = Rejection::other("unsupported", message);
        plan.refusal =
            Some(refusal.hint("build it with BuildStream, and pull its artifact: it has the same key"));
        Ok(Configured { unique_key: Value::mapping(key), plan })
    }
}

fn is_spdx(config: Mapping<'_>) -> Result<bool, Rejection> {
    let Some(node) = config.get("output-type") else { return Ok(false) };
    match node.as_str()? {
        "manifest" => Ok(false),
        "spdx" => Ok(true),
        _ => Err(node.expected("'manifest' or 'spdx'")),
    }
}

/// What the key has of `spdx-info`.
fn document(config: Mapping<'_>) -> Result<Value, Rejection> {
    let Some(node) = config.get("spdx-info") else { return Ok(Value::Sequence(vec![Value::Null; 5])) };
    let info = node.as_mapping()?;
    info.validate_keys(&["creators", "created", "data-license", "doc-namespace", "name"])?;
    let text = |name| Ok::<_, Rejection>(info.opt_str(name)?.map_or(Value::Null, Value::from));
    let creators = info.get("creators").map(|node| node.as_str_list()).transpose()?;
    let created = match info.get("created") {
        None => Value::Null,
        Some(node) => Value::Int(node.as_str()?.trim().parse().map_err(|_| node.expected("a whole number"))?),
    };
    Ok(Value::Sequence(vec![
        creators.map_or(Value::Null, Value::texts),
        text("data-license")?,
        created,
        text("doc-namespace")?,
        text("name")?,
    ]))
}

export!(CollectManifest as ElementKind);

#[cfg(test)]
mod tests {
    use spec_guest_sdk::testing::{Config, TestElement};

    use super::*;

    #[test]
    fn the_key_says_what_is_written() {
        let key = |element: TestElement| {
            CollectManifest::configure(&element.sources(&[]).element())
                .map(|configured| configured.unique_key)
        };
        let plain = key(TestElement::new("m.bst")).expect("it is good");
        assert_eq!(plain, Value::mapping([("path", Value::Null), ("source_provenance", Value::Bool(true))]));
        let created = Config::dictionary(&[("created", Config::text("12"))]);
        let spdx = TestElement::new("m.bst")
            .config("output-type", Config::text("spdx"))
            .config("spdx-info", created);
        let Ok(Value::Mapping(entries)) = key(spdx) else { panic!("it is good") };
        assert!(entries.iter().any(|(name, _)| name == "spdx_info"));
        let wrong =
            key(TestElement::new("m.bst").config("output-type", Config::text("xml"))).expect_err("no type");
        assert_eq!(wrong.message, "expected 'manifest' or 'spdx', found 'xml'");
    }
}
