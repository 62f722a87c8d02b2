//! Every way in which a project can be wrong: one case for each reason code and, where several mistakes share a code,
//! for each mistake.

mod support;

use spec_model::UserError as _;
use support::files::Files;

/// Checks that loading `a.bst` (or all elements) fails at this place for this reason.
#[track_caller]
fn check(files: &str, expected: &str) {
    let error = Files::new(files).load(&[]).expect_err("the project is wrong");
    let position = error.position().map_or_else(|| "-".to_owned(), ToString::to_string);
    assert_eq!(format!("{position} {}", error.reason()), expected, "{error}");
}

const CONF: &str = "== project.conf\nname: test\nmin-version: 2.0\n";

/// Checks a project.conf that begins with name and version.
#[track_caller]
fn check_conf(rest: &str, expected: &str) {
    check(&format!("{CONF}{rest}\n== a.bst\nkind: stack\n"), expected);
}

/// Checks an element `a.bst` of kind manual.
#[track_caller]
fn check_element(rest: &str, expected: &str) {
    check(&format!("== a.bst\nkind: manual\n{rest}\n== b.bst\nkind: manual\n"), expected);
}

#[test]
fn malformed_yaml() {
    check("== a.bst\nkind: [manual\n", "a.bst:2:1 invalid-yaml");
    check("== a.bst\nkind: manual\nkind: stack\n", "a.bst:2:1 invalid-yaml");
    check("== a.bst\n- kind\n", "a.bst:1:1 invalid-yaml");
    check("== a.bst\nmanual\n", "a.bst:1:1 invalid-yaml");
    check("== a.bst\nkind: manual\n---\nkind: manual\n", "a.bst:2:1 invalid-yaml");
    check("== a.bst\nkind: &k manual\n", "a.bst:1:7 invalid-yaml");
    check("== a.bst\nkind: *k\n", "a.bst:1:7 invalid-yaml");
    check("== a.bst\nkind: !mine manual\n", "a.bst:1:7 invalid-yaml");
    check("== a.bst\n[a]: manual\n", "a.bst:1:1 invalid-yaml");
    check("== a.bst\nkind: manual\ndescription: \"\u{1}\"\n", "a.bst:2:15 invalid-yaml");
    check("== a.bst\nkind: manual\nsources: [http://x/y]\n", "a.bst:2:15 invalid-yaml");
    check(
        "== a.bst\nkind: manual\nvariables: {a: {b: 'c:d', \u{e9}: [x, y:z]}}\n",
        "a.bst:2:35 invalid-yaml",
    );
    check("== a.bst\nkind: manual\nvariables: {a?b: c}\n", "a.bst:2:14 invalid-yaml");
    check("== a.bst\nkind: manual\0\nwrong: ignored\n", "a.bst:1:13 invalid-yaml");
    let deep = "[".repeat(120);
    check(&format!("== a.bst\nkind: {deep}\n"), "a.bst:1:106 invalid-yaml");
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let block: String = (0..50_000).map(|depth| format!("{}a:\n", " ".repeat(depth.min(200)))).collect();
    check(&format!("== a.bst\n{block}"), "a.bst:101:101 invalid-yaml");
}

#[test]
fn files_that_are_not_there() {
    check("== a.bst\nkind: stack\ndepends:\n- missing.bst\n", "a.bst:3:3 missing-file");
    check("== a.bst\nkind: stack\n(@): missing.yml\n", "a.bst:2:6 missing-file");
    check("== a.bst\nkind: stack\n(@): folder\n== folder/x\n", "a.bst:2:6 loading-directory");
    check_conf("element-path: missing\n", "project.conf:3:15 missing-file");
    check_conf("(@): [missing.yml]\n", "project.conf:3:7 missing-file");
}

#[test]
fn a_missing_element_suggests_a_near_one() {
    let files = Files::new("== core/base.bst\nkind: stack\n== a.bst\nkind: stack\n");
    for (name, near) in
        [("aa.bst", "a.bst"), ("base.bst", "core/base.bst"), ("core/bose.bst", "core/base.bst")]
    {
        let error = files.load(&[name]).expect_err("there is no such element");
        assert_eq!((error.reason(), error.hint()), ("missing-file", Some(format!("did you mean '{near}'?"))));
    }
}

