//! What one machine of a team makes, the others get.

use spec_testkit::{Host, Project};

use crate::fixture::{checkout, done, machine, project, serve, server};

const ALL: [&str; 4] = ["one.bst", "two.bst", "middle.bst", "top.bst"];

#[test]
fn what_one_machine_builds_others_pull_and_neither_fetch_nor_build() {
    let (host, project) = (Host::new(), project());
    let service = serve(&host, &[]);
    let both = machine(&server("artifacts", &service.url(), true, ""));
    let built = both.run(&project, &["build", "top.bst"]);
    assert!(built.success().is_empty());
    assert_eq!(
        (done(&built, "build"), done(&built, "push"), done(&built, "pull")),
        (4, 4, 0),
        "{}",
        built.stderr
    );
    assert!(built.stderr.contains("note[artifact-pushed]: top.bst: Pushed artifact "), "{}", built.stderr);
    // The second machine reads only.
    let reads = machine(&server("artifacts", &service.url(), false, ""));
    let pulled = reads.run(&project, &["build", "--deps", "none", "top.bst"]);
    assert!(pulled.success().is_empty());
    assert_eq!((done(&pulled, "build"), done(&pulled, "pull")), (0, 1), "{}", pulled.stderr);
    assert!(pulled.stderr.contains(&format!("<- {}", service.url())), "{}", pulled.stderr);
    // What building it needs was not looked at.
    let show = reads.run(&project, &["show", "--format", "%{name} %{state}", "top.bst"]);
    let expect = "one.bst buildable\ntwo.bst buildable\nmiddle.bst waiting\ntop.bst cached\n";
    assert_eq!(show.success(), expect);
    let rest = reads.run(&project, &["build", "top.bst"]);
    assert!(rest.success().is_empty());
    assert_eq!((done(&rest, "build"), done(&rest, "pull")), (0, 3), "{}", rest.stderr);
    assert_eq!(checkout(&reads, &project, "top.bst"), checkout(&both, &project, "top.bst"));
    let again = reads.run(&project, &["build", "top.bst"]);
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
}

#[test]
fn only_what_changed_is_built_and_pushed() {
    let (host, project) = (Host::new(), project());
    let service = serve(&host, &[]);
    let config = server("artifacts", &service.url(), true, "");
    let _ = machine(&config).run(&project, &["build", "top.bst"]).success();
    project.write("files/two/usr/share/two", "something else");
    let second = machine(&config);
    let built = second.run(&project, &["build", "top.bst"]);
    assert!(built.success().is_empty());
    assert_eq!(
        (done(&built, "pull"), done(&built, "build"), done(&built, "push")),
        (1, 3, 3),
        "{}",
        built.stderr
    );
    assert!(checkout(&second, &project, "top.bst").contains("usr/share/two"));
    let third = machine(&config).run(&project, &["build", "top.bst"]);
    assert_eq!((done(&third, "pull"), done(&third, "build")), (4, 0), "{}", third.stderr);
}

#[test]
fn cached_artifacts_are_pushed_too_and_nothing_twice() {
    let (host, project) = (Host::new(), project());
    let alone = Host::new();
    let _ = alone.run(&project, &["build", "--deps", "all", "top.bst"]).success();
    let service = serve(&host, &[]);
    alone.configure(&server("artifacts", &service.url(), true, ""));
    let pushed = alone.run(&project, &["build", "--deps", "all", "top.bst"]);
    assert_eq!((done(&pushed, "build"), done(&pushed, "push")), (0, 4), "{}", pushed.stderr);
    let again = alone.run(&project, &["build", "--deps", "all", "top.bst"]);
    assert!(again.success().is_empty());
    assert_eq!(done(&again, "push"), 0, "{}", again.stderr);
    let again = alone.run(&project, &["artifact", "push", "--deps", "all", "top.bst"]);
    assert!(again.success().is_empty() && again.stderr.contains("already has artifact"), "{}", again.stderr);
}

#[test]
fn artifacts_are_pulled_and_pushed_by_command() {
    let (host, other, project) = (Host::new(), Host::new(), project());
    let (service, second) = (serve(&host, &[]), serve(&other, &[]));
    let first = Host::new();
    let remote = ["--artifact-remote", &service.url()];
    let _ = first.run(&project, &["build", "--deps", "all", "top.bst"]).success();
    let push =
        first.run(&project, &[&["artifact", "push", "--deps", "all", "top.bst"], &remote[..]].concat());
    assert!(push.success().is_empty());
    assert_eq!(done(&push, "push"), 4, "{}", push.stderr);
    // It goes through a machine that never had it, from one server to another.
    let between = machine(&format!(
        "artifacts: {{servers: [{{url: '{}'}}, {{url: '{}', push: True}}]}}\n",
        service.url(),
        second.url()
    ));
    let push = between.run(&project, &["artifact", "push", "two.bst"]);
    assert!(push.success().is_empty());
    assert_eq!((done(&push, "pull"), done(&push, "push")), (1, 1), "{}", push.stderr);
    let last = Host::new();
    let remote = ["--artifact-remote", &second.url()];
    let shown =
        last.run(&project, &[&["artifact", "show", "--deps", "all", "top.bst"], &remote[..]].concat());
    assert!(shown.success().contains("available two.bst\n"), "{}", shown.stdout);
    assert_eq!(shown.success().matches("not cached").count(), 3, "{}", shown.stdout);
    let pull = last.run(&project, &[&["artifact", "pull"], &ALL[..], &remote[..]].concat());
    assert!(pull.success().is_empty());
    assert_eq!(done(&pull, "pull"), 1, "{}", pull.stderr);
    assert!(pull.stderr.contains("does not have artifact"), "{}", pull.stderr);
    assert_eq!(checkout(&last, &project, "two.bst"), checkout(&first, &project, "two.bst"));
}

