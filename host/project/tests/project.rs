//! Properties of a loaded project other than its keys.

mod support;

use std::convert::Infallible;
use std::fs;

use spec_model::{Node, UserError};
use spec_project::ref_edits::{ChangedFile, NewRef, set_refs};
use spec_project::{RefPlace, Scope, keys};
use support::files::Files;

const SOURCES: &str = "
== a.bst
kind: import
sources:
- kind: tar
  url: x # here
- (@): source.yml
  url: y
- (?):
  - 'true':
      kind: tar
      url: z
== source.yml
kind: tar
# the ref
ref: old
";

fn new_refs(sources: usize) -> Vec<NewRef> {
    (0..sources).map(|source| new_ref(source, "ref", &format!("new{source}"))).collect()
}

fn new_ref(source: usize, key: &str, value: &str) -> NewRef {
    NewRef { element: 0, source, key: key.to_owned(), value: Node::text(value) }
}

#[test]
fn refs_go_to_the_files_that_hold_the_sources() {
    let files = Files::new(SOURCES);
    let project = files.load(&[]).expect("a good project");
    let changed = set_refs(&project, &new_refs(3)).expect("refs are set");
    for ChangedFile { path, text } in &changed {
        fs::write(path, text).expect("a file");
    }
    let read = |name: &str| fs::read_to_string(files.path().join(name)).expect("a file");
    assert_eq!(
        read("a.bst"),
        "kind: import\nsources:\n- kind: tar\n  url: x # here\n  ref: new0\n- (@): source.yml\n  url: y\n\
         - (?):\n  - 'true':\n      kind: tar\n      url: z\n      ref: new2"
    );
    assert_eq!(read("source.yml"), "kind: tar\n# the ref\nref: new1\n");
    let sources = &files.load(&[]).expect("a good project").elements[0].sources;
    let refs: Vec<_> = sources.iter().map(|source| source.config.str("ref").unwrap_or_default()).collect();
    assert_eq!(refs, ["new0", "new1", "new2"]);
}

#[test]
fn refs_can_live_in_project_refs() {
    let conf = "== project.conf\nname: test\nmin-version: 2.0\nref-storage: project.refs\n";
    let files = Files::new(&format!("{conf}{SOURCES}"));
    let project = files.load(&[]).expect("a good project");
    assert_eq!(project.elements[0].sources[1].ref_place, RefPlace::RefsFile("project.refs"));
    assert!(project.elements[0].sources[1].config.get("ref").is_none(), "an inline ref does not count");
    let changed = set_refs(&project, &new_refs(3)[1..]).expect("refs are set");
    assert_eq!(changed.len(), 1);
    assert_eq!(
        changed[0].text,
        "projects:\n  test:\n    a.bst:\n    - {}\n    - ref: new1\n    - ref: new2\n"
    );
    fs::write(&changed[0].path, format!("# mine\n{}", changed[0].text)).expect("a file");
    let project = files.load(&[]).expect("a good project");
    assert_eq!(project.elements[0].sources[2].config.str("ref").ok(), Some("new2"));
    let again = [new_ref(2, "ref", "newer")];
    let changed = set_refs(&project, &again).expect("refs are set");
    assert_eq!(
        changed[0].text,
        "# mine\nprojects:\n  test:\n    a.bst:\n    - {}\n    - ref: new1\n    - ref: newer\n"
    );
}

/// A list below a source that is not the first, at the end of the file.
#[test]
fn refs_that_are_lists() {
    let old = "kind: import\nsources:\n- kind: local\n  path: .\n- kind: cargo\n  ref:\n  - name: old\n    sha: 11\n";
    let files = Files::new(&format!("== a.bst\n{old}"));
    let project = files.load(&[]).expect("a good project");
    let mut entry = spec_model::Mapping::new();
    entry.set("name", Node::text("new"));
    let value = Node::sequence(vec![entry.clone().into(), entry.into()]);
    let new = NewRef { element: 0, source: 1, key: "ref".to_owned(), value };
    let changed = set_refs(&project, &[new]).expect("refs are set");
    assert_eq!(
        changed[0].text,
        old.replace("  - name: old\n    sha: 11\n", "  - name: new\n  - name: new\n")
    );
}

