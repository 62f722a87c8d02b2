//! Records that another machine made, from shared caches: what one machine built and pushed is primed on others.

use std::fs;
use std::time::{Duration, Instant};

use spec_model::Digest;
use spec_proto::Message;
use spec_proto::buildstream::v2::SpeculativeActions;
use spec_proto::reapi;
use spec_testkit::engines::{FarEnd, Wire};
use spec_testkit::faulty::{Fault, FaultyServer};
use spec_testkit::recc::BASE;
use spec_testkit::{Host, Service};

use crate::case::{Case, Figures, count, executed, figures, hits};

/// A server with nothing but the base.
struct Server {
    service: Service,
    host: Host,
}

impl Server {
    fn start(arguments: &[&str]) -> Server {
        let host = Host::with_base();
        Server { service: Service::start(&host, arguments), host }
    }

    fn blob(&self, digest: &Digest) -> std::path::PathBuf {
        blob(&self.host, digest)
    }
}

fn blob(host: &Host, digest: &Digest) -> std::path::PathBuf {
    let hex = digest.hex();
    host.cache().join("cas/objects").join(&hex[..2]).join(hex)
}

fn artifacts(url: &str) -> String {
    format!("artifacts:\n  servers:\n  - url: '{url}'\n    push: True\n")
}

fn cluster(url: &str) -> String {
    format!("remote-execution:\n  execution-service: {{url: '{url}'}}\n  storage-service: {{url: '{url}'}}\n")
}

/// A library that never changes, and a program whose objects include the header.
struct Program {
    case: Case,
    library: String,
    app: String,
}

impl Program {
    /// Built on a machine, and pushed to this server.
    fn built(url: &str) -> Program {
        let case = Case::on(Host::with_base(), &artifacts(url));
        let library = [
            "printf 'int lib = 1;\\n' > lib.c",
            "recc gcc -c lib.c -o lib.o",
            "install -D lib.o %{install-root}/usr/lib/lib.o",
        ];
        let library = case.manual_with("lib", BASE, "", &library);
        for number in 1..4 {
            let text = format!("#include <dep.h>\nconst char *v{number} = DEP_VERSION;\n");
            case.project.write(&format!("files/app/{number}.c"), &text);
        }
        let sources = "sources:\n- kind: local\n  path: files/app\n";
        let compile = "for i in 1 2 3; do recc gcc -c $i.c -o $i.o; done";
        let link = "recc gcc -shared -o app.so 1.o 2.o 3.o /usr/lib/lib.o";
        let install = "install -D app.so %{install-root}/app.so";
        let app = case.manual_with(
            "app",
            &format!("{BASE}- dep.bst\n- {library}\n"),
            sources,
            &["sleep 2", compile, "sleep 1", link, install],
        );
        assert!(case.build(&app).is_empty(), "there is nothing to predict");
        Program { case, library, app }
    }

    /// What a rebuild comes to on the machine that recorded, which keeps it for itself.
    fn rebuilt(&self) -> Figures {
        self.case.write_header(2);
        self.case.configure("");
        self.case.build(&self.app)
    }

    /// Another machine, on which the header is changed.
    fn machine(&self, configuration: &str) -> Case {
        let machine = self.case.on_machine(Host::with_base(), configuration);
        machine.write_header(2);
        machine
    }
}

/// How often a line of a warning was printed.
fn warnings(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| line.contains("warning[")).collect()
}

