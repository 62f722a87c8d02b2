//! Everything works for ordinary users without privileges. If root runs the tests, the user is `nobody`; otherwise it
//! is the user who runs them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use spec_testkit::{Host, Outcome, Project, require_env};

const NOBODY: u32 = 65534;
const DEADLINE: Duration = Duration::from_secs(300);

const ELEMENT: &str = "kind: manual
build-depends:
- debian.bst
config:
  install-commands:
  - id -u > %{install-root}/user
  - touch %{install-root}/mine
  - chown 12:34 %{install-root}/mine || true
  - test ! -w /usr
";

/// A user with a home that contains the binary, the example and its base.
struct User {
    project: Project,
    home: PathBuf,
    is_root: bool,
}

impl User {
    fn new() -> User {
        let project = Project::on_base(&[("elements/mine.bst", ELEMENT)]);
        let home = project.path().parent().expect("a project is in a folder of its own").to_path_buf();
        let host = Host::new();
        bring(Path::new(host.command(&project).get_program()), &home.join("spec-host"));
        let base = project.path().join("sources/base.tar");
        fs::remove_file(&base).expect("the example has it");
        bring(&require_env("SPEC_BASE_TAR"), &base);
        let is_root = fs::metadata("/proc/self").expect("/proc is mounted").uid() == 0;
        if is_root {
            let mut chown = Command::new("chown");
            // Not recursively, because the base may be a link to a shared file.
            chown.arg(format!("{NOBODY}:{NOBODY}")).arg(&home);
            let _ = Outcome::of(&mut chown, DEADLINE).success();
        }
        User { project, home, is_root }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(self.home.join("spec-host"));
        command.arg("-C").arg(self.project.path()).args(arguments).current_dir(&self.home);
        command.env("HOME", &self.home).env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        if self.is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        Outcome::of(&mut command, DEADLINE)
    }
}

/// Makes a file readable at another path, without a copy where that is possible.
fn bring(file: &Path, to: &Path) {
    let file = file.canonicalize().expect("it is there");
    if fs::hard_link(&file, to).is_err() {
        fs::copy(&file, to).expect("a file that tests need can be read");
    }
    let mode = fs::metadata(to).expect("it was just made").permissions().mode();
    assert_eq!(mode & 0o044, 0o044, "{} must be readable by everybody", file.display());
}

#[test]
fn an_element_is_built_on_the_base_and_checked_out() {
    let user = User::new();
    let doctor = user.run(&["doctor"]);
    let _ = doctor.success();
    let _ = user.run(&["build", "mine.bst"]).success();

    let out = user.home.join("out");
    let checkout = ["artifact", "checkout", "--deps", "none", "--directory"];
    let _ = user.run(&[&checkout[..], &[&out.display().to_string(), "mine.bst"]].concat()).success();
    assert_eq!(fs::read_to_string(out.join("user")).expect("it was checked out"), "0\n");
    let owner = |path: &Path| fs::metadata(path).expect("it was checked out").uid();
    assert_eq!(owner(&out.join("mine")), owner(&out));
    assert_ne!(owner(&out), 0);
    assert!(user.home.join(".cache/spec-host/cas").is_dir(), "the cache is in the user's home");

    let shell = user.run(&[
        "shell",
        "--build",
        "mine.bst",
        "--",
        "sh",
        "-c",
        "cat /proc/self/uid_map | wc -l; id -u",
    ]);
    assert_eq!(shell.success(), "1\n0\n");
}