#[test]
fn there_is_no_project() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let error = spec_project::find_project(directory.path()).expect_err("there is none");
    assert_eq!(error.reason(), "project-not-loaded");
}

#[test]
fn project_conf() {
    check("== project.conf\nname: test\n== a.bst\nkind: stack\n", "project.conf:1:1 invalid-data");
    check("== project.conf\nmin-version: 2.0\n", "project.conf:1:1 invalid-data");
    check("== project.conf\nname: 1test\nmin-version: 2.0\n", "project.conf:1:7 invalid-symbol-name");
    check("== project.conf\nname: test\nmin-version: 1.4\n", "project.conf:2:14 unsupported-project");
    check("== project.conf\nname: test\nmin-version: 2.99\n", "project.conf:2:14 unsupported-project");
    check("== project.conf\nname: test\nmin-version: two\n", "project.conf:2:14 invalid-data");
    check_conf("varaibles: {}\n", "project.conf:3:1 invalid-data");
    check_conf("ref-storage: elsewhere\n", "project.conf:3:14 invalid-data");
    check_conf("element-path: ../elsewhere\n", "project.conf:3:15 proj-path-invalid");
    check_conf("element-path: /tmp\n", "project.conf:3:15 proj-path-invalid");
    check_conf("element-path: project.conf\n", "project.conf:3:15 proj-path-invalid-kind");
    check_conf("variables: []\n", "project.conf:3:12 illegal-composite");
    check_conf("variables:\n  max-jobs: 3\n", "project.conf:4:13 protected-variable-redefined");
    check_conf("aliases:\n  up: '%{nothing}/'\n", "project.conf:4:7 unresolved-variable");
    check_conf("plugins:\n- origin: moon\n", "project.conf:4:11 invalid-data");
    check_conf("plugins:\n- origin: local\n  path: nowhere\n", "project.conf:5:9 missing-file");
    check_conf("(?):\n- 'true':\n    name: other\n", "project.conf:5:11 illegal-composite");
    check_conf("(@): more.yml\n== more.yml\nplugins: []\n", "more.yml:1:10 invalid-data");
    check_conf("environment:\n  A: {(>): [x]}\n", "project.conf:4:12 trailing-list-directive");
}

#[test]
fn options() {
    let option = |rest: &str| format!("options:\n  o:\n    type: enum\n    description: d\n    {rest}\n");
    check_conf(
        "options:\n  a-b: {type: bool, description: d, default: true}\n",
        "project.conf:4:8 invalid-symbol-name",
    );
    check_conf("options:\n  o: {type: tree, description: d}\n", "project.conf:4:13 invalid-data");
    check_conf("options:\n  o: {type: bool, default: true}\n", "project.conf:4:6 invalid-data");
    check_conf(&option("default: a"), "project.conf:5:5 invalid-data");
    check_conf(&option("values: [a]\n    default: b"), "project.conf:8:14 invalid-data");
    check_conf(&option("values: [a]\n    default: a\n    more: x"), "project.conf:9:5 invalid-data");
    check_conf(
        "options:\n  o: {type: arch, description: d, values: [vax]}\n",
        "project.conf:4:44 invalid-data",
    );
    check_conf("options:\n  o: {type: os, description: d, values: [Plan9]}\n", "- invalid-data");
}

#[test]
fn conditionals() {
    check_element("(?): {a: b}\n", "a.bst:2:6 invalid-data");
    check_element("(?):\n- {'true': {}, 'false': {}}\n", "a.bst:3:3 invalid-data");
    check_element("(?):\n- 'true': text\n", "a.bst:3:11 illegal-composite");
    check_element("(?):\n- nothing == 'x': {}\n", "a.bst:3:3 expression-failed");
    check_element("(?):\n- 'true ==': {}\n", "a.bst:3:3 expression-failed");
    check_element("(?):\n- 'true':\n    (!): Not here\n", "a.bst:4:10 user-assertion");
    check_element("config:\n  (!): Nor here\n", "a.bst:3:8 user-assertion");
}

