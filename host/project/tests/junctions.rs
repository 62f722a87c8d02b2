//! Projects behind junctions: what is loaded, and every way in which it can be wrong.

mod support;

use std::os::unix::fs::symlink;

use spec_model::UserError as _;
use support::files::Files;

/// The project behind `sub.bst`, with the project behind its `inner.bst`.
const SUB: &str = "== sub.bst
kind: junction
sources: [{kind: local, path: sub}]
== sub/project.conf
name: sub
min-version: 2.0
options:
  mode: {type: enum, description: d, values: [slow, fast], default: slow, variable: mode}
variables: {greeting: hello}
== sub/a.bst
kind: manual
depends: [b.bst]
== sub/b.bst
kind: manual
== sub/include.yml
variables:
  said: '%{greeting}'
  (?):
  - mode == 'fast': {quick: yes}
== sub/inner.bst
kind: junction
sources: [{kind: local, path: inner}]
== sub/inner/project.conf
name: inner
min-version: 2.0
== sub/inner/c.bst
kind: manual
";

#[track_caller]
fn check(files: &str, expected: &str) {
    check_target(files, "top.bst", expected);
}

/// Checks that loading a target fails at this place for this reason.
#[track_caller]
fn check_target(files: &str, target: &str, expected: &str) {
    let error = Files::new(files).load(&[target]).expect_err("the project is wrong");
    let position = error.position().map_or_else(|| "-".to_owned(), ToString::to_string);
    assert_eq!(format!("{position} {}", error.reason()), expected, "{error}");
}

