//! Predictions that are wrong by construction.

use crate::case::{Case, buckets, count, executed};

#[test]
fn case_10_useless_speculation() {
    useless_speculation(&Case::new());
}

pub(crate) fn useless_speculation(case: &Case) {
    // In addition to the header each reads a text that is different in every build and cannot be predicted.
    let sources = "for i in 1 2 3 4; do echo \"#define R \\\"$(cat /proc/sys/kernel/random/uuid)\\\"\" > r$i.h; \
         printf '#include <dep.h>\\n#include \"r%s.h\"\\nconst char *v%s = DEP_VERSION R;\\n' $i $i > $i.c; done";
    let compile = "for i in 1 2 3 4; do recc gcc -c $i.c -o $i.o; done";
    let app = case.manual("app", "", &[sources, compile, "install -D 4.o %{install-root}/4.o"]);
    let _ = case.build(&app);
    for version in 2..4 {
        case.write_header(version);
        let figures = case.build(&app);
        assert_eq!(executed(&case.answers(&app)), 4, "{figures:?}");
        let wasted = buckets(&figures);
        let is_waste = |name: &str| name == "unused" || name.starts_with("skipped-");
        assert!(wasted.keys().all(|name| is_waste(name)), "{figures:?}");
        assert_eq!((count(&figures, "recorded"), count(&figures, "useful-cpu-ms")), (4, 0), "{figures:?}");
        let object = case.installed(&app, "4.o");
        assert!(String::from_utf8_lossy(&object).contains(&case.version(version)));
    }
}
