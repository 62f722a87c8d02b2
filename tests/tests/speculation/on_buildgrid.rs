//! The cases with real tools, with a BuildGrid and its workers as remote execution; and its scheduler restarted in the middle of
//! builds. To bring the base to a BuildGrid takes seconds, so there is one for all.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use spec_testkit::engines::BuildGrid;
use spec_testkit::{Host, Outcome, wait_for};

use crate::case::{Case, executed};
use crate::{chains, feedback, generation, rebuilds, sets, useless};

/// Actions that its worker executes at a time.
const JOBS: usize = 4;
/// Cases that run at a time: most of the time of an action, its worker sleeps.
const THREADS: usize = 3;

/// A case by its number in `docs/speculation.md`.
type NumberedCase = (&'static str, fn(&Case));

/// The slowest first: those whose first builds run `configure`, of which each compiler's call is an action that waits for the last.
const CASES: [NumberedCase; 12] = [
    ("9", rebuilds::five_rebuilds_and_a_failed_one),
    ("1, 2", |case| {
        let base = generation::build_with_recc(case);
        generation::generation(case, &base);
        generation::chain(case, &base);
    }),
    ("11", feedback::feedback),
    ("3", rebuilds::own_source_changed),
    ("4", rebuilds::a_changed_header_is_built_ahead),
    ("10", useless::useless_speculation),
    ("6", rebuilds::base_bump),
    ("5, slow", chains::action_chains_with_a_slow_dependency),
    ("5, across", chains::action_chains_across_elements),
    ("7", sets::file_set),
    ("12", chains::the_trexe_chain),
    ("8", rebuilds::equal_bytes),
];

/// What a configuration says of the cluster, and of who else executes.
fn cluster(grid: &BuildGrid, connection: &str, local_fallback: bool) -> String {
    let service = format!("{{url: '{}'{connection}}}", grid.url());
    let fallback = if local_fallback { "True" } else { "False" };
    format!(
        "remote-execution:\n  execution-service: {service}\n  storage-service: {service}\nexecution: {{local-fallback: {fallback}}}\n"
    )
}

/// Runs the cases but those left out, each with a project of its own and this configuration.
pub(crate) fn run_cases(configuration: &str, left_out: &[&str]) {
    let cases = Mutex::new(CASES.iter().filter(|(name, _)| !left_out.contains(name)));
    let work = || {
        loop {
            let next = cases.lock().expect("no case panics with it").next();
            let Some((name, case)) = next else { return };
            let start = Instant::now();
            case(&Case::on(Host::shared(), configuration));
            eprintln!("case {name} took {:.1?}", start.elapsed());
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|_| _ = scope.spawn(work)));
}

#[test]
fn the_cases_and_a_restarted_scheduler() {
    let mut grid = BuildGrid::with_jobs(JOBS);
    // Nothing is executed here: each action is one of the cluster.
    run_cases(&cluster(&grid, "", false), &[]);
    assert!(grid.has_executed());
    let fallback = cluster(&grid, "", true);
    let here = a_restart_in_the_middle(&mut grid, &fallback);
    assert_eq!(lines(&here, "warning[cluster-away]"), 1, "{}", here.stderr);
    // Who is patient enough is served by the same scheduler again.
    let patient = cluster(&grid, ", connection-config: {retry-limit: 30, retry-delay: 500}", false);
    let there = a_restart_in_the_middle(&mut grid, &patient);
    assert_eq!(lines(&there, "warning[cluster-"), 0, "{}", there.stderr);
}

fn lines(outcome: &Outcome, with: &str) -> usize {
    outcome.stderr.lines().filter(|line| line.contains(with)).count()
}

/// Kills the scheduler while it has actions of a build, starts it again, and waits for the end of the build.
fn a_restart_in_the_middle(grid: &mut BuildGrid, configuration: &str) -> Outcome {
    let case = Case::on(Host::shared(), configuration);
    let sources = "for i in 1 2 3 4 5 6; do printf '#include <dep.h>\\nconst char *v%s = DEP_VERSION;\\n' $i > $i.c; done";
    let compile = "for i in 1 2 3 4 5 6; do recc gcc -c $i.c -o $i.o; done";
    let install = "install -D 6.o %{install-root}/6.o";
    let app = case.manual("app", "", &[sources, compile, install]);
    let before = grid.executions();
    let (built, took) = thread::scope(|scope| {
        let start = Instant::now();
        let build = scope.spawn(|| case.try_build(&app, &[]).0);
        wait_for("the second action of the build", || grid.executions() >= before + 2);
        grid.kill_scheduler();
        grid.start_scheduler();
        (build.join().expect("the build is awaited"), start.elapsed())
    });
    let _ = built.success();
    eprintln!("with a restart in the middle: {took:.1?}");
    assert!(took < Duration::from_secs(120), "{took:?}");
    let answers = case.answers(&app);
    assert_eq!((answers.len(), executed(&answers)), (6, 6), "{answers:?}");
    let object = case.installed(&app, "6.o");
    assert!(String::from_utf8_lossy(&object).contains(&case.version(1)));
    built
}
