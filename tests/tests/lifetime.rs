//! A spec-host that is killed or interrupted in the middle of a build leaves no process, no mount and no partial
//! artifact; two processes can share a project and a cache.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use spec_testkit::{Host, Outcome, Project, wait_for};

/// The lock for using the shared cache alone.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A build that is in the middle of its command.
struct Sleeping {
    host: Host,
    project: Project,
    child: Child,
    /// A word that only the command line of its `sleep` has.
    token: String,
}

impl Sleeping {
    fn start() -> Sleeping {
        Sleeping::of(|token| {
            element(&[
                "echo half > %{install-root}/half",
                // A process that leaves its session and its parent must end as well.
                &format!("setsid -f sleep {token}"),
                &format!("sleep {token}"),
            ])
        })
    }

    /// A build of the element that is made with the token.
    fn of(element: impl Fn(&str) -> String) -> Sleeping {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let token = format!("3600.{}{:03}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let (host, project) = (Host::shared(), Project::on_base(&[]));
        project.write("elements/sleeps.bst", &element(&token));
        let mut command = host.command(&project);
        command.args(["build", "sleeps.bst"]).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::piped()).spawn().expect("the binary can be started");
        let sleeping = Sleeping { host, project, child, token };
        wait_for("the command to run", || sleeping.processes().len() >= 2);
        sleeping
    }

    /// The command lines of the processes that belong to it: spec-host's and those of the sandbox.
    fn processes(&self) -> Vec<String> {
        let lines = fs::read_dir("/proc").expect("/proc is mounted").flatten();
        let lines = lines.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        let project = self.project.path().display().to_string();
        lines
            .filter(|line| line.contains(&project) || line.starts_with(&format!("sleep {}", self.token)))
            .collect()
    }

    fn signal(&self, signal: &str) {
        spec_testkit::signal(self.child.id(), signal);
    }

    /// Waits for its end; answers with its exit code and what it wrote.
    fn end(&mut self) -> (Option<i32>, String) {
        wait_for("its end", || self.child.try_wait().expect("our own child can be waited for").is_some());
        wait_for("the end of its processes", || self.processes().is_empty());
        let status = self.child.wait().expect("our own child can be waited for");
        let mut pipe = self.child.stderr.take().expect("it is a pipe");
        let text = std::io::read_to_string(&mut pipe).expect("it writes UTF-8");
        (status.code(), text)
    }

    /// Checks that nothing is there of the build, and that the next one works.
    fn nothing_is_left(&self) {
        let cache = self.host.cache().display().to_string();
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("/proc is mounted");
        assert!(!mounts.contains(&cache), "{mounts}");
        let show = ["show", "--deps", "none", "--format", "%{state}", "sleeps.bst"];
        assert_eq!(self.host.run(&self.project, &show).success(), "buildable\n");
        let artifacts = self.host.cache().join("cas/refs/artifacts/hello/sleeps");
        assert!(!artifacts.exists(), "{} is there", artifacts.display());
        assert_eq!(temporary(&self.host), Vec::<PathBuf>::new());

        self.project.write("elements/sleeps.bst", &element(&["echo whole > %{install-root}/whole"]));
        let _ = self.host.run(&self.project, &["build", "sleeps.bst"]).success();
        let list = self.host.run(&self.project, &["artifact", "list-contents", "sleeps.bst"]);
        assert_eq!(list.success(), "  sleeps.bst:\n\twhole\n\n");
        fs::remove_dir_all(artifacts).expect("it was just made");
    }
}

