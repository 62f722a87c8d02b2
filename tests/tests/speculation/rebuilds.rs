//! One element, and changes between two builds of it.

use spec_testkit::recc::BASE;

use crate::case::{Case, buckets, executed, hits};

#[test]
fn case_03_own_source_changed() {
    own_source_changed(&Case::new());
}

pub(crate) fn own_source_changed(case: &Case) {
    let app = case.app();
    let main = "src/app-1.0/src/main.c";
    case.project.replace(main, "doubled %d", &format!("{} %d", case.version(1)));
    case.pack("src/app-1.0", "app-1.0.tar.gz", &app);
    let _ = case.build(&app);
    let first = (case.record(&app), case.installed(&app, "usr/bin/app"));
    assert_eq!(executed(&case.answers(&app)), 3);
    case.project.replace(main, &case.version(1), &case.version(2));
    case.pack("src/app-1.0", "app-1.0.tar.gz", &app);
    let figures = case.build(&app);
    let answers = case.answers(&app);
    assert_eq!(answers["src/util.o"], "cache-hit", "{answers:?}");
    // The last record of the element is found although its weak key changed: main.c is a source, and the link
    // follows.
    assert_eq!((answers.len(), executed(&answers), hits(&figures)), (3, 0, 2), "{answers:?} {figures:?}");
    let second = (case.record(&app), case.installed(&app, "usr/bin/app"));
    assert!(first.0.is_some() && first.0 != second.0, "{:?} {:?}", first.0, second.0);
    let says = |program: &[u8]| String::from_utf8_lossy(program).contains(&case.version(2));
    assert!(!says(&first.1) && says(&second.1));
}

#[test]
fn case_04_a_changed_header_is_built_ahead() {
    a_changed_header_is_built_ahead(&Case::new());
}

pub(crate) fn a_changed_header_is_built_ahead(case: &Case) {
    let app = case.app();
    assert!(case.build(&app).is_empty(), "there is nothing to predict");
    let first = case.answers(&app);
    assert_eq!((first.len(), executed(&first)), (3, 3), "{first:?}");
    case.write_header(2);
    let figures = case.build(&app);
    let answers = case.answers(&app);
    assert_eq!((answers.len(), executed(&answers)), (3, 0), "{answers:?} {figures:?}");
    assert_eq!(hits(&figures), 3, "configure's look at dep.h, main.o, the program: {figures:?}");
}

#[test]
fn case_06_base_bump() {
    base_bump(&Case::new());
}

pub(crate) fn base_bump(case: &Case) {
    let base = case.project.read("elements/debian.bst");
    let base = case.element("debian", &format!("{base}- kind: local\n  path: files/bump\n"));
    let depends = format!("{}- dep.bst\n", BASE.replace("debian.bst", &base));
    let compile = "for i in 1 2 3; do printf '#include <dep.h>\\nconst char *v%s = DEP_VERSION;\\n' $i > $i.c; \
                   recc gcc -c $i.c -o $i.o; done; recc gcc -shared -o all.so 1.o 2.o 3.o";
    let app = case.manual_with("app", &depends, "", &["sleep 1", compile]);
    case.project.write("files/bump/etc/version", &case.version(1));
    let _ = case.build(&app);
    assert_eq!(executed(&case.answers(&app)), 4);
    case.project.write("files/bump/etc/news", &case.version(2));
    let figures = case.build(&app);
    let answers = case.answers(&app);
    assert_eq!((answers.len(), executed(&answers), hits(&figures)), (4, 0, 4), "{answers:?} {figures:?}");
}

#[test]
fn case_08_equal_bytes() {
    equal_bytes(&Case::new());
}

pub(crate) fn equal_bytes(case: &Case) {
    let own = case.project.read("files/dep/include/dep.h");
    case.project.write("files/app/own.h", &own);
    let main = "#include \"own.h\"\nconst char *own = DEP_VERSION;\n#undef DEP_VERSION\n#include <dep.h>\n\
                const char *dep = DEP_VERSION;\n";
    case.project.write("files/app/main.c", main);
    let sources = "sources:\n- kind: local\n  path: files/app\n";
    let commands = ["sleep 1", "recc gcc -c main.c -o main.o", "install -D main.o %{install-root}/main.o"];
    let app = case.manual("app", sources, &commands);
    let _ = case.build(&app);
    case.write_header(2);
    let figures = case.build(&app);
    assert_eq!((executed(&case.answers(&app)), hits(&figures)), (0, 1), "{figures:?}");
    let object = case.installed(&app, "main.o");
    let object = String::from_utf8_lossy(&object);
    assert!([1, 2].iter().all(|version| object.contains(&case.version(*version))));
}

#[test]
fn case_09_five_rebuilds_and_a_failed_one() {
    five_rebuilds_and_a_failed_one(&Case::new());
}

pub(crate) fn five_rebuilds_and_a_failed_one(case: &Case) {
    let app = case.app();
    let _ = case.build(&app);
    for version in 2..7 {
        if version == 5 {
            case.header("#error broken\n");
            let (broken, _) = case.try_build(&app, &[]);
            broken.refused(1, "command-failed", &[]);
        }
        case.write_header(version);
        let figures = case.build(&app);
        let answers = case.answers(&app);
        assert_eq!((answers.len(), executed(&answers)), (3, 0), "{version}: {answers:?} {figures:?}");
        assert_eq!(hits(&figures), 3, "{version}: {figures:?}");
        let _ = buckets(&figures);
    }
}
