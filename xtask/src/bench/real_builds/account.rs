//! What the builds of each element came to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::super::measure::median;
use super::super::table::{draw, time};
use super::Way;

/// A rebuild of one element.
#[derive(Clone, Copy, Default)]
pub(super) struct ElementBuild {
    wall: Duration,
    asked: usize,
    on_request: usize,
}

/// The rebuilds of each element, in each way.
#[derive(Default)]
pub(super) struct Accounts {
    elements: BTreeMap<String, (String, [Vec<ElementBuild>; 3])>,
    /// What builds after a priming run had executed on request: the element and the first output.
    on_request: BTreeSet<String>,
}

impl Accounts {
    /// Adds what the events of a build say, and what `artifact subactions --json` then printed.
    pub(super) fn add(&mut self, way: Way, events: &Path, subactions: &str) -> Result<()> {
        let events = events_of(events)?;
        let artifacts: Vec<Value> = serde_json::from_str(subactions).context("it is JSON")?;
        let kinds = events.iter().find(|event| event["event"] == "session-start");
        let kinds = kinds.and_then(|event| event["elements"].as_array()).context("a session has elements")?;
        for artifact in artifacts {
            let name = artifact["artifact"].as_str().context("an artifact has a name")?;
            let built = events.iter().find(|event| {
                event["event"] == "job-end" && event["task"] == "build" && event["element"] == name
            });
            let wall = built.and_then(|event| event["duration"].as_f64());
            let Some(wall) = wall.map(Duration::from_secs_f64) else { continue };
            let actions: Vec<&Value> = artifact["subactions"].as_array().into_iter().flatten().collect();
            let on_request = actions.iter().filter(|action| action["answered"] == "executed").count();
            if way == Way::AfterPrime {
                let missed = actions.iter().filter(|action| action["answered"] == "executed");
                let output =
                    |action: &&Value| action["outputs"][0]["path"].as_str().unwrap_or("?").to_owned();
                self.on_request.extend(missed.map(|action| format!("{name}: {}", output(action))));
            }
            let build = ElementBuild { wall, asked: actions.len(), on_request };
            let kind = kinds.iter().find(|element| element["name"] == name).map(|element| &element["kind"]);
            let kind = kind.and_then(Value::as_str).unwrap_or_default().to_owned();
            let (_, builds) =
                self.elements.entry(name.to_owned()).or_insert_with(|| (kind, Default::default()));
            builds[way as usize].push(build);
        }
        Ok(())
    }

    /// How many actions were executed on request in the builds of a way, at most in one of them.
    pub(super) fn missed(&self, way: Way) -> usize {
        let builds = self.elements.values().map(|(_, builds)| &builds[way as usize]);
        let rounds = builds.clone().map(Vec::len).max().unwrap_or_default();
        let of_round = |round| {
            builds.clone().filter_map(|of| of.get(round)).map(|one: &ElementBuild| one.on_request).sum()
        };
        (0..rounds).map(of_round).max().unwrap_or_default()
    }
}

/// The events of a build.
pub(super) fn events_of(file: &Path) -> Result<Vec<Value>> {
    let lines = fs::read_to_string(file)?;
    lines.lines().map(|line| serde_json::from_str(line).context("events are JSON")).collect()
}

impl Display for Accounts {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let head = [
            "element",
            "kind",
            "actions",
            "on request without",
            "with",
            "after prime",
            "wall without",
            "with",
            "after prime",
        ];
        let rows = self.elements.iter().map(|(name, (kind, builds))| {
            let count = |of: &dyn Fn(&ElementBuild) -> usize, builds: &[ElementBuild]| {
                builds.iter().map(of).max().unwrap_or_default().to_string()
            };
            let wall = |builds: &[ElementBuild]| match builds {
                [] => String::new(),
                builds => time(median(builds.iter().map(|build| build.wall).collect())),
            };
            let on_request = |builds: &[ElementBuild]| count(&|build| build.on_request, builds);
            let asked = count(&|build| build.asked, &builds[Way::With as usize]);
            let [one, two, three] = builds.each_ref().map(|builds| on_request(builds));
            let [first, second, third] = builds.each_ref().map(|builds| wall(builds));
            [name.clone(), kind.clone(), asked, one, two, three, first, second, third]
        });
        let rows: Vec<_> = [head.map(str::to_owned)].into_iter().chain(rows).collect();
        draw(out, &rows)?;
        self.on_request
            .iter()
            .try_for_each(|action| writeln!(out, "on request after the priming run: {action}"))
    }
}
