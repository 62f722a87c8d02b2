//! `spec-host prime` executes the actions that a build is going to request, before the build.

use crate::case::{Case, Figures, buckets, count, executed, figures, hits};

impl Case {
    fn prime(&self, element: &str) -> Figures {
        let events = self.project.path().join("prime-events").to_string_lossy().into_owned();
        let _ = self.run(&["--json-events", &events, "prime", element]).success();
        figures(&self.project.read("prime-events"))
    }
}

#[test]
fn a_changed_header_is_primed_without_a_build() {
    let case = Case::new();
    let app = case.app();
    let _ = case.build(&app);
    case.write_header(2);
    let primed = case.prime(&app);
    assert_eq!(
        count(&buckets(&primed), "ready"),
        3,
        "configure's look at dep.h, main.o, the program: {primed:?}"
    );
    let states = case.run(&["show", "--deps", "none", "--format", "%{state}", &app]);
    assert_eq!(states.success().trim(), "buildable");
    let figures = case.build_with(&app, &["--speculation", "none"]);
    let answers = case.answers(&app);
    assert_eq!((answers.len(), executed(&answers), hits(&figures)), (3, 0, 0), "{answers:?}");
    // What is built already leaves nothing to do.
    assert!(case.prime(&app).is_empty());
}

#[test]
fn more_than_the_trials_of_a_build_are_primed() {
    let case = Case::new();
    let compile = "for i in $(seq 12); do printf '#include <dep.h>\\nconst char *v%s = DEP_VERSION;\\n' $i > $i.c; \
                   recc gcc -c $i.c -o $i.o; done";
    let app = case.manual("app", "", &[compile]);
    let _ = case.build(&app);
    case.write_header(2);
    let primed = case.prime(&app);
    assert_eq!(count(&buckets(&primed), "ready"), 12, "{primed:?}");
    let _ = case.build(&app);
    assert_eq!(executed(&case.answers(&app)), 0);
}

#[test]
fn without_a_record_there_is_nothing_to_prime() {
    let case = Case::new();
    let app = case.manual("app", "", &["recc true"]);
    let outcome = case.run(&["prime", &app]);
    let _ = outcome.success();
    assert!(outcome.stderr.contains("no element that would be built has a record"), "{}", outcome.stderr);
    case.run(&["prime", "no-such.bst"]).refused(2, "missing-file", &["no-such.bst"]);
}
