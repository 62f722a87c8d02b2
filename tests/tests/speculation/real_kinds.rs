//! The kinds that build other people's projects, over a library of a git repository with a submodule. Everything includes the
//! submodule's header; after a commit to it every compiler call of every kind has been predicted.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::time::Duration;

use spec_testkit::recc::{BASE, RECC};
use spec_testkit::{Host, Outcome, require_env};

use crate::case::{Case, count, executed};

const PLUGINS: &str = "plugins:
- origin: pip
  package-name: buildstream-plugins-community
  elements:
  - pyproject
  sources:
  - git_module
  - git_repo
- origin: pip
  package-name: buildstream-plugins
  elements:
  - autotools
  - cmake
  - make
  - meson
";

/// The compiler of `examples/real`.
const COMPILER: &str = include_str!("../../../examples/real/files/compilers/recc-gcc");

/// The sources of the library, which is below all others.
const REPOSITORIES: &str = "sources:
- kind: git_repo
  url: repositories:common
  track: main
- kind: git_module
  url: repositories:version
  path: version
";

const LIBRARY: [(&str, &str); 4] = [
    (
        "common.h",
        "#include \"version.h\"\n__attribute__((used)) static const char common_version[] = COMMON_VERSION;\n",
    ),
    ("common.c", "#include \"common.h\"\nconst char *common(void) { return common_version; }\n"),
    (
        "Makefile",
        "libcommon.a: common.c\n\t$(CC) -Iversion -c $< -o common.o\n\tar rcs $@ common.o\n\
         install: libcommon.a\n\tinstall -Dm644 libcommon.a $(DESTDIR)$(PREFIX)/lib/libcommon.a\n\
         \tinstall -Dm644 -t $(DESTDIR)$(PREFIX)/include common.h version/version.h\n",
    ),
    (".gitmodules", "[submodule \"version\"]\n\tpath = version\n\turl = ../version\n"),
];

const ONE: &str = "#include <common.h>\nextern const char *common(void);\nint same(void) { return common() == common_version; }\n";

const TWO: &str = "#include <common.h>\nextern int same(void);\nint main(void) { return same(); }\n";

const MESON: &str = "project('two', 'c')
cc = meson.get_compiler('c')
assert(cc.has_header('stdio.h'))
one = shared_library('one', 'one.c', link_args: '-lcommon', install: true)
executable('two', 'two.c', link_with: one, install: true)
";

const CMAKE: &str = "cmake_minimum_required(VERSION 3.20)
project(two C)
add_library(one SHARED one.c)
target_link_libraries(one common)
add_executable(two two.c)
target_link_libraries(two one)
install(TARGETS one two)
";

/// One object is made outside of the folder, as by the build scripts of crates.
const MAKE: &str = "two: two.o one.o\n\t$(CC) -o $@ two.o one.o -lcommon
two.o: two.c\n\t$(CC) $(CFLAGS) -c $< -o $@
one.o: one.c\n\tmkdir -p /tmp/out\n\t$(CC) $(CFLAGS) -c $< -o /tmp/out/one.o\n\tcp /tmp/out/one.o $@
install: two\n\tinstall -D two $(DESTDIR)$(PREFIX)/bin/two
";

const PYPROJECT: &str = "[build-system]
requires = ['setuptools']
build-backend = 'setuptools.build_meta'
[project]
name = 'two'
version = '1'
[tool.setuptools]
py-modules = []
ext-modules = [{name = 'two', sources = ['one.c', 'module.c'], libraries = ['common']}]
";

