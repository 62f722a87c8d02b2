//! The element kind `filter`: a part of another element's artifact, by domains.

use spec_guest_sdk::dependencies::StagedElement;
use spec_guest_sdk::{
    Configured, Dependency, DomainSelection, Element, ElementKind, Forbids, KindDescription, Mapping, Plan,
    PublicData, Rejection, Step, Traits, Value, export,
};

const BST: &str = "bst";
const INTEGRATION: &str = "integration-commands";

struct Filter;

impl ElementKind for Filter {
    fn describe() -> KindDescription {
        KindDescription {
            artifact_version: 1,
            traits: Traits::STRICT_REBUILD | Traits::HAS_ARTIFACT,
            forbids: Forbids::SOURCES,
            ..KindDescription::new("filter", env!("CARGO_PKG_VERSION"))
                .defaults(include_str!("defaults.yaml"))
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        let config = element.config()?;
        config.validate_keys(&["include", "exclude", "include-orphans", "pass-integration"])?;
        let domains = DomainSelection {
            include: config.require("include")?.as_str_list()?,
            exclude: config.require("exclude")?.as_str_list()?,
            orphans: config.require("include-orphans")?.as_bool()?,
        };
        let passes_integration = config.bool_or("pass-integration", false)?;
        let parent = parent(element)?;
        let unique_key = Value::mapping([
            ("include", sorted(&domains.include)),
            ("exclude", sorted(&domains.exclude)),
            ("orphans", Value::Bool(domains.orphans)),
        ]);
        let staged = require_artifact(element, parent)?;
        let public =
            staged.as_ref().and_then(|staged| element.public_data_of(BST, &[staged.number]).pop()?);
        let mut plan = Plan::new("/");
        plan.refusal = staged.and_then(|_| unknown_domains(config, &domains, public.as_ref()));
        if passes_integration {
            plan.public_data.push((BST.to_owned(), with_integration(element, public.as_ref())));
        }
        let stage = Step::StageFiles {
            location: "/".to_owned(),
            dependencies: vec![parent.index],
            domains,
            runtime: false,
        };
        Ok(Configured { unique_key, plan: plan.step(stage) })
    }
}

fn sorted(names: &[String]) -> Value {
    let mut names = names.to_vec();
    names.sort_unstable();
    Value::texts(names)
}

/// The only build dependency.
fn parent(element: &Element) -> Result<Dependency<'_>, Rejection> {
    let build: Vec<Dependency<'_>> = element.dependencies().filter(|dependency| dependency.build).collect();
    let [parent] = build[..] else {
        let found = match &build[..] {
            [] => "none".to_owned(),
            several => several.iter().map(|dependency| dependency.path).collect::<Vec<_>>().join(", "),
        };
        let message = format!(
            "a filter needs exactly one build dependency, the element that it filters; found {found}"
        );
        return Err(Rejection::other("filter-bdepend-wrong-count", message).hint(
            "list one element under 'build-depends:', and what the files need under 'runtime-depends:'",
        ));
    };
    let runs_too =
        element.dependencies().any(|dependency| dependency.runtime && dependency.path == parent.path);
    if runs_too {
        let message = format!(
            "a filter has the part of '{}' that it selects, so it cannot depend on all of it at run time too",
            parent.path
        );
        return Err(Rejection::other("filter-bdepend-also-rdepend", message)
            .hint("list it under 'build-depends:' alone"));
    }
    Ok(parent)
}

/// The element that is filtered, if the host knows it. It must have an artifact.
fn require_artifact(element: &Element, parent: Dependency<'_>) -> Result<Option<StagedElement>, Rejection> {
    let staged = element.staged(&[parent.index]).pop();
    match staged {
        Some(staged) if !staged.has_artifact => {
            let message = format!(
                "'{}' is a {}, which has no files, so there is nothing to filter",
                parent.path, staged.kind
            );
            Err(Rejection::other("filter-bdepend-no-artifact", message)
                .hint("filter an element with files; a 'compose' element has those of several"))
        }
        staged => Ok(staged),
    }
}

/// That a domain is named which the filtered element does not have: nothing would be selected by it.
fn unknown_domains(
    config: Mapping<'_>,
    domains: &DomainSelection,
    public: Option<&PublicData>,
) -> Option<Rejection> {
    let rules = public.and_then(|public| public.get("split-rules"));
    let is_unknown = |domain: &&String| rules.is_none_or(|rules| rules.get(domain).is_none());
    for (key, names) in [("include", &domains.include), ("exclude", &domains.exclude)] {
        let unknown: Vec<&str> = names.iter().filter(is_unknown).map(String::as_str).collect();
        if unknown.is_empty() {
            continue;
        }
        let message = format!(
            "the filtered element has no domain '{}', which '{key}' names; it has: {}",
            unknown.join("', '"),
            known(rules)
        );
        let rejection = Rejection::other("unknown-domains", message)
            .hint("name a domain of its 'split-rules', or declare it there");
        return Some(match config.get(key) {
            Some(node) => rejection.at(node),
            None => rejection,
        });
    }
    None
}

fn known(rules: Option<&PublicData>) -> String {
    match rules {
        Some(PublicData::Mapping(entries)) if !entries.is_empty() => {
            entries.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
        }
        _ => "none".to_owned(),
    }
}

/// The element's own public data, with the integration commands of the filtered element before its own.
fn with_integration(element: &Element, parent: Option<&PublicData>) -> PublicData {
    let mut own = element.own_public_data(BST).unwrap_or_else(|| PublicData::mapping([]));
    let commands = |data: Option<&PublicData>| {
        let listed = data.and_then(|data| data.get(INTEGRATION)).map(PublicData::as_texts);
        listed.unwrap_or_default().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = [commands(parent), commands(Some(&own))].concat();
    own.set(INTEGRATION, PublicData::texts(all));
    own
}

export!(Filter as ElementKind);

#[cfg(test)]
mod tests;