#[test]
fn another_machine_primes_as_well_as_the_one_that_recorded() {
    let server = Server::start(&["--workers", "0"]);
    let program = Program::built(&server.service.url());
    let old = program.case.installed(&program.app, "app.so");
    let expected = program.rebuilt();
    assert_eq!(hits(&expected), 4, "{expected:?}");

    let wire = Wire::to(
        FarEnd::Tcp(server.service.address().parse().expect("an address")),
        Duration::from_millis(50),
    );
    let counted = FaultyServer::in_front_of(&wire.url());
    let machine = program.machine(&artifacts(&counted.url()));
    let (built, found) = machine.try_build(&program.app, &[]);
    assert!(built.success().is_empty());
    assert!(built.stderr.contains("Pulled artifact"), "{}", built.stderr);
    let answers = machine.answers(&program.app);
    assert_eq!((answers.len(), executed(&answers), hits(&found)), (4, 0, 4), "{found:?} {}", built.stderr);
    assert_eq!(warnings(&built.stderr), [""; 0]);
    assert_eq!(machine.installed(&program.app, "app.so"), program.case.installed(&program.app, "app.so"));
    // The library came whole; of the old program nothing that only whoever runs it needs.
    let object = machine.installed(&program.library, "usr/lib/lib.o");
    assert!(blob(&machine.host, &Digest::of(&object)).exists());
    let old = Digest::of(&old);
    assert!(server.blob(&old).exists() && !blob(&machine.host, &old).exists());
    // A second change needs nothing of the server: the record is this machine's own now.
    machine.write_header(3);
    machine.configure("");
    assert_eq!(hits(&machine.build(&program.app)), 4);
}

#[test]
fn what_was_pulled_whole_is_primed_after_a_change_too() {
    let server = Server::start(&["--workers", "0"]);
    let program = Program::built(&server.service.url());
    let machine = program.case.on_machine(Host::with_base(), &artifacts(&server.service.url()));
    let pulled = machine.run(&["build", &program.app]);
    assert!(pulled.success().is_empty() && machine.record(&program.app).is_some());
    machine.write_header(2);
    let found = machine.build(&program.app);
    // The record came with the artifact, and the messages that it needs come now.
    assert_eq!((executed(&machine.answers(&program.app)), hits(&found)), (0, 4), "{found:?}");
}

/// The server of the top-level project has nothing; that of the project behind its junction has the record.
#[test]
fn records_of_a_project_behind_a_junction_come_from_its_servers() {
    let (other, server) = (Server::start(&["--workers", "0"]), Server::start(&["--workers", "0"]));
    let of_project = format!(
        "projects:\n  hello:\n    artifacts:\n      servers:\n      - url: '{}'\n        push: True\n",
        server.service.url()
    );
    let configuration = format!("{}{of_project}", artifacts(&other.service.url()).replace("True", "False"));
    let below = Case::new();
    below.project.write("files/app/a.c", "#include <dep.h>\nconst char *version = DEP_VERSION;\n");
    let sources = "sources:\n- {kind: local, path: files/app}\n";
    let app = below.manual("app", sources, &["sleep 2", "recc gcc -c a.c -o a.o"]);
    let app = format!("sub.bst:{app}");
    let machine = |version| {
        let case = Case::on(Host::with_base(), &configuration);
        let conf = "name: top\nmin-version: 2.0\noptions:\n  recc: {type: bool, description: As below, default: False}\n";
        case.project.write("project.conf", conf);
        let junction =
            "kind: junction\nsources: [{kind: local, path: sub}]\nconfig: {options: {recc: True}}\n";
        case.project.write("sub.bst", junction);
        below.write_header(version);
        let (from, to) = (below.project.path(), case.project.path().join("sub"));
        let copied = std::process::Command::new("cp").arg("-a").args([from, &to]).status();
        assert!(copied.expect("cp is there").success());
        case
    };
    let (first, _) = machine(1).try_build(&app, &[]);
    assert!(first.success().is_empty() && first.stderr.contains("Pushed artifact"), "{}", first.stderr);
    let (second, found) = machine(2).try_build(&app, &[]);
    assert!(second.success().is_empty());
    assert_eq!(hits(&found), 1, "{found:?} {}", second.stderr);
}