const MODULE: &str = "#include <Python.h>
#include <common.h>
extern int same(void);
static struct PyModuleDef two = {PyModuleDef_HEAD_INIT, .m_name = \"two\"};
PyMODINIT_FUNC PyInit_two(void) { return same() < 2 ? PyModule_Create(&two) : NULL; }
";

/// A kind, the files of its project, more of the element, and how many actions its build requests.
type Kind = (&'static str, &'static [(&'static str, &'static str)], &'static str, usize);

const KINDS: [Kind; 4] = [
    ("meson", &[("meson.build", MESON), ("one.c", ONE), ("two.c", TWO)], "", 4),
    ("cmake", &[("CMakeLists.txt", CMAKE), ("one.c", ONE), ("two.c", TWO)], "", 4),
    ("make", &[("Makefile", MAKE), ("one.c", ONE), ("two.c", TWO)], "", 3),
    (
        "pyproject",
        &[("pyproject.toml", PYPROJECT), ("one.c", ONE), ("module.c", MODULE)],
        "variables:\n  python: python3 -P\n",
        3,
    ),
];

/// The case's project, with the tools, the repositories and an element of each kind.
struct RealCase {
    case: Case,
    /// The element of the library.
    common: String,
}

impl RealCase {
    fn new() -> Self {
        // One element at a time, so that there is a worker for primed actions.
        let case = Case::on(Host::shared(), "  builders: 1\n");
        let conf = case.project.read("project.conf");
        let (before, after) = conf.split_once("plugins:").expect("the example has plugins");
        let (_, after) = after.split_once("\n\n").expect("a paragraph ends");
        let before =
            before.replace("aliases:\n", "aliases:\n  repositories: \"%{project-root-uri}/repositories/\"\n");
        case.project.write("project.conf", &format!("{before}{PLUGINS}\n{after}"));
        write_tools(&case);
        let common = case.element("common", &format!("kind: make\n{}{}", environment(""), REPOSITORIES));
        let real = Self { case, common };
        for (file, text) in LIBRARY {
            real.case.project.write(&format!("repositories/common/{file}"), text);
        }
        real.case.project.write("repositories/version/README", "The version of the library.\n");
        for repository in ["common", "version"] {
            let _ = real.git(repository, &["init", "--quiet", "--initial-branch=main"]);
        }
        real.commit_header(1);
        real
    }

    fn git(&self, repository: &str, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=test", "-c", "user.email=test@localhost", "-C"]);
        git.arg(self.case.project.path().join("repositories").join(repository)).args(arguments);
        Outcome::of(&mut git, Duration::from_secs(60)).success().trim().to_owned()
    }

    /// Commits a version of the header to the submodule, and that commit to the repository, and takes it.
    fn commit_header(&self, version: u32) {
        let text = format!("#define COMMON_VERSION \"{}\"\n", self.case.version(version));
        self.case.project.write("repositories/version/version.h", &text);
        let _ = self.git("version", &["add", "--all"]);
        let _ = self.git("version", &["commit", "--quiet", "--message", "a version"]);
        let head = self.git("version", &["rev-parse", "HEAD"]);
        let entry = format!("160000,{head},version");
        let _ = self.git("common", &["add", "common.c", "common.h", "Makefile", ".gitmodules"]);
        let _ = self.git("common", &["update-index", "--add", "--cacheinfo", &entry]);
        let _ = self.git("common", &["commit", "--quiet", "--message", "a version"]);
        let _ = self.case.run(&["source", "track", &self.common]).success();
    }

    /// Writes an element of a kind, and its project; answers with its name.
    fn element(&self, (kind, files, more, _): &Kind) -> String {
        for (file, text) in *files {
            self.case.project.write(&format!("files/{kind}/{file}"), text);
        }
        let source = format!("sources:\n- kind: local\n  path: files/{kind}\n");
        let needs = environment(&format!("- {}\n", self.common));
        self.case.element(kind, &format!("kind: {kind}\n{needs}{source}{more}"))
    }
}

/// The environment of an element, and what it is built with.
fn environment(needs: &str) -> String {
    let recc = RECC.replace("environment:\n", "environment:\n  CC: recc-gcc\n");
    format!("build-depends:\n{BASE}- tools.bst\n- compiler.bst\n{needs}{recc}")
}

/// Writes the elements of what the others are built with.
fn write_tools(case: &Case) {
    let tar = case.project.path().join("sources/build-tools.tar");
    symlink(require_env("SPEC_BUILD_TOOLS"), tar).expect("the project can be written");
    let tools = "kind: import\nsources:\n- kind: tar\n  url: sources:build-tools.tar\n  base-dir: ''\n\
                 public:\n  bst:\n    overlap-whitelist:\n    - /**\n";
    case.project.write("elements/tools.bst", tools);
    let _ = case.run(&["source", "track", "tools.bst"]).success();
    let compiler = "kind: import\nsources:\n- kind: local\n  path: files/compiler\n  directory: usr/bin\n";
    case.project.write("elements/compiler.bst", compiler);
    case.project.write("files/compiler/recc-gcc", COMPILER);
    let file = case.project.path().join("files/compiler/recc-gcc");
    fs::set_permissions(file, Permissions::from_mode(0o755)).expect("the file is there");
}

#[test]
fn a_change_below_primes_the_rebuild_of_every_kind() {
    let real = RealCase::new();
    let elements = KINDS.each_ref().map(|kind| real.element(kind));
    let depends: String = elements.iter().map(|name| format!("- {name}\n")).collect();
    let all = real.case.element("all", &format!("kind: stack\ndepends:\n{depends}"));
    let _ = real.case.build(&all);
    for (name, (kind, .., actions)) in elements.iter().zip(&KINDS) {
        let answers = real.case.answers(name);
        assert_eq!((answers.len(), executed(&answers)), (*actions, *actions), "{kind}: {answers:?}");
    }
    real.commit_header(2);
    let figures = real.case.build(&all);
    let mut requested = real.case.answers(&real.common).len();
    for (name, (kind, ..)) in elements.iter().zip(&KINDS) {
        let answers = real.case.answers(name);
        assert!(executed(&answers) < answers.len(), "{kind} was not primed: {answers:?} {figures:?}");
        requested += answers.len();
    }
    // Every request was for what had been predicted, and nothing else was predicted. On a busy machine a request may come before a
    // worker is free for the primed action.
    let right =
        ["used", "joined", "skipped-overtaken", "skipped-preempted"].map(|name| count(&figures, name));
    let sums = [right.iter().sum::<u64>(), count(&figures, "recorded")];
    assert_eq!(sums, [requested as u64; 2], "{figures:?}");
}