/// The name of an element's artifact.
fn name_of(host: &Host, project: &Project, element: &str) -> String {
    let key = host.run(project, &["show", "--deps", "none", "--format", "%{full-key}", element]);
    format!("test/{}/{}", element.trim_end_matches(".bst"), key.success().trim())
}

#[test]
fn artifacts_are_pulled_by_name_without_their_project() {
    let (host, project) = (Host::new(), project());
    let service = serve(&host, &[]);
    let config = server("artifacts", &service.url(), true, "");
    let first = machine(&config);
    let _ = first.run(&project, &["build", "top.bst"]).success();
    let name = name_of(&first, &project, "two.bst");
    let (second, nowhere) = (machine(&config), tempfile::tempdir().expect("a temporary folder"));
    let shown = second.run_in(nowhere.path(), &["artifact", "show", &name]);
    assert_eq!(shown.success(), format!("   available {name}\n\n"));
    let pulled = second.run_in(nowhere.path(), &["artifact", "pull", &name]);
    assert!(pulled.success().is_empty() && pulled.stderr.contains("Pulled artifact"), "{}", pulled.stderr);
    let listed = second.run_in(nowhere.path(), &["artifact", "list-contents", &name]);
    assert!(listed.success().contains("usr/share/two"), "{}", listed.stdout);
    let third = machine(&config);
    let to = nowhere.path().join("out").display().to_string();
    let checkout = third.run_in(nowhere.path(), &["artifact", "checkout", "--directory", &to, &name]);
    assert!(checkout.success().is_empty());
    assert!(nowhere.path().join("out/usr/share/two").is_file());
}

#[test]
fn a_checkout_pulls_what_it_lacks() {
    let (host, project) = (Host::new(), project());
    let service = serve(&host, &[]);
    let config = server("artifacts", &service.url(), true, "");
    let first = machine(&config);
    let _ = first.run(&project, &["build", "top.bst"]).success();
    assert_eq!(checkout(&machine(&config), &project, "top.bst"), checkout(&first, &project, "top.bst"));
}

#[test]
fn in_non_strict_mode_weak_keys_do() {
    let (host, project) = (Host::new(), project());
    let service = serve(&host, &[]);
    let config = server("artifacts", &service.url(), true, "");
    let _ = machine(&config).run(&project, &["build", "top.bst"]).success();
    project.write("files/one/usr/share/one", "something else");
    let strict = machine(&config).run(&project, &["artifact", "show", "middle.bst"]);
    assert!(strict.success().contains("not cached"), "{}", strict.stdout);
    let second = machine(&server("artifacts", &service.url(), false, ""));
    let built = second.run(&project, &["--no-strict", "build", "top.bst"]);
    assert!(built.success().is_empty());
    assert_eq!((done(&built, "pull"), done(&built, "build")), (3, 1), "{}", built.stderr);
    let again = second.run(&project, &["--no-strict", "build", "top.bst"]);
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
}

/// What projects recommend counts for their elements, and for those of the projects behind their junctions, which may recommend more.
#[test]
fn projects_behind_junctions_have_servers_of_their_own() {
    let (own, below) = (Host::new(), Host::new());
    let (own, below) = (serve(&own, &[]), serve(&below, &[]));
    let conf = |name: &str, url: &str, rest: &str| {
        format!("name: {name}\nmin-version: 2.0\nartifacts:\n- {{url: '{url}', push: True{rest}}}\n")
    };
    let import = "kind: import\nsources:\n- {kind: local, path: files}\n";
    let project = Project::of(&[
        ("project.conf", &conf("top", &own.url(), "")),
        ("sub.bst", "kind: junction\nsources:\n- {kind: local, path: sub}\n"),
        ("top.bst", "kind: stack\ndepends:\n- sub.bst:low.bst\n"),
        ("sub/project.conf", &conf("low", &below.url(), "")),
        ("sub/low.bst", import),
        ("sub/files/low.txt", "low\n"),
    ]);
    let first = machine("");
    let built = first.run(&project, &["build", "top.bst"]);
    assert!(built.success().is_empty());
    let pushed = |element: &str, url: &str| {
        let is_it =
            |line: &&str| line.contains(&format!(" {element}: Pushed artifact")) && line.ends_with(url);
        built.stderr.lines().filter(is_it).count()
    };
    let counts = |element: &str| (pushed(element, &own.url()), pushed(element, &below.url()));
    assert_eq!((counts("sub.bst:low.bst"), counts("top.bst")), ((1, 1), (1, 0)), "{}", built.stderr);
    // The server of the subproject is enough for its element.
    project.write("project.conf", "name: top\nmin-version: 2.0\n");
    let pulled = machine("").run(&project, &["build", "top.bst"]);
    assert!(pulled.success().is_empty());
    assert_eq!((done(&pulled, "pull"), done(&pulled, "build")), (1, 1), "{}", pulled.stderr);
    // Others wrote what is behind a junction: no file of the user is sent to a server that they choose.
    project.write("token", "secret");
    let token = format!(", auth: {{access-token: '{}/token'}}", project.path().display());
    project.write("sub/project.conf", &conf("low", &below.url(), &token));
    let built = machine("").run(&project, &["build", "top.bst"]);
    assert!(built.success().is_empty());
    assert_eq!((done(&built, "pull"), done(&built, "build")), (0, 2), "{}", built.stderr);
}
