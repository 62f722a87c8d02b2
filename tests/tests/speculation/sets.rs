//! Inputs that are added and removed with the contents of a file.

use crate::case::{Case, count, executed, hits};

#[test]
fn case_07_file_set() {
    file_set(&Case::new());
}

pub(crate) fn file_set(case: &Case) {
    let sources =
        "for i in 1 2; do printf '#include <dep.h>\\nconst char *v%s = DEP_VERSION;\\n' $i > $i.c; done";
    let compile = "for i in 1 2; do recc gcc -c $i.c -o $i.o; done; recc gcc -shared -o all.so 1.o 2.o";
    let app = case.manual("app", "", &[sources, "sleep 1", compile]);
    let scan = ["--overlay-policy", "overlay-include-scan"];
    let _ = case.build_with(&app, &scan);
    assert_eq!(executed(&case.answers(&app)), 3);
    // The header includes another one, which includes one more, and then only that.
    let version = case.version(2);
    let more = "files/dep/include/dep";
    case.project.write(&format!("{more}/more.h"), "#include \"version.h\"\n");
    case.project.write(&format!("{more}/version.h"), &format!("#define DEP_VERSION \"{version}\"\n"));
    for include in ["dep/more.h", "dep/version.h"] {
        case.header(&format!("#include <{include}>\n"));
        let figures = case.build_with(&app, &scan);
        let answers = case.answers(&app);
        assert_eq!((answers.len(), executed(&answers)), (3, 0), "{include}: {answers:?} {figures:?}");
        // The objects are the same the second time, so the library is as it was.
        assert_eq!(hits(&figures) + count(&figures, "unchanged"), 3, "{include}: {figures:?}");
        assert!(hits(&figures) >= 2, "{include}: {figures:?}");
    }
}
