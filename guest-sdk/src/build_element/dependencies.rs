//! Where build dependencies are staged, and which variables name their trees.

use std::collections::BTreeMap;

use crate::{Dependency, DigestEnvironment, Element, Mapping, Node, Rejection, Step, Value, path};

const LOCATION: &str = "location";
const DIGEST_ENVIRONMENT: &str = "digest-environment";

/// BuildStream 2 spells it this way in its keys; an equal key needs an equal spelling.
const DIGEST_KEY: &str = "digest-enviornment";

/// Build dependencies by what their `config` says; sorted, in the order of the declaration within.
#[derive(Default)]
pub(super) struct Dependencies<'a> {
    by_location: DependencyGroups<'a>,
    by_variable: DependencyGroups<'a>,
}

type DependencyGroups<'a> = BTreeMap<&'a str, Vec<Dependency<'a>>>;

impl<'a> Dependencies<'a> {
    /// Reads `location` and `digest-environment` of each build dependency.
    pub(super) fn read(element: &'a Element) -> Result<Self, Rejection> {
        let mut found = Self::default();
        for dependency in element.dependencies().filter(|dependency| dependency.build) {
            let config = dependency.config.map(Node::as_mapping).transpose()?;
            let (location, variable) = config.map_or(Ok((None, None)), location_and_variable)?;
            found.by_location.entry(location.unwrap_or("/")).or_default().push(dependency);
            if let Some(variable) = variable {
                found.by_variable.entry(variable).or_default().push(dependency);
            }
        }
        Ok(found)
    }

    /// Entries of the unique key: none if all dependencies are staged at `/` and no variable names a tree.
    pub(super) fn key(&self) -> Vec<(String, Value)> {
        let mut key = Vec::new();
        if self.by_location.keys().any(|location| !matches!(*location, "" | "/")) {
            key.push(("layout".to_owned(), paths(&self.by_location)));
        }
        if !self.by_variable.is_empty() {
            key.push((DIGEST_KEY.to_owned(), paths(&self.by_variable)));
        }
        key
    }

    /// Stages every location in turn, then integrates what is at `/`.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> =
            self.by_location.iter().map(|(location, group)| stage(location, group)).collect();
        if let Some(group) = self.by_location.get("/") {
            steps.push(Step::Integrate(indices(group)));
        }
        steps
    }

    /// The variables that name trees.
    pub(super) fn digest_environment(&self) -> Vec<DigestEnvironment> {
        let named = |(variable, group): (&&str, &Vec<_>)| DigestEnvironment {
            variable: (*variable).to_owned(),
            dependencies: indices(group),
        };
        self.by_variable.iter().map(named).collect()
    }
}

fn location_and_variable(config: Mapping<'_>) -> Result<(Option<&str>, Option<&str>), Rejection> {
    config.validate_keys(&[DIGEST_ENVIRONMENT, LOCATION])?;
    Ok((config.opt_str(LOCATION)?, config.opt_str(DIGEST_ENVIRONMENT)?))
}

fn stage(location: &str, group: &[Dependency<'_>]) -> Step {
    Step::StageDependencies { location: path::absolute(location), dependencies: indices(group) }
}

fn indices(group: &[Dependency<'_>]) -> Vec<u32> {
    group.iter().map(|dependency| dependency.index).collect()
}

fn paths(groups: &DependencyGroups<'_>) -> Value {
    let entry = |(name, group): (&&str, &Vec<Dependency<'_>>)| {
        ((*name).to_owned(), Value::texts(group.iter().map(|dependency| dependency.path)))
    };
    Value::Mapping(groups.iter().map(entry).collect())
}