#[test]
fn includes() {
    check_element("(@): b.yml\n== b.yml\n(@): c.yml\n== c.yml\n(@): b.yml\n", "c.yml:1:6 recursive-include");
    check_element("(@): junction.bst:b.yml\n", "a.bst:2:6 missing-file");
    check_element("(@): {a: b}\n", "a.bst:2:6 invalid-data");
    check_element("(@): b.yml\n== b.yml\nconfig: [\n", "b.yml:2:1 invalid-yaml");
    let mut bomb = String::from("(@): i0.yml\n");
    for n in 0..20 {
        let inner = format!("(@): i{}.yml", n + 1);
        bomb.push_str(&format!("== i{n}.yml\nvariables:\n  a{n}: {{{inner}}}\n  b{n}: {{{inner}}}\n"));
    }
    bomb.push_str("== i20.yml\nx: y\n");
    let error = Files::new(&format!("== a.bst\nkind: manual\n{bomb}")).load(&[]).expect_err("a bomb");
    assert_eq!(error.reason(), "too-many-includes");
    // A few files that are large together.
    let positions: String = (0..70).map(|n| format!("  a{n}: {{(@): i.yml}}\n")).collect();
    let large =
        format!("== a.bst\nkind: manual\nvariables:\n{positions}== i.yml\nx: {}\n", "y".repeat(1 << 20));
    let error = Files::new(&large).load(&[]).expect_err("seventy megabytes");
    assert_eq!(error.reason(), "too-many-includes");
}

#[test]
fn composition() {
    check_element("config:\n  build-commands: text\n", "a.bst:3:19 illegal-composite");
    check_element("config:\n  build-commands:\n    (>): [a]\n    b: c\n", "a.bst:4:5 invalid-data");
    check_element("config:\n  build-commands:\n    (>): a\n", "a.bst:4:10 invalid-data");
    check_element("config:\n  other:\n    (>): [a]\n", "a.bst:4:10 trailing-list-directive");
    check_element("public:\n  domain:\n    (=): [a]\n", "a.bst:4:10 trailing-list-directive");
    check_element("environment: text\n", "a.bst:2:14 invalid-data");
}

#[test]
fn variables() {
    check_element("variables:\n  a: '%{b}'\n", "a.bst:3:6 unresolved-variable");
    check_element("environment:\n  A: '%{b}'\n", "a.bst:3:6 unresolved-variable");
    check_element("config:\n  build-commands:\n  - echo\n  - '%{b}'\n", "a.bst:5:5 unresolved-variable");
    check_element("variables:\n  a: '%{b}'\n  b: '%{a}'\n", "a.bst:4:6 circular-reference-variable");
    check_element("variables:\n  element-name: x\n", "a.bst:3:17 protected-variable-redefined");
    check_element("variables:\n  notparallel: maybe\n", "a.bst:3:16 invalid-data");
    check_element("variables:\n  a: [b]\n", "a.bst:3:6 invalid-data");
}

#[test]
fn elements() {
    check("== a.bst\ndescription: nothing\n", "a.bst:1:1 invalid-data");
    check("== a.bst\nkind: [x]\n", "a.bst:1:7 invalid-data");
    check("== a.bst\nkind: cmake\n", "a.bst:1:7 unknown-kind");
    check_element("confg: {}\n", "a.bst:2:1 invalid-data");
    check_element("config: text\n", "a.bst:2:9 invalid-data");
    check_element("sandbox:\n  build-root: x\n", "a.bst:3:3 invalid-data");
    check_element("sandbox:\n  build-uid: x\n", "a.bst:3:14 invalid-data");
    check_element("sandbox:\n  build-arch: vax\n", "a.bst:3:15 invalid-data");
    check_element("sandbox:\n  remote-apis-socket: {pth: x}\n", "a.bst:3:24 invalid-data");
    check("== a.bst\nkind: import\nconfig:\n  target: [x]\n", "a.bst:3:11 illegal-composite");
}

