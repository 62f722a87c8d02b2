//! What policies cost, those of the program and those that are components: `cargo bench -p spec-plugins`. Divide by
//! [`BATCH`] for the time of one candidate or input; the counter shows how many are decided in a second.

use divan::Bencher;
use divan::counter::ItemsCount;
use spec_plugins::{Options, Plugins, PolicyComponent, PolicyRequest, overlay_policies, priming_policies};
use spec_strategy::{
    BuiltInOverlayPolicy, BuiltInPrimingPolicy, Candidate, InputAlternatives, InputOrigins, LastDecision,
    NoFacts, Observation, OriginInfo, OriginKind, OriginState, Outcome, OverlayPolicy, PrimingLoad,
    PrimingPolicy,
};
use tempfile::TempDir;

const BATCH: u32 = 1000;

const BUILT_IN: &str = "built-in";

const LOAD: PrimingLoad = PrimingLoad {
    slots: Some(16),
    requested: 4,
    primed: 4,
    submitted: 0,
    hits: 0,
    free: 64,
    cpu_left_ms: Some(1 << 40),
    bytes_left: Some(1 << 40),
};

fn main() {
    divan::main();
}

fn with_built_in(components: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    std::iter::once(BUILT_IN).chain(components).collect()
}

fn plugins() -> (TempDir, Plugins) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plugins = Plugins::new(Options::new(folder.path().to_owned()));
    (folder, plugins)
}

fn embedded(name: &str) -> PolicyRequest {
    PolicyRequest { component: PolicyComponent::Embedded(name.to_owned()), settings: Vec::new() }
}

fn priming_policy(plugins: &Plugins, name: &str) -> Box<dyn PrimingPolicy> {
    match name {
        BUILT_IN => Box::new(BuiltInPrimingPolicy),
        name => plugins.priming_policy(&embedded(name), "bench").expect("it is in the program").policy,
    }
}

fn overlay_policy(plugins: &Plugins, name: &str) -> Box<dyn OverlayPolicy> {
    match name {
        BUILT_IN => Box::new(BuiltInOverlayPolicy),
        name => plugins.overlay_policy(&embedded(name), "bench").expect("it is in the program").policy,
    }
}

#[divan::bench(args = with_built_in(priming_policies()))]
fn decide(bencher: Bencher<'_, '_>, name: &str) {
    let (_folder, plugins) = plugins();
    let mut policy = priming_policy(&plugins, name);
    let candidates: Vec<Candidate> = (0..BATCH).map(candidate).collect();
    let bencher = bencher.counter(ItemsCount::new(BATCH));
    bencher.bench_local(|| policy.decide(&candidates, &LOAD, &NoFacts).expect("the policy answers"));
}

#[divan::bench(args = with_built_in(priming_policies()))]
fn observe(bencher: Bencher<'_, '_>, name: &str) {
    let (_folder, plugins) = plugins();
    let mut policy = priming_policy(&plugins, name);
    let observations: Vec<Observation> = (0..BATCH).map(observation).collect();
    let bencher = bencher.counter(ItemsCount::new(BATCH));
    bencher.bench_local(|| policy.observe(&observations, &NoFacts).expect("the policy answers"));
}

#[divan::bench(args = with_built_in(overlay_policies()))]
fn select(bencher: Bencher<'_, '_>, name: &str) {
    let (_folder, plugins) = plugins();
    let mut policy = overlay_policy(&plugins, name);
    let inputs: Vec<_> = (0..BATCH).map(|path| InputOrigins { path, origins: origins().into() }).collect();
    let bencher = bencher.counter(ItemsCount::new(BATCH));
    bencher.bench_local(|| policy.select(&inputs, &NoFacts).expect("the policy answers"));
}

#[divan::bench(args = with_built_in(overlay_policies()))]
fn choose(bencher: Bencher<'_, '_>, name: &str) {
    let (_folder, plugins) = plugins();
    let mut policy = overlay_policy(&plugins, name);
    let alternatives = origins().map(|origin| (origin, OriginState::Pending));
    let inputs: Vec<_> =
        (0..BATCH).map(|input| InputAlternatives { input, alternatives: alternatives.into() }).collect();
    let bencher = bencher.counter(ItemsCount::new(BATCH));
    bencher.bench_local(|| policy.choose(&inputs, &NoFacts).expect("the policy answers"));
}

fn origins() -> [OriginInfo; 3] {
    [OriginKind::Source, OriginKind::Action, OriginKind::Artifact]
        .map(|kind| OriginInfo { kind, element: Some(1) })
}

fn candidate(action: u32) -> Candidate {
    Candidate {
        action,
        element: action % 10,
        program: action % 7,
        run_ms: Some(50 + action),
        cpu_ms: Some(40 + action),
        hits: action % 4,
        misses: action % 3,
        element_hits: 0,
        element_misses: 0,
        fan_out: action % 5,
        critical_ms: action * 3,
        distance: action % 10,
    }
}

fn observation(action: u32) -> Observation {
    Observation {
        action,
        decision: LastDecision::Submitted,
        outcome: if action.is_multiple_of(3) { Outcome::Unused } else { Outcome::Used },
        run_ms: Some(50),
        cpu_ms: Some(40),
    }
}
