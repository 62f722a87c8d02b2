//! `plugin bench`

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spec_plugin_package::built_component;
use spec_plugins::{CallUsage, ComponentWorld, Options, Plugins, PolicyComponent, PolicyRequest};
use spec_strategy::{
    Candidate, InputAlternatives, KindRegistry, KindRequest, NoDependencies, NoFacts, OriginInfo, OriginKind,
    OriginState, PastExecution, PrimingFacts, PrimingLoad,
};

use super::check::sample_elements;
use crate::app::App;
use crate::cli::PluginBenchArgs;
use crate::commands::print;
use crate::error::CommandResult;

/// How many entries a question has.
const SIZES: [u32; 3] = [1, 60, 1000];

/// How long each size is measured.
const DURATION: Duration = Duration::from_millis(300);

/// Calls before the measured ones.
const WARM_UP: usize = 3;

/// What questions of one size cost.
struct BenchRow {
    entries: u32,
    calls: u64,
    /// The median time of a call.
    time: Duration,
    usage: CallUsage,
}

/// Measures a plugin.
///
/// # Errors
/// When it cannot be loaded, or a call fails.
pub(super) fn run(app: &App, args: &PluginBenchArgs) -> CommandResult {
    let component = built_component(&args.plugin)?;
    let plugins = Plugins::new(Options { keep_answers: false, ..app.plugin_options() });
    let request = PolicyRequest {
        component: PolicyComponent::File(component.clone()),
        settings: args.settings.clone(),
    };
    let rows = match plugins.world_of(&component)? {
        ComponentWorld::PrimingPolicy => priming(&plugins, &request)?,
        ComponentWorld::OverlayPolicy => overlay(&plugins, &request)?,
        ComponentWorld::ElementKind => kind(&plugins, &component)?,
    };
    match args.json {
        true => print(&format!("{:#}\n", Value::Array(rows.iter().map(BenchRow::json).collect()))),
        false => print(&table(&rows)),
    }
}

fn priming(plugins: &Plugins, request: &PolicyRequest) -> CommandResult<Vec<BenchRow>> {
    let mut policy = plugins.priming_policy(request, "bench")?.policy;
    let load = PrimingLoad { slots: Some(16), free: 1000, ..PrimingLoad::default() };
    let candidate = |number: u32| Candidate {
        action: number,
        element: number / 8,
        program: number % 5,
        run_ms: Some(recorded(number).run_ms),
        cpu_ms: recorded(number).cpu_ms,
        hits: number % 7,
        misses: number % 3,
        critical_ms: 10 * number,
        distance: number % 4,
        ..Candidate::default()
    };
    let batch = batch(policy.wants().largest_batch);
    let one_size = |entries: u32| {
        let candidates: Vec<Candidate> = (0..entries).map(candidate).collect();
        measure(plugins, entries, || {
            for candidates in candidates.chunks(batch) {
                policy.decide(candidates, &load, &BenchFacts)?;
            }
            Ok(())
        })
    };
    SIZES.into_iter().map(one_size).collect()
}

/// How long an action took when it was recorded.
fn recorded(action: u32) -> PastExecution {
    PastExecution { run_ms: 20 + action, cpu_ms: Some(15 + action) }
}

/// Nothing is known but how long actions took.
struct BenchFacts;

impl PrimingFacts for BenchFacts {
    fn last_execution(&self, action: u32) -> Option<PastExecution> {
        Some(recorded(action))
    }

    fn history(&self, action: u32) -> Vec<PastExecution> {
        vec![recorded(action)]
    }
}

fn overlay(plugins: &Plugins, request: &PolicyRequest) -> CommandResult<Vec<BenchRow>> {
    let mut policy = plugins.overlay_policy(request, "bench")?.policy;
    let alternatives = |input: u32| {
        let source = OriginInfo { kind: OriginKind::Source, element: None };
        let artifact = OriginInfo { kind: OriginKind::Artifact, element: Some(input % 9) };
        let alternatives = vec![(source, OriginState::Changed), (artifact, OriginState::Pending)];
        InputAlternatives { input, alternatives }
    };
    let batch = batch(policy.wants().largest_batch);
    let one_size = |entries: u32| {
        let inputs: Vec<InputAlternatives> = (0..entries).map(alternatives).collect();
        measure(plugins, entries, || {
            for inputs in inputs.chunks(batch) {
                policy.choose(inputs, &NoFacts)?;
            }
            Ok(())
        })
    };
    SIZES.into_iter().map(one_size).collect()
}

/// A kind is asked about one element at a time.
fn kind(plugins: &Plugins, component: &Path) -> CommandResult<Vec<BenchRow>> {
    let name = component.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let kind = plugins.kind(&KindRequest::of_file(&name, component.to_owned()))?;
    let [_, element] = sample_elements();
    let row = measure(plugins, 1, || {
        // That it refuses the sample is an answer, too.
        match kind.configure(&element, &NoDependencies) {
            Ok(_) | Err(spec_strategy::KindError::Rejected { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    });
    Ok(vec![row?])
}

fn batch(largest: Option<u32>) -> usize {
    largest.map_or(usize::MAX, |largest| usize::try_from(largest).unwrap_or(usize::MAX)).max(1)
}

fn measure(
    plugins: &Plugins,
    entries: u32,
    mut call: impl FnMut() -> CommandResult,
) -> CommandResult<BenchRow> {
    for _ in 0..WARM_UP {
        call()?;
    }
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < DURATION || times.is_empty() {
        let start = Instant::now();
        call()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let (calls, time) = (times.len() as u64, times[times.len() / 2]);
    Ok(BenchRow { entries, calls, time, usage: plugins.last_call() })
}

impl BenchRow {
    fn ns_per_entry(&self) -> u128 {
        self.time.as_nanos() / u128::from(self.entries.max(1))
    }

    fn json(&self) -> Value {
        json!({
            "entries": self.entries,
            "calls": self.calls,
            "ns": u64::try_from(self.ns_per_entry()).unwrap_or(u64::MAX),
            "fuel": self.usage.fuel / u64::from(self.entries.max(1)),
            "memory": self.usage.memory,
        })
    }
}

fn table(rows: &[BenchRow]) -> String {
    let head = "entries  ns an entry  fuel an entry  memory      calls\n".to_owned();
    let row = |row: &BenchRow| {
        let fuel = row.usage.fuel / u64::from(row.entries.max(1));
        let memory = crate::term::format_size(row.usage.memory);
        format!("{:7}  {:11}  {fuel:13}  {memory:10}  {:5}\n", row.entries, row.ns_per_entry(), row.calls)
    };
    head + &rows.iter().map(row).collect::<String>()
}
