//! Budgets of primed actions, in builds.

use std::fs;

use spec_proto::Message;
use spec_proto::buildstream::v2::SpeculativeActions;

use crate::case::{Case, buckets, count, executed, hits};

/// How many objects are compiled.
const OBJECTS: u64 = 8;

/// Makes sources that include the header and take the compiler about a third of a second each, and compiles them.
const SOURCES: &str = "seq 250 | sed 's/.*/int f&(int a) { return a * & + (a << 3) % (& + 7); }/' > body.h; \
     for i in 1 2 3 4 5 6 7 8; do \
     printf '#include <dep.h>\\n#include \"body.h\"\\nconst char *version%s = DEP_VERSION;\\n' $i > $i.c; done";
const COMPILE: &str = "for i in 1 2 3 4 5 6 7 8; do recc gcc -O2 -c $i.c -o $i.o; done";

/// The second of two builds with a changed header between them, with this user configuration.
fn rebuild(case: &Case, app: &str, scheduler: &str, more: &[&str]) -> crate::case::Figures {
    let _ = case.build(app);
    case.host.configure(&format!("scheduler:\n  speculative-actions: True\n{scheduler}"));
    case.write_header(2);
    case.build_with(app, more)
}

#[test]
fn cpu_seconds_bound_what_is_primed() {
    let case = Case::new();
    let app = case.manual("app", "", &[SOURCES, "sleep 2", COMPILE]);
    let figures = rebuild(&case, &app, "  speculation-budget: {cpu-seconds: 1}\n", &[]);
    let of_buckets = buckets(&figures);
    assert_eq!(of_buckets.values().sum::<u64>(), OBJECTS, "{figures:?}");
    assert!(count(&of_buckets, "skipped-budget") > 0 && hits(&figures) > 0, "{figures:?}");
    assert!(count(&figures, "cpu-ms") < 2000, "{figures:?}");
    // Without the limit all of it would have been primed.
    case.host.configure("scheduler:\n  speculative-actions: True\n");
    case.write_header(3);
    let unbounded = case.build(&app);
    assert_eq!(count(&unbounded, "skipped-budget"), 0, "{unbounded:?}");
    assert!(count(&unbounded, "cpu-ms") > count(&figures, "cpu-ms"), "{unbounded:?} {figures:?}");
}

#[test]
fn an_empty_budget_primes_nothing() {
    let compile = "for i in 1 2 3 4; do printf '#include <dep.h>\\nconst char *v = DEP_VERSION;\\n' > $i.c; \
                   recc gcc -c $i.c -o $i.o; done";
    for (budget, policy, expected) in [
        ("cpu-seconds: 0", "built-in", "skipped-budget"),
        ("output-size: 0", "built-in", "skipped-budget"),
        ("cpu-seconds: 0", "priming-selective", "skipped-too-dear"),
    ] {
        let case = Case::new();
        let app = case.manual("app", "", &["sleep 1", compile]);
        let scheduler = format!("  speculation-budget: {{{budget}}}\n  priming-policy: {policy}\n");
        let settings = ["--priming-setting", "least-ms=0"];
        let more = if policy == "built-in" { &[][..] } else { &settings[..] };
        let figures = rebuild(&case, &app, &scheduler, more);
        assert_eq!((count(&figures, "sent"), count(&figures, "cpu-ms")), (0, 0), "{figures:?}");
        assert!(count(&buckets(&figures), expected) > 0, "{budget} {policy}: {figures:?}");
        assert_eq!(executed(&case.answers(&app)), 4, "the build is the same: {figures:?}");
    }
}

#[test]
fn a_share_of_the_workers_is_left_to_the_build() {
    let case = Case::new();
    let compile = "for i in 1 2 3 4; do printf '#include <dep.h>\\nconst char *v = DEP_VERSION;\\n' > $i.c; \
                   recc gcc -c $i.c -o $i.o; done";
    let app = case.manual("app", "", &["sleep 1", compile]);
    let figures = rebuild(&case, &app, "  speculation-budget: {cpu-share: 0%}\n", &[]);
    assert_eq!((count(&figures, "recorded"), count(&figures, "sent")), (4, 0), "{figures:?}");
    case.host.configure("scheduler:\n  speculation-budget: {cpu-share: 1%}\n");
    case.write_header(3);
    assert!(hits(&case.build(&app)) > 0, "one worker may prime");
}

#[test]
fn the_upstream_format_is_written_where_it_is_wanted() {
    let case = Case::new();
    let source = "printf '#include <dep.h>\\n' > a.c";
    let app = case.manual("app", "", &[source, "sleep 1", "recc gcc -c a.c -o a.o"]);
    for (version, format, upstream) in [(1, "compact", false), (2, "upstream", true)] {
        case.host.configure(&format!("scheduler:\n  speculation-record-format: {format}\n"));
        case.write_header(version);
        let _ = case.build(&app);
        let hash = case.record(&app).expect("there is a record");
        let record = SpeculativeActions::decode(&*blob(&case, &hash)).expect("it is a record");
        assert!(record.compact.is_some());
        assert_eq!(record.actions.iter().any(|action| !action.overlays.is_empty()), upstream, "{format}");
    }
    // Records of both formats are used.
    case.write_header(3);
    let figures = case.build(&app);
    assert_eq!((executed(&case.answers(&app)), hits(&figures)), (0, 1), "{figures:?}");
}

fn blob(case: &Case, hash: &str) -> Vec<u8> {
    let file = case.host.cache().join("cas/objects").join(&hash[..2]).join(hash);
    fs::read(file).expect("the blob is in the store")
}
