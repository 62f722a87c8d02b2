//! Wrong predictions are explained.

use crate::case::{Case, count};

const MAIN: &str = "#include <dep.h>\nconst char *version = DEP_VERSION;\n";

#[test]
fn a_miss_is_explained_path_by_path() {
    let case = Case::new();
    let compile = format!("printf '{}' > main.c; recc gcc -c main.c -o main.o", MAIN.replace('\n', "\\n"));
    let app = case.manual("app", "", &[&compile, "install -D main.o %{install-root}/main.o"]);
    let _ = case.build(&app);
    assert!(
        case.run(&["why-miss", &app]).success().ends_with("nothing was missed\n"),
        "nothing was predicted"
    );
    let header = format!("#include \"second.h\"\n#define DEP_VERSION SECOND \"{}\"\n", case.version(2));
    case.header(&header);
    case.project.write("files/dep/include/second.h", "#define SECOND \"2\"\n");
    let figures = case.build(&app);
    assert_eq!(count(&figures, "failed"), 1, "second.h was not predicted: {figures:?}");
    let told = case.run(&["why-miss", &app, "main.c"]);
    let told = told.success();
    assert!(told.contains("1 missed, 0 not like any"), "{told}");
    let path = |sign: char, name: &str| {
        told.lines().any(|line| {
            let line = line.trim();
            line.starts_with(sign) && line.contains(&format!("usr/include/{name}:"))
        })
    };
    assert!(path('+', "second.h") && !path('~', "dep.h"), "{told}");
    let json = case.run(&["why-miss", "--json", &app]);
    let json: serde_json::Value = serde_json::from_str(json.success()).expect("it is JSON");
    assert_eq!(json[0]["misses"][0]["differences"][0]["predicted"], serde_json::Value::Null, "{json}");
    case.run(&["why-miss", &app, "other.c"]).refused(1, "no-such-action", &["'other.c'"]);
}