/// The names of all elements, in order.
#[track_caller]
fn names(files: &str, target: &str) -> String {
    let project = Files::new(files).load(&[target]).expect("a good project");
    project.elements.iter().map(|element| element.name.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn elements_are_named_through_junctions() {
    let top = |depends: &str| format!("{SUB}== top.bst\nkind: stack\ndepends: [{depends}]\n");
    assert_eq!(names(&top("'sub.bst:a.bst'"), "top.bst"), "sub.bst:b.bst sub.bst:a.bst top.bst");
    assert_eq!(
        names(&top("{junction: sub.bst, filename: [a.bst, b.bst]}"), "top.bst"),
        "sub.bst:b.bst sub.bst:a.bst top.bst"
    );
    let own = "{junction: , filename: own.bst}]\n== own.bst\nkind: stack\n#";
    assert_eq!(names(&top(own), "top.bst"), "own.bst top.bst");
    assert_eq!(names(&top("'sub.bst:inner.bst:c.bst'"), "top.bst"), "sub.bst:inner.bst:c.bst top.bst");
    assert_eq!(names(SUB, "sub.bst:inner.bst:c.bst"), "sub.bst:inner.bst:c.bst");
}

#[test]
fn links_lead_across_junctions() {
    let links = format!(
        "{SUB}== project.conf\nname: top\nmin-version: 2.0\nvariables: {{where: 'sub.bst:inner.bst'}}\n\
         == link.bst\nkind: link\nconfig: {{target: '%{{where}}'}}\n\
         == c.bst\nkind: link\nconfig: {{target: 'link.bst:c.bst'}}\n\
         == top.bst\nkind: stack\ndepends: ['link.bst:c.bst', c.bst, 'sub.bst:inner.bst:c.bst']\n"
    );
    assert_eq!(names(&links, "top.bst"), "sub.bst:inner.bst:c.bst top.bst");
}

#[test]
fn junctions_set_options_and_files_are_included_from_behind_them() {
    let files = Files::new(&format!(
        "{SUB}== fast.bst\nkind: junction\nsources: [{{kind: local, path: sub}}]\nvariables: {{value: fast}}\n\
         config: {{options: {{mode: '%{{value}}'}}}}\n\
         == project.conf\nname: top\nmin-version: 2.0\nvariables: {{(@): 'fast.bst:vars.yml', greeting: top}}\n\
         == sub/vars.yml\nfrom-sub: '%{{greeting}}'\n\
         == top.bst\nkind: manual\n(@): ['fast.bst:include.yml']\n"
    ));
    let project = files.load(&["top.bst"]).expect("a good project");
    let top = &project.elements[0];
    let variable = |name| top.variable(name).unwrap_or_else(|| "-".into());
    assert_eq!(
        ["said", "quick", "from-sub", "greeting"].map(variable).each_ref().map(|text| &**text),
        ["hello", "yes", "hello", "top"]
    );
    let element = files.load(&["fast.bst:a.bst"]).expect("a good project");
    assert_eq!(element.elements[1].variable("mode").as_deref(), Some("fast"));
    assert_eq!(element.subprojects.len(), 1);
}

#[test]
fn overrides_replace_elements_and_junctions_at_every_depth() {
    let top = |overrides: &str, target: &str| {
        format!(
            "{}== sub.bst\nkind: junction\nsources: [{{kind: local, path: sub}}]\nconfig: {{overrides: {{{overrides}}}}}\n\
             == own.bst\nkind: manual\n== own-inner.bst\nkind: junction\nsources: [{{kind: local, path: other}}]\n\
             == other/project.conf\nname: inner\nmin-version: 2.0\n== other/c.bst\nkind: manual\n\
             == sub/d.bst\nkind: stack\ndepends: ['inner.bst:c.bst']\n\
             == sub/link.bst\nkind: link\nconfig: {{target: b.bst}}\n\
             == top.bst\nkind: stack\ndepends: ['{target}']\n",
            SUB.split_once("== sub/")
                .map(|(_, rest)| format!("== sub/{rest}"))
                .expect("files of the project")
        )
    };
    assert_eq!(names(&top("b.bst: own.bst", "sub.bst:a.bst"), "top.bst"), "own.bst sub.bst:a.bst top.bst");
    assert_eq!(names(&top("link.bst: own.bst", "sub.bst:a.bst"), "top.bst"), "own.bst sub.bst:a.bst top.bst");
    let inner = "own-inner.bst:c.bst sub.bst:d.bst top.bst";
    assert_eq!(names(&top("inner.bst: own-inner.bst", "sub.bst:d.bst"), "top.bst"), inner);
    let deep = top("'inner.bst:c.bst': own.bst", "sub.bst:d.bst");
    assert_eq!(names(&deep, "top.bst"), "own.bst sub.bst:d.bst top.bst");
    check(&top("none.bst: own.bst", "sub.bst:a.bst"), "sub.bst:3:32 missing-file");
    check(&top("b.bst: none.bst", "sub.bst:a.bst"), "sub.bst:3:29 missing-file");
    check(&top("b.bst: sub.bst", "sub.bst:a.bst"), "sub.bst:3:29 override-junction-with-self");
}

#[test]
fn a_junction_that_nothing_looks_behind_is_checked_too() {
    for (config, expected) in [
        ("{foo: x}", "3:10 invalid-data"),
        ("{path: [a]}", "3:16 invalid-data"),
        ("{options: 3}", "3:19 invalid-data"),
        ("{map-aliases: all}", "3:23 invalid-data"),
        ("{overrides: {b.bst: j.bst}}", "3:29 override-junction-with-self"),
    ] {
        let junction = format!("kind: junction\nsources: [{{kind: local, path: sub}}]\nconfig: {config}\n");
        let files = Files::new(&format!("== j.bst\n{junction}== sub/x\n"));
        let error = files.load_shown("j.bst").expect_err("the junction is wrong");
        let position = error.position().map_or_else(|| "-".to_owned(), ToString::to_string);
        assert_eq!(format!("{position} {}", error.reason()), format!("j.bst:{expected}"), "{error}");
    }
}

#[test]
fn what_is_wrong_about_a_junction_is_named_where_it_stands() {
    let sub = |junction: &str| {
        let rest = SUB.split_once("== sub/").map(|(_, rest)| format!("== sub/{rest}")).expect("files");
        format!(
            "{rest}== sub.bst\nkind: junction\n{junction}\n== top.bst\nkind: stack\ndepends:\n- sub.bst:a.bst\n"
        )
    };
    let good = "sources: [{kind: local, path: sub}]";
    check(&sub("sources: [{kind: git}]"), "top.bst:3:3 subproject-inconsistent");
    check(&sub("sources: [{kind: local, path: sub}]\nconfig: {path: none}"), "top.bst:3:3 invalid-junction");
    check(&sub("sources: [{kind: local, path: sub/inner/c.bst}]"), "top.bst:3:3 invalid-junction");
    check(
        &sub("sources: [{kind: local, path: sub}]\nconfig: {path: ../..}"),
        "sub.bst:3:16 proj-path-invalid",
    );
    check(&sub(&format!("{good}\nconfig: {{paht: x}}")), "sub.bst:3:10 invalid-data");
    check(&sub(&format!("{good}\nconfig: {{map-aliases: all}}")), "sub.bst:3:23 invalid-data");
    check(&sub(&format!("{good}\nconfig: {{options: {{none: x}}}}")), "sub.bst:3:26 invalid-data");
    check(&sub(&format!("{good}\nconfig: {{options: {{mode: x}}}}")), "sub.bst:3:26 invalid-data");
    check(
        &sub(&format!("{good}\nconfig: {{options: {{mode: '%{{x}}'}}}}")),
        "sub.bst:3:26 unresolved-variable",
    );
    check(&sub(&format!("{good}\ndepends: [b.bst]\n== b.bst\nkind: stack")), "sub.bst:3:11 invalid-junction");
    check(&sub(&format!("{good}\nsource: []")), "sub.bst:3:1 invalid-data");
}

#[test]
fn what_is_wrong_behind_a_junction_is_named_with_it() {
    let top =
        |files: &str, name: &str| format!("{SUB}{files}\n== top.bst\nkind: stack\ndepends:\n- {name}\n");
    check(&top("", "sub.bst:none.bst"), "top.bst:3:3 missing-file");
    check(&top("", "none.bst:a.bst"), "top.bst:3:3 missing-file");
    check(&top("", "sub.bst:none.bst:a.bst"), "top.bst:3:3 missing-file");
    check(&top("", "sub.bst"), "top.bst:3:3 invalid-data");
    check(&top("", "sub.bst:inner.bst"), "top.bst:3:3 invalid-data");
    check(&top("== n.bst\nkind: stack", "n.bst:a.bst"), "top.bst:3:3 invalid-data");
    check(&top("", "sub.bst:a"), "top.bst:3:3 bad-element-suffix");
    check(
        &top("== sub/e.bst\nkind: manual\ndepends: [none.bst]", "sub.bst:e.bst"),
        "sub.bst:e.bst:2:11 missing-file",
    );
    check(&top("== sub/e.bst\nkind: manual\nvars: {}", "sub.bst:e.bst"), "sub.bst:e.bst:2:1 invalid-data");
    check(
        &top("== sub/inner/e.bst\nkind: manual\n(@): none.yml", "sub.bst:inner.bst:e.bst"),
        "sub.bst:inner.bst:e.bst:2:6 missing-file",
    );
    check(
        &top("== sub/inner/project.conf\nname: inner\n", "sub.bst:inner.bst:c.bst"),
        "sub.bst:inner.bst:project.conf:1:1 invalid-data",
    );
    check_target(
        &format!(
            "{SUB}== a.bst\nkind: stack\ndepends: [{{junction: sub.bst, filename: 'inner.bst:c.bst'}}]\n"
        ),
        "a.bst",
        "a.bst:2:41 invalid-data",
    );
}

#[test]
fn references_that_lead_in_circles_are_refused() {
    let link = |name: &str, target: &str| format!("== {name}\nkind: link\nconfig: {{target: '{target}'}}\n");
    let top = |links: &str, name: &str| format!("{SUB}{links}== top.bst\nkind: stack\ndepends:\n- {name}\n");
    let links = link("l.bst", "m.bst") + &link("m.bst", "l.bst");
    check(&top(&links, "l.bst"), "m.bst:2:18 circular-reference");
    check(&top(&links, "l.bst:a.bst"), "m.bst:2:18 circular-reference");
    check(&top(&link("l.bst", "l.bst:l.bst"), "l.bst:a.bst"), "l.bst:2:18 circular-reference");
    let own = "== self.bst\nkind: junction\nsources: [{kind: local, path: .}]\n== top.bst\nkind: stack\ndepends: ['self.bst:top.bst']\n";
    let error = Files::new(own).load(&["top.bst"]).expect_err("it has no end");
    assert_eq!(error.reason(), "circular-reference", "{error}");
    let cross = "== sub/e.bst\nkind: stack\ndepends: ['inner.bst:d.bst']\n== sub/inner/d.bst\nkind: stack\ndepends: [d.bst]\n";
    check(&top(cross, "sub.bst:e.bst"), "sub.bst:inner.bst:d.bst:2:11 circular-dependency");
}

#[test]
fn links_have_neither_sources_nor_dependencies() {
    let link =
        |rest: &str| format!("{SUB}== top.bst\nkind: link\nconfig: {{target: 'sub.bst:a.bst'}}\n{rest}\n");
    check(&link("sources: [{kind: local, path: sub}]"), "top.bst:3:10 element-forbidden-sources");
    check(&link("depends: ['sub.bst:b.bst']"), "top.bst:3:10 link-forbidden-dependencies");
    check(&link("environment: {}\nmore: x"), "top.bst:4:1 invalid-data");
    check("== top.bst\nkind: link\nconfig: {}\n", "top.bst:2:9 invalid-data");
}

/// One project behind two junctions.
fn twice(conf: &str) -> String {
    format!(
        "{SUB}== project.conf\nname: top\nmin-version: 2.0\n{conf}\n\
         == other.bst\nkind: junction\nsources: [{{kind: local, path: sub}}]\n\
         == top.bst\nkind: stack\ndepends:\n- sub.bst:a.bst\n- other.bst:a.bst\n"
    )
}

#[test]
fn a_project_is_loaded_once_unless_it_is_permitted() {
    check(&twice(""), "top.bst:4:3 conflicting-junction");
    let error = Files::new(&twice("")).load(&["top.bst"]).expect_err("there are two");
    let detail = error.detail().expect("all instances");
    assert_eq!(detail, "'sub.bst', from top.bst:3:3\n'other.bst', from top.bst:4:3");
    check(&twice("junctions: {duplicates: {sub: [sub.bst]}}"), "top.bst:4:3 conflicting-junction");
    let both = names(&twice("junctions: {duplicates: {sub: [sub.bst, other.bst]}}"), "top.bst");
    assert_eq!(both, "other.bst:b.bst other.bst:a.bst sub.bst:b.bst sub.bst:a.bst top.bst");
    assert_eq!(names(&twice("junctions: {internal: [other.bst]}"), "top.bst"), both);
    check(&twice("junctions: {duplicates: {sub: [none.bst]}}"), "project.conf:3:32 missing-file");
    check(&twice("junctions: {duplicates: {sub: sub.bst}}"), "project.conf:3:31 invalid-data");
    check(&twice("junctions: {intern: [sub.bst]}"), "project.conf:3:13 invalid-data");
}

#[test]
fn junctions_are_targets_only_where_they_are_wanted() {
    assert_eq!(names(&format!("{SUB}== z.bst\nkind: manual\n"), "z.bst"), "z.bst");
    let error = Files::new(SUB).load(&["sub.bst"]).expect_err("a junction cannot be built");
    assert_eq!(error.reason(), "junction-target");
}

/// In staged sources, which somebody else wrote, links may lead to files of these sources only.
#[test]
fn nothing_outside_of_staged_sources_is_read() {
    let files = |path: &str, more: &str| {
        let text = SUB.replace("sources: [{kind: local, path: sub}]", "sources: [{kind: staged, path: sub}]");
        Files::new(&format!(
            "{text}== secret.yml\nvariables: {{secret: x}}\n== secret.bst\nkind: manual\n== {path}\n{more}\n"
        ))
    };
    for (name, target) in
        [("a.bst", "../secret.bst"), ("a.bst", "inner/../../secret.bst"), ("project.conf", "../project.conf")]
    {
        let files = files("sub/x", "");
        let link = files.path().join("sub").join(name);
        std::fs::remove_file(&link).expect("the file is there");
        symlink(target, &link).expect("a link");
        let error = files.load(&["sub.bst:a.bst"]).expect_err("it leads out");
        assert_eq!(error.reason(), "proj-path-invalid", "{name}: {error}");
    }
    let include = files("sub/e.bst", "kind: manual\n(@): ../secret.yml");
    assert_eq!(include.load(&["sub.bst:e.bst"]).expect_err("it leads out").reason(), "proj-path-invalid");
    let linked = files("sub/e.bst", "kind: manual\n(@): linked.yml");
    symlink("/etc/passwd", linked.path().join("sub/linked.yml")).expect("a link");
    assert_eq!(linked.load(&["sub.bst:e.bst"]).expect_err("it leads out").reason(), "proj-path-invalid");
    let inside = files("sub/e.bst", "kind: manual\n(@): linked.yml");
    symlink("include.yml", inside.path().join("sub/linked.yml")).expect("a link");
    assert!(inside.load(&["sub.bst:e.bst"]).is_ok());
    let junction = files("sub/inner/x", "");
    std::fs::rename(junction.path().join("sub/inner"), junction.path().join("inner")).expect("a folder");
    symlink("../inner", junction.path().join("sub/inner")).expect("a link");
    assert!(junction.load(&["sub.bst:inner.bst:c.bst"]).is_err());
}

#[test]
fn aliases_are_those_of_the_parent_where_the_junction_maps_them() {
    let conf = "== project.conf\nname: top\nmin-version: 2.0\naliases: {up: 'https://top/', both: 'https://top-both/'}\n";
    let alias = |config: &str, conf_rest: &str, name: &str| {
        let sub = format!("== sub.bst\nkind: junction\nsources: [{{kind: local, path: sub}}]\n{config}\n");
        let rest = SUB.split_once("== sub/").map(|(_, rest)| format!("== sub/{rest}")).expect("files");
        let files = Files::new(&format!(
            "{conf}{conf_rest}\n{sub}{rest}== sub/project.conf\nname: sub\nmin-version: 2.0\naliases: {{both: 'https://sub-both/', own: 'https://sub/'}}\n"
        ));
        let project = files.load(&["sub.bst:b.bst"]).expect("a good project");
        match project.subprojects[0].config.aliases.find(name) {
            Ok(target) => target.map_or_else(|| "-".to_owned(), |target| target.url),
            Err(error) => error.reason().to_owned(),
        }
    };
    assert_eq!(alias("", "", "both"), "https://sub-both/");
    assert_eq!(alias("", "", "up"), "-");
    let mapped = "config: {aliases: {both: up, own: none}}";
    assert_eq!(alias(mapped, "", "both"), "https://top/");
    assert_eq!(alias(mapped, "", "own"), "invalid-source-alias");
    assert_eq!(alias("config: {map-aliases: identity}", "", "both"), "https://top-both/");
    assert_eq!(alias(mapped, "junctions: {disallow-subproject-uris: true}", "up"), "missing-alias-mapping");
}