impl Drop for Sleeping {
    fn drop(&mut self) {
        // After a failed test it may still run.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An element that installs with these commands on the base.
fn element(commands: &[&str]) -> String {
    let commands: String = commands.iter().map(|command| format!("  - {command}\n")).collect();
    format!("kind: manual\nbuild-depends:\n- debian.bst\nconfig:\n  install-commands:\n{commands}")
}

/// The contents of the folders of temporary files, after the next start of spec-host.
fn temporary(host: &Host) -> Vec<PathBuf> {
    let owned = fs::read_dir(host.cache().join("cas/tmp")).expect("a cache has it").flatten();
    owned
        .flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten())
        .map(|e| e.path())
        .collect()
}

#[test]
fn a_killed_build_leaves_nothing() {
    let _alone = alone();
    let mut sleeping = Sleeping::start();
    assert_ne!(temporary(&sleeping.host), Vec::<PathBuf>::new(), "a build has a scratch folder");
    sleeping.signal("KILL");
    assert_eq!(sleeping.end().0, None);
    sleeping.nothing_is_left();
}

/// An element whose command waits for an action that it requested.
fn asking(token: &str) -> String {
    let action = "--input-path=/etc/hostname:input --platform-properties=chrootRootDigest=$BASE";
    let command = format!("/bin/sh -c 'sleep {token}; :'");
    let element = element(&[&format!("trexe --remote=unix:/tmp/casd.sock {action} -- {command}")]);
    let base = "- filename: debian.bst\n  config:\n    digest-environment: BASE\n";
    let sandbox = "sandbox:\n  remote-apis-socket:\n    path: /tmp/casd.sock\n";
    element.replace("- debian.bst\n", &format!("{base}{sandbox}"))
}

#[test]
fn what_a_build_asked_for_ends_with_it() {
    let _alone = alone();
    for signal in ["KILL", "INT"] {
        let mut sleeping = Sleeping::of(asking);
        sleeping.signal(signal);
        assert_eq!(sleeping.end().0, (signal == "INT").then_some(130));
        sleeping.nothing_is_left();
    }
}

#[test]
fn an_interrupted_build_ends_by_itself_and_says_so() {
    let _alone = alone();
    for signal in ["TERM", "INT"] {
        let mut sleeping = Sleeping::start();
        sleeping.signal(signal);
        let (code, text) = sleeping.end();
        assert_eq!(code, Some(130), "{signal}:\n{text}");
        for says in ["build sleeps.bst stopped", "build interrupted"] {
            assert!(text.contains(says), "{signal}: {says}:\n{text}");
        }
        sleeping.nothing_is_left();
    }
}

#[test]
fn an_import_that_was_killed_is_done_again_from_what_is_whole() {
    let (host, project) = (Host::new(), Project::example());
    let mut command = host.command(&project);
    let mut child = command.args(["build", "debian.bst"]).stderr(Stdio::null()).spawn().expect("it starts");
    let objects = host.cache().join("cas/objects");
    wait_for("blobs", || fs::read_dir(&objects).is_ok_and(|folders| folders.count() > 200));
    child.kill().expect("our own child can be killed");
    let status = child.wait().expect("our own child can be waited for");
    assert_eq!(status.code(), None, "it was killed before its end");

    let digest = ["show", "--deps", "none", "--format", "%{state} %{artifact-cas-digest}", "debian.bst"];
    assert_eq!(host.run(&project, &digest).success(), "fetch needed \n");
    assert_eq!(temporary(&host), Vec::<PathBuf>::new());
    let _ = host.run(&project, &["build", "debian.bst"]).success();
    let shared = Host::shared().run(&project, &digest);
    assert!(shared.success().starts_with("cached "), "{}", shared.stdout);
    assert_eq!(host.run(&project, &digest).stdout, shared.stdout);
}

#[test]
fn two_build_the_same_at_once() {
    let _alone = alone();
    let (host, project) = (Host::shared(), Project::on_base(&[]));
    project.write("elements/one.bst", &element(&["sleep 0.3; seq 1000 > %{install-root}/one"]));
    project.write(
        "elements/two.bst",
        &element(&["cat /one > %{install-root}/two"])
            .replace("build-depends:\n- debian.bst", "depends:\n- debian.bst\n- one.bst"),
    );
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let build = || host.run(&project, &["build", "two.bst"]);
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(build)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    });
    for outcome in &outcomes {
        let _ = outcome.success();
    }
    let count = ["shell", "two.bst", "--", "wc", "-l", "/one", "/two"];
    assert_eq!(host.run(&project, &count).success(), "1000 /one\n1000 /two\n2000 total\n");
}
