//! Dependencies between crates go only to lower floors, and some third-party crates may only be used by certain
//! crates.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// The crates of each floor, from the lowest.
const FLOORS: [&[&str]; 7] = [
    &["spec-component-metadata", "spec-model", "spec-proto", "spec-files"],
    &["spec-cas", "spec-strategy", "spec-sandbox"],
    &["spec-action"],
    &[
        "spec-project",
        "spec-source",
        "spec-execution",
        "spec-plugins",
        "spec-artifact",
        "spec-recording",
        "spec-remote",
    ],
    &[
        "spec-build",
        "spec-plugin-package",
        "spec-reapi",
        "spec-remote-execution",
        "spec-scheduler",
        "spec-shared-cache",
        "spec-speculation",
    ],
    &["spec-session", "spec-replay", "spec-report"],
    &["spec-host"],
];

/// Crates for tests and set-up: others may depend on them only in tests.
const BESIDE: [&str; 3] = ["spec-testkit", "spec-tests", "xtask"];

/// Third-party crates that only some crates may depend on.
const RESERVED: [(&str, &[&str]); 15] = [
    ("wasmparser", &["spec-component-metadata"]),
    ("wasmtime", &["spec-plugins"]),
    ("saphyr-parser", &["spec-project"]),
    ("serde_yaml", &["spec-plugin-package"]),
    ("oci-client", &["spec-plugin-package"]),
    ("wit-component", &["spec-plugin-package"]),
    ("wit-bindgen-c", &["spec-plugin-package"]),
    // The binary writes archives of checkouts; spec-source reads archives.
    ("tar", &["spec-source", "spec-host"]),
    ("git2", &["spec-source"]),
    ("reqwest", &["spec-source"]),
    ("plotters", &["spec-report"]),
    ("prost-build", &["spec-proto"]),
    ("tonic", &["spec-reapi", "spec-remote"]),
    ("clap", &["spec-host"]),
    ("anyhow", &["spec-host"]),
];

/// Crates that another crate must not depend on, not even indirectly.
const UNREACHABLE: [(&str, &str); 10] = [
    ("spec-scheduler", "wasmtime"),
    ("spec-session", "clap"),
    ("spec-project", "wasmtime"),
    ("spec-build", "wasmtime"),
    ("spec-replay", "wasmtime"),
    ("spec-report", "wasmtime"),
    ("spec-speculation", "wasmtime"),
    ("spec-speculation", "spec-sandbox"),
    ("spec-action", "spec-sandbox"),
    ("spec-model", "tokio"),
];

#[test]
fn every_crate_has_a_floor() {
    let house = House::of_this_checkout();
    let rooms: BTreeSet<_> = FLOORS.concat().into_iter().chain(BESIDE).map(str::to_owned).collect();
    assert_eq!(house.members.keys().cloned().collect::<BTreeSet<_>>(), rooms, "see FLOORS and BESIDE");
}

#[test]
fn edges_go_to_a_lower_floor() {
    let house = House::of_this_checkout();
    let climbing: Vec<_> = house.edges().filter(|edge| edge.climbs()).map(|edge| edge.to_string()).collect();
    assert!(climbing.is_empty(), "these edges do not go to a lower floor:\n{}", climbing.join("\n"));
}

#[test]
fn reserved_dependencies_stay_in_their_rooms() {
    let house = House::of_this_checkout();
    let mut strays = vec![];
    for (dependency, rooms) in RESERVED {
        for edge in house.edges().filter(|edge| edge.to == dependency) {
            if floor(edge.from).is_some() && !rooms.contains(&edge.from) && edge.kind != "dev" {
                strays.push(format!("{edge}; only {rooms:?} may"));
            }
        }
    }
    assert!(strays.is_empty(), "these dependencies have a room of their own:\n{}", strays.join("\n"));
}

#[test]
fn rooms_do_not_reach_what_they_must_not_know() {
    let graph = Graph::of_this_checkout();
    let unknown: Vec<_> =
        UNREACHABLE.iter().flat_map(|(from, to)| [from, to]).filter(|name| !graph.has(name)).collect();
    assert!(unknown.is_empty(), "these rules name crates that there are not: {unknown:?}");
    let paths: Vec<_> = UNREACHABLE.iter().filter_map(|(from, to)| graph.path(from, to)).collect();
    assert!(paths.is_empty(), "these paths must not be:\n{}", paths.join("\n"));
}