#[test]
fn a_machine_that_predicts_nothing_does_not_hide_the_record_of_the_team() {
    let server = Server::start(&["--workers", "0"]);
    let program = Program::built(&server.service.url());
    let recorded = program.case.record(&program.app).expect("it was recorded");
    let machine = program.machine(&artifacts(&server.service.url()));
    let (built, _) = machine.try_build(&program.app, &["--speculation", "none"]);
    assert!(built.stderr.contains("Pushed artifact"), "{}", built.stderr);
    assert_eq!(machine.record(&program.app), Some(recorded.clone()));
    // A build that fails carries it forward, too.
    let broken = program.machine(&artifacts(&server.service.url()));
    broken.header("#error broken\n");
    broken.try_build(&program.app, &[]).0.refused(1, "command-failed", &[]);
    assert_eq!(broken.record(&program.app), Some(recorded));

    let third = program.machine(&artifacts(&server.service.url()));
    third.write_header(3);
    let found = third.build_with(&program.app, &[]);
    assert_eq!((executed(&third.answers(&program.app)), hits(&found)), (0, 4), "{found:?}");
}

#[test]
fn a_server_that_lost_what_a_record_needs_costs_nothing() {
    let server = Server::start(&["--workers", "0"]);
    let program = Program::built(&server.service.url());
    let root = input_root(&program);
    fs::remove_file(server.blob(&root)).expect("it was pushed");
    let machine = program.machine(&artifacts(&server.service.url()));
    let (built, found) = machine.try_build(&program.app, &[]);
    assert!(built.success().is_empty());
    assert_eq!((hits(&found), warnings(&built.stderr).len()), (0, 0), "{found:?} {}", built.stderr);
}

/// The input root of an action in the program's record.
fn input_root(program: &Program) -> Digest {
    let of = |digest: &str| {
        let at = program.case.host.cache().join("cas/objects").join(&digest[..2]).join(digest);
        fs::read(at).expect("it is here")
    };
    let record = program.case.record(&program.app).expect("it was recorded");
    let compact =
        SpeculativeActions::decode(&*of(&record)).expect("it is a record").compact.expect("it is ours");
    let base = compact.actions[0].base as usize;
    let base: String = compact.hashes[base * 32..][..32].iter().map(|byte| format!("{byte:02x}")).collect();
    let action = reapi::Action::decode(&*of(&base)).expect("it is an action");
    let root = action.input_root_digest.expect("it has one");
    Digest::from_hex(&root.hash, root.size_bytes.cast_unsigned()).expect("it is a digest")
}

#[test]
fn a_server_that_lies_costs_at_most_a_line() {
    let server = Server::start(&["--workers", "0"]);
    let program = Program::built(&server.service.url());
    let faulty = FaultyServer::in_front_of(&server.service.url());
    for fault in [Fault::WrongBytes, Fault::Forget] {
        faulty.inject_in("BatchReadBlobs", fault.clone());
        let machine = program.machine(&artifacts(&faulty.url()));
        let (built, found) = machine.try_build(&program.app, &[]);
        assert!(built.success().is_empty());
        assert_eq!(hits(&found), 0, "{fault:?}: {found:?}");
        assert!(warnings(&built.stderr).len() <= 1, "{fault:?}: {}", built.stderr);
        faulty.heal();
    }
}

#[test]
fn a_priming_run_does_not_build_what_it_cannot_pull() {
    let server = Server::start(&["--workers", "0"]);
    let program = Program::built(&server.service.url());
    let faulty = FaultyServer::in_front_of(&server.service.url());
    let machine = program.machine(&artifacts(&faulty.url()));
    faulty.inject_in("BatchReadBlobs", Fault::Forget);
    let primed = machine.run(&["prime", &program.app]);
    assert!(primed.success().is_empty());
    assert!(primed.stderr.contains(&format!("pull {} started", program.library)), "{}", primed.stderr);
    assert!(!primed.stderr.contains(&format!("build {}", program.library)), "{}", primed.stderr);
    assert!(!primed.stderr.contains(&format!("build {}", program.app)), "{}", primed.stderr);
}