/// A ref may be kept in several settings of its source, some of which are there already.
#[test]
fn refs_of_several_settings() {
    let set = [new_ref(0, "suffix", "a.tar"), new_ref(0, "sha256sum", "12")];
    for (before, after) in [
        ("  kind: cpan\n", "  kind: cpan\n  suffix: a.tar\n  sha256sum: 12\n"),
        ("  kind: cpan\n  suffix: b # here\n", "  kind: cpan\n  suffix: a.tar # here\n  sha256sum: 12\n"),
        ("  {kind: cpan}\n", "  {kind: cpan, suffix: a.tar, sha256sum: 12}\n"),
        ("  {kind: cpan, sha256sum: 11,}\n", "  {kind: cpan, sha256sum: 12, suffix: a.tar}\n"),
    ] {
        let text = |source: &str| format!("kind: import\nsources:\n-{}", &source[1..]);
        let files = Files::new(&format!("== a.bst\n{}", text(before)));
        let project = files.load(&[]).expect("a good project");
        let changed = set_refs(&project, &set).expect("refs are set");
        assert_eq!(changed.iter().map(|file| file.text.clone()).collect::<Vec<_>>(), [text(after)]);
    }
    let conf = "== project.conf\nname: test\nmin-version: 2.0\nref-storage: project.refs\n";
    let files = Files::new(&format!("{conf}== a.bst\nkind: import\nsources:\n- kind: cpan\n"));
    let changed = set_refs(&files.load(&[]).expect("a good project"), &set).expect("refs are set");
    assert_eq!(changed[0].text, "projects:\n  test:\n    a.bst:\n    - suffix: a.tar\n      sha256sum: 12\n");
}

#[test]
fn an_element_without_a_ref_has_no_key_and_neither_has_what_is_built_on_it() {
    let files = Files::new(
        "== a.bst\nkind: import\nsources:\n- kind: tar\n  url: x\n== b.bst\nkind: stack\ndepends: [a.bst]\n\
         == c.bst\nkind: manual\nruntime-depends: [a.bst]\n",
    );
    let project = files.load(&[]).expect("a good project");
    let keys = keys::compute_keys(&project, &|element| {
        Ok::<_, Infallible>(support::sources::key_text(&project, element))
    });
    let Ok(keys) = keys;
    let has = |name: &str| keys[project.index(name).expect("an element")].is_some();
    assert_eq!([has("a.bst"), has("b.bst"), has("c.bst")], [false, false, true]);
}

