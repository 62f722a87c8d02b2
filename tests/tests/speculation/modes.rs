//! Which elements take part, and the effects of modes.

use crate::case::{Case, Figures, executed, hits};

/// Makes a source that includes the header, and compiles it, after its prediction.
const COMPILE: [&str; 3] = [
    "printf '#include <dep.h>\\nconst char *version = DEP_VERSION;\\n' > a.c",
    "sleep 1",
    "recc gcc -c a.c -o a.o",
];

#[test]
fn a_mode_that_makes_no_records_keeps_the_one_that_is_there() {
    let case = Case::new();
    let app = case.manual("app", "", &COMPILE);
    let _ = case.build(&app);
    for (version, mode, found) in [(2, "prime-only", 1), (3, "none", 0), (4, "prime-only", 1)] {
        case.write_header(version);
        let figures = case.build_with(&app, &["--speculation", mode]);
        let missed = executed(&case.answers(&app));
        assert_eq!((hits(&figures), missed), (found, 1 - found as usize), "{version}: {figures:?}");
    }
}

#[test]
fn who_does_not_want_it_is_left_alone() {
    let no = "public:\n  bst:\n    speculative-actions: False\n";
    for (public, mode) in [(no, "full"), ("", "none")] {
        let case = Case::new();
        let app = case.manual("app", public, &COMPILE);
        for version in 1..3 {
            case.write_header(version);
            assert_eq!(case.build_with(&app, &["--speculation", mode]), Figures::new(), "{mode}");
            assert_eq!(executed(&case.answers(&app)), 1, "{mode}");
        }
    }
    let case = Case::new();
    let wrong = "public:\n  bst:\n    speculative-actions: [maybe]\n";
    let app = case.manual("app", wrong, &COMPILE);
    case.run(&["build", &app]).refused(2, "invalid-data", &["speculative-actions"]);
}
