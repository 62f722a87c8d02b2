//! What policies that are components cost, for each candidate or input, in batches of 1,000.

#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use spec_plugins::{Options, Plugins, PolicyComponent, PolicyRequest, overlay_policies, priming_policies};
use spec_strategy::{
    BuiltInOverlayPolicy, BuiltInPrimingPolicy, Candidate, InputAlternatives, InputOrigins, Machine,
    Observation, OriginInfo, OriginKind, OriginState, Outcome, OverlayPolicy, PolicyError, PrimingPolicy,
};

const BATCH: u32 = 1000;
const RUNS: usize = 501;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let plugins = Plugins::new(Options::new(folder.path().to_owned()));
    let embedded = |name: &str| PolicyRequest {
        component: PolicyComponent::Embedded(name.to_owned()),
        settings: Vec::new(),
    };
    println!("median of {RUNS} batches of {BATCH}, nanoseconds for each");
    priming("built-in", &mut BuiltInPrimingPolicy)?;
    for name in priming_policies() {
        priming(name, &mut *plugins.priming_policy(&embedded(name), "bench")?.0)?;
    }
    overlay("built-in", &mut BuiltInOverlayPolicy)?;
    for name in overlay_policies() {
        overlay(name, &mut *plugins.overlay_policy(&embedded(name))?)?;
    }
    Ok(())
}

fn priming(name: &str, policy: &mut dyn PrimingPolicy) -> Result<(), PolicyError> {
    let candidates: Vec<Candidate> = (0..BATCH).map(candidate).collect();
    let machine = Machine {
        slots: 16,
        real: 4,
        primed: 4,
        sent: 0,
        hits: 0,
        free: 64,
        cpu_left_ms: 1 << 40,
        bytes_left: 1 << 40,
    };
    let told: Vec<Observation> = (0..BATCH).map(observation).collect();
    let decide = median(|| policy.decide(&candidates, &machine))?;
    let observe = median(|| policy.observe(&told))?;
    println!("{name:24} decide {decide:6.0}   observe {observe:6.0}");
    Ok(())
}

fn overlay(name: &str, policy: &mut dyn OverlayPolicy) -> Result<(), PolicyError> {
    let origins = [OriginKind::Source, OriginKind::Action, OriginKind::Artifact]
        .map(|kind| OriginInfo { kind, element: 1 });
    let inputs: Vec<_> = (0..BATCH).map(|path| InputOrigins { path, origins: origins.into() }).collect();
    let standings: Vec<_> = (0..BATCH)
        .map(|input| InputAlternatives {
            input,
            alternatives: origins.map(|one| (one, OriginState::Pending)).into(),
        })
        .collect();
    let select = median(|| policy.select(&inputs))?;
    let choose = median(|| policy.choose(&standings))?;
    println!("{name:24} select {select:6.0}   choose  {choose:6.0}");
    Ok(())
}

fn candidate(action: u32) -> Candidate {
    Candidate {
        action,
        element: action % 10,
        program: action % 7,
        took_ms: 50 + action,
        cpu_ms: 40 + action,
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
        outcome: if action.is_multiple_of(3) { Outcome::Unused } else { Outcome::Used },
        cpu_ms: 40,
    }
}

/// The median time of a batch, for each of it in nanoseconds.
fn median<T>(mut batch: impl FnMut() -> Result<T, PolicyError>) -> Result<f64, PolicyError> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        black_box(batch()?);
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[RUNS / 2].as_secs_f64() * 1e9 / f64::from(BATCH))
}