#[test]
fn scopes_are_in_staging_order() {
    let files = Files::new(
        "== run.bst\nkind: manual\n== tool.bst\nkind: manual\nruntime-depends: [run.bst]\n\
         == lib.bst\nkind: manual\nbuild-depends: [tool.bst]\n\
         == app.bst\nkind: manual\nbuild-depends: [tool.bst]\ndepends: [lib.bst]\nruntime-depends: [z.bst]\n\
         == z.bst\nkind: manual\n",
    );
    let project = files.load(&["app.bst"]).expect("a good project");
    let app = project.index("app.bst").expect("an element");
    let names = |indices: Vec<usize>| {
        indices.iter().map(|index| project.elements[*index].name.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(project.build_scope(app)), "run.bst tool.bst lib.bst");
    assert_eq!(names(project.scope(&[app], Scope::Run)), "lib.bst z.bst app.bst");
    assert_eq!(names(project.scope(&project.targets, Scope::All)), "run.bst tool.bst lib.bst z.bst app.bst");
    assert_eq!(names(project.dependents(project.index("tool.bst").expect("an element"))), "lib.bst app.bst");
    assert_eq!(project.elements.len(), 5);
}

#[test]
fn links_stand_for_what_they_point_at() {
    let files = Files::new(
        "== a.bst\nkind: stack\ndepends: [link.bst, b.bst]\n== link.bst\nkind: link\nconfig: {target: b.bst}\n\
         == b.bst\nkind: manual\n",
    );
    let project = files.load(&["a.bst"]).expect("a good project");
    assert_eq!(project.elements.len(), 2);
    assert_eq!(project.elements[1].dependencies.len(), 1);
}

#[test]
fn a_project_is_found_from_within() {
    let files = Files::new("== sub/deep/a.bst\nkind: manual\n");
    let found = spec_project::find_project(&files.path().join("sub/deep")).expect("there is one");
    assert_eq!(found, files.path().canonicalize().expect("a real path"));
}

#[test]
fn the_settings_of_the_project_are_there() {
    let files = Files::new(
        "== project.conf\nname: test\nmin-version: 2.0\naliases: {up: 'https://%{host}/', here: '%{project-root-uri}/'}\n\
         variables: {host: example.com}\nfatal-warnings: [overlaps]\ndefaults: {targets: [a.bst]}\n\
         mirrors:\n- name: near\n  aliases: {up: ['https://near.%{host}/']}\n\
         shell: {command: [bash], host-files: [/etc/passwd, {path: /a, host_path: /b, optional: true}]}\n\
         == a.bst\nkind: manual\ndescription: An element\n== b.bst\nkind: broken\n",
    );
    let project = files.load(&[]).expect("only the default target is loaded");
    let config = &project.config;
    let alias = |name| config.aliases.find(name).ok().flatten().map(|alias| (alias.url, alias.mirrors));
    let near = vec!["https://near.example.com/".to_owned()];
    assert_eq!(alias("up"), Some(("https://example.com/".to_owned(), near)));
    assert_eq!(alias("here"), Some((format!("file://{}/", config.directory.display()), Vec::new())));
    assert_eq!(alias("nowhere"), None);
    assert_eq!(config.fatal_warnings, ["overlaps"]);
    assert_eq!((config.shell.command.len(), config.shell.host_files.len()), (1, 2));
    assert_eq!(project.elements[0].description, "An element");
    assert_eq!(project.elements[0].variable("max-jobs").as_deref(), Some("4"));
}

#[test]
fn an_element_may_replace_what_cannot_be_expanded() {
    let files = Files::new(
        "== project.conf\nname: test\nmin-version: 2.0\nvariables: {low: l}\nenvironment: {A: '%{gone}', B: '%{low}'}\n\
         split-rules: {doc: ['%{low}/doc'], lib: ['%{gone}'], other: ['%{low}']}\n\
         == a.bst\nkind: manual\nvariables: {low: m}\nenvironment: {A: a, C: '%{low}c'}\n\
         public: {bst: {split-rules: {lib: [x], doc: {(>): ['%{low}/more']}}, note: '%{low}'}}\n\
         == b.bst\nkind: manual\n",
    );
    let project = files.load(&["a.bst"]).expect("it replaces both");
    let element = &project.elements[0];
    let environment = element.environment();
    let value = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, text)| &**text);
    assert_eq!(["A", "B", "C"].map(value), [Some("a"), Some("m"), Some("mc")]);
    let domain = element.public.require("bst").and_then(Node::as_mapping).expect("a domain");
    assert_eq!(domain.str("note").expect("a text"), "m");
    let rules = domain.require("split-rules").and_then(Node::as_mapping).expect("rules");
    let of = |name: &str| rules.str_list_or_empty(name).expect("a list");
    let expected = [["m/doc", "m/more"].as_slice(), &["x"], &["m"]];
    assert_eq!(["doc", "lib", "other"].map(of), expected);
    let error = files.load(&["b.bst"]).expect_err("it replaces nothing");
    assert_eq!(error.reason(), "unresolved-variable");
}