#[test]
fn the_graph_sees_what_is_reached() {
    let path = Graph::of_this_checkout().path("xtask", "serde_core");
    let path = path.expect("xtask reads JSON");
    assert!(path.starts_with("xtask -> ") && path.ends_with(" -> serde_core"), "{path}");
}

#[test]
fn the_rules_see_an_edge_that_climbs() {
    let climb = |from, to| Edge { from, to, kind: "normal" }.climbs();
    assert!(climb("spec-cas", "spec-source"), "up");
    assert!(climb("spec-cas", "spec-sandbox"), "to a neighbour");
    assert!(!climb("spec-source", "spec-cas"), "down");
    assert!(climb("spec-cas", "xtask"), "out of the house");
    assert!(!climb("spec-cas", "serde"), "to a crate of others");
    let test = |to| Edge { from: "spec-cas", to, kind: "dev" }.climbs();
    assert!(!test("spec-testkit"), "to be tested");
    assert!(test("spec-source"), "up, to be tested");
}

/// The floor of a room.
fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&name))
}

/// A dependency as a manifest names it.
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    /// `normal`, `build` or `dev`.
    kind: &'a str,
}

impl Edge<'_> {
    fn climbs(&self) -> bool {
        let is_ours = floor(self.to).is_some() || BESIDE.contains(&self.to);
        match (floor(self.from), floor(self.to)) {
            (None, _) => false,
            (Some(from), Some(to)) => from <= to,
            (Some(_), None) => is_ours && !(self.kind == "dev" && self.to == "spec-testkit"),
        }
    }
}

impl std::fmt::Display for Edge<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place =
            |name| floor(name).map_or_else(|| "no floor".to_owned(), |floor| format!("floor {floor}"));
        let Edge { from, to, kind } = self;
        write!(out, "{from} ({}) -> {to} ({}), a {kind} dependency", place(from), place(to))
    }
}

/// The crates of the workspace with the dependencies that their manifests name, and their kinds.
struct House {
    members: BTreeMap<String, Vec<(String, String)>>,
}

impl House {
    fn of_this_checkout() -> House {
        let metadata = metadata(&["--no-deps"]);
        let members = array(&metadata["packages"]).iter().map(|package| {
            let dependencies = array(&package["dependencies"]).iter();
            let dependencies =
                dependencies.map(|d| (text(&d["name"]), d["kind"].as_str().unwrap_or("normal").to_owned()));
            (text(&package["name"]), dependencies.collect())
        });
        House { members: members.collect() }
    }

    fn edges(&self) -> impl Iterator<Item = Edge<'_>> {
        self.members.iter().flat_map(|(from, to)| to.iter().map(move |(to, kind)| Edge { from, to, kind }))
    }
}

/// All crates, including third-party ones, with their normal and build dependencies.
struct Graph {
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn of_this_checkout() -> Graph {
        // Crates for other systems may be missing on this machine.
        let here = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let metadata = metadata(&["--filter-platform", &here]);
        let mut needs = BTreeMap::<String, BTreeSet<String>>::new();
        let names: BTreeMap<_, _> =
            array(&metadata["packages"]).iter().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
        for node in array(&metadata["resolve"]["nodes"]) {
            let needed = array(&node["deps"]).iter().filter(|dependency| {
                array(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].as_str() != Some("dev"))
            });
            let needed = needed.map(|dependency| names[&text(&dependency["pkg"])].clone());
            needs.entry(names[&text(&node["id"])].clone()).or_default().extend(needed);
        }
        Graph { needs }
    }

    fn has(&self, name: &str) -> bool {
        self.needs.contains_key(name)
    }

    /// A shortest way from one crate to another, as text.
    fn path(&self, from: &str, to: &str) -> Option<String> {
        let mut paths = vec![vec![from.to_owned()]];
        let mut seen = BTreeSet::new();
        while !paths.is_empty() {
            let mut longer = vec![];
            for path in paths {
                let last = path.last().expect("a path has a beginning");
                if last == to {
                    return Some(path.join(" -> "));
                }
                for next in self.needs.get(last).into_iter().flatten() {
                    if seen.insert(next.clone()) {
                        longer.push([&path[..], std::slice::from_ref(next)].concat());
                    }
                }
            }
            paths = longer;
        }
        None
    }
}

fn metadata(arguments: &[&str]) -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1"]).args(arguments);
    let output = cargo.current_dir(spec_testkit::checkout()).output().expect("cargo compiled this test");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {errors}");
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().expect("cargo metadata names everything").to_owned()
}