#[test]
fn sources() {
    check_element("sources:\n- url: x\n", "a.bst:3:3 invalid-data");
    check_element("sources: text\n", "a.bst:2:10 invalid-data");
    check_element("sources:\n- kind: workspace\n", "a.bst:3:9 invalid-data");
    check_element("sources:\n- kind: local\n  path: '%{nothing}'\n", "a.bst:4:9 unresolved-variable");
    let provenance = "sources:\n- kind: local\n  path: x\n  provenance: {home: x}\n";
    check_element(provenance, "a.bst:5:22 undefined-source-provenance-attribute");
    check("== a.bst\nkind: stack\nsources:\n- kind: local\n", "a.bst:1:7 element-forbidden-sources");
}

#[test]
fn dependencies() {
    check_element("depends: b.bst\n", "a.bst:2:10 invalid-data");
    check_element("depends:\n- [b.bst]\n", "a.bst:3:3 invalid-data");
    check_element("depends:\n- file: b.bst\n", "a.bst:3:3 invalid-data");
    check_element("depends:\n- filename: b.bst\n  kind: x\n", "a.bst:4:3 invalid-data");
    check_element("build-depends:\n- filename: b.bst\n  type: build\n", "a.bst:4:3 invalid-data");
    check_element("depends:\n- filename: b.bst\n  type: both\n", "a.bst:4:9 invalid-data");
    check_element("depends:\n- filename: b.bst\n  strict: false\n", "a.bst:4:11 invalid-data");
    check_element("runtime-depends:\n- filename: b.bst\n  strict: true\n", "a.bst:4:11 invalid-data");
    check_element("runtime-depends:\n- filename: b.bst\n  config: {}\n", "a.bst:4:11 invalid-data");
    check_element("depends:\n- filename: {a: b}\n", "a.bst:3:13 invalid-data");
    check_element("depends:\n- b\n", "a.bst:3:3 bad-element-suffix");
    check_element("depends:\n- 'b?.bst'\n", "a.bst:3:3 bad-characters-in-name");
    check_element("depends:\n- /b.bst\n", "a.bst:3:3 invalid-data");
    check_element("depends:\n- j.bst:b.bst\n", "a.bst:3:3 missing-file");
    check_element("depends:\n- filename: b.bst\n  junction: j.bst\n", "a.bst:3:3 missing-file");
    check_element("depends:\n- j.bst\n== j.bst\nkind: junction\n", "a.bst:3:3 invalid-data");
    check_element("depends:\n- ../gone.bst\n", "a.bst:3:3 missing-file");
}

#[test]
fn circles() {
    let circle = "== a.bst\nkind: stack\ndepends:\n- b.bst\n== b.bst\nkind: stack\ndepends:\n- c.bst\n\
                  == c.bst\nkind: stack\nbuild-depends:\n- b.bst\n";
    check(circle, "c.bst:3:3 circular-dependency");
    let error = Files::new(circle).load(&["a.bst"]).expect_err("a circle");
    assert_eq!(error.to_string(), "circular dependency: b.bst -> c.bst -> b.bst");
    check("== a.bst\nkind: stack\ndepends:\n- a.bst\n", "a.bst:3:3 circular-dependency");
}

#[test]
fn links() {
    check("== a.bst\nkind: link\nconfig:\n  target: b.bst\n", "a.bst:3:11 missing-file");
    check("== a.bst\nkind: link\nconfig:\n  target: a.bst\n", "a.bst:3:11 circular-reference");
    check("== a.bst\nkind: link\nconfig: {}\n", "a.bst:2:9 invalid-data");
    let depends = "== a.bst\nkind: link\ndepends:\n- b.bst\nconfig:\n  target: b.bst\n";
    check(depends, "a.bst:3:3 link-forbidden-dependencies");
}

#[test]
fn options_on_the_command_line() {
    let files = Files::new(&format!(
        "{CONF}options:\n  o: {{type: enum, description: d, values: [a, b], default: a}}\n== a.bst\nkind: stack\n"
    ));
    for (name, value) in [("o", "c"), ("p", "a")] {
        let error = files.load_with(&[], &[(name, value)]).expect_err("no such option or value");
        assert_eq!((error.reason(), error.position()), ("invalid-data", None));
    }
    assert!(files.load_with(&[], &[("o", "b")]).is_ok());
}