#[test]
fn the_artifact_of_another_element_is_no_record() {
    let server = Server::start(&["--workers", "0"]);
    let program = Program::built(&server.service.url());
    // Whoever may push says that the library's artifact is the program's.
    let stems = [&program.app, &program.library].map(|name| name.trim_end_matches(".bst"));
    let names = |stem: &str| {
        let folder = program.case.host.cache().join("cas/refs/artifacts/hello").join(stem);
        fs::read_dir(folder).expect("it was built").flatten().map(|name| name.path()).collect::<Vec<_>>()
    };
    let [of_app, of_library] = stems.map(names);
    let lie = Digest::of(&fs::read(&of_library[0]).expect("it can be read"));
    assert!(server.blob(&lie).exists());
    let uris = of_app.iter().map(|name| {
        let key = name.file_name().expect("it has a name").to_string_lossy();
        format!("urn:fdc:buildstream.build:2020:artifact:hello/{}/{key}", stems[0])
    });
    push_asset(&server.service.url(), &uris.collect::<Vec<_>>(), &lie);
    let machine = program.machine(&artifacts(&server.service.url()));
    let (built, found) = machine.try_build(&program.app, &[]);
    assert!(built.success().is_empty());
    assert_eq!(hits(&found), 0, "{found:?}");
    let told = warnings(&built.stderr);
    assert!(told.len() == 1 && told[0].contains("wrong-artifact"), "{}", built.stderr);
}

fn push_asset(url: &str, uris: &[String], blob: &Digest) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let channel = tonic::transport::Endpoint::from_shared(url.to_owned()).expect("a URL");
        let channel = channel.connect().await.expect("it listens");
        let request = spec_proto::asset::PushBlobRequest {
            uris: uris.to_vec(),
            blob_digest: Some(reapi::Digest { hash: blob.hex(), size_bytes: blob.size().cast_signed() }),
            ..Default::default()
        };
        spec_proto::asset::push_client::PushClient::new(channel)
            .push_blob(request)
            .await
            .expect("it takes it");
    });
}

#[test]
fn a_cluster_is_primed_from_a_machine_that_has_only_the_record() {
    let server = Server::start(&[]);
    let url = server.service.url();
    let configuration = format!("{}{}", artifacts(&url), cluster(&url));
    let case = Case::on(Host::with_base(), &configuration);
    let app = case.app();
    let _ = case.build(&app);
    // What configure writes is only on the cluster.
    let machine = case.on_machine(Host::with_base(), &configuration);
    machine.write_header(2);
    let events = machine.project.path().join("prime-events").to_string_lossy().into_owned();
    let primed = machine.run(&["--json-events", &events, "prime", &app]);
    let _ = primed.success();
    let primed = figures(&machine.project.read("prime-events"));
    assert_eq!(count(&primed, "ready"), 3, "configure's look at dep.h, main.o, the program: {primed:?}");

    let third = machine.on_machine(Host::with_base(), &configuration);
    let found = third.build_with(&app, &["--speculation", "none"]);
    let answers = third.answers(&app);
    assert_eq!((answers.len(), executed(&answers), hits(&found)), (3, 0, 0), "{answers:?}");
}

#[test]
fn a_server_that_hangs_does_not_delay_the_build() {
    let server = Server::start(&["--workers", "0"]);
    let program = Program::built(&server.service.url());
    let faulty = FaultyServer::in_front_of(&server.service.url());
    let machine = program.machine(&artifacts(&faulty.url()).replace("push: True", "push: False"));
    // The artifacts below are there already.
    let _ = machine.run(&["artifact", "pull", &program.library]).success();
    faulty.inject_in("BatchReadBlobs", Fault::Hang);
    faulty.inject_in("Read", Fault::Hang);
    let start = Instant::now();
    let (built, _) = machine.try_build(&program.app, &[]);
    assert!(built.success().is_empty());
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert!(warnings(&built.stderr).len() <= 1, "{}", built.stderr);
}
