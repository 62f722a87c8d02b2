//! A generated project in the style of a distribution: the kinds in the proportions of GNOME's, sources in git, includes inside
//! entries of dependencies, and a junction with options and overrides. The same numbers make the same files.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// How many elements of a hundred have each kind.
const KINDS: [(&str, usize); 11] = [
    ("meson", 40),
    ("autotools", 15),
    ("manual", 9),
    ("stack", 7),
    ("cmake", 5),
    ("pyproject", 5),
    ("import", 4),
    ("script", 4),
    ("make", 4),
    ("filter", 4),
    ("compose", 3),
];

const PROJECT: &str = "name: distribution
min-version: 2.4
element-path: elements
aliases:
  (@): include/aliases.yml
(@):
- base.bst:include/flags.yml
- include/split-rules.yml
options:
  arch: {type: arch, description: The machine, variable: arch, values: [x86_64, aarch64]}
  debug: {type: bool, description: With symbols, default: true}
  channel: {type: enum, description: Versions, values: [nightly, stable], default: nightly, variable: channel}
plugins:
- origin: pip
  package-name: buildstream-plugins
  elements: [autotools, cmake, make, meson]
- origin: pip
  package-name: buildstream-plugins-community
  elements: [pyproject]
  sources: [git_repo]
fatal-warnings: [overlaps]
variables:
  (?):
  - debug: {debug-flags: '-g %{common-flags}'}
  - not debug: {debug-flags: '%{common-flags}'}
environment:
  CFLAGS: '%{debug-flags} %{local-flags}'
  CHANNEL: '%{channel}'
elements:
  meson: {variables: {meson-global: '--buildtype=plain -Dchannel=%{channel}'}}
  autotools: {variables: {conf-global: '--disable-static --host=%{triplet}'}}
  cmake: {variables: {generator: Ninja}}
";

const SPLIT_RULES: &str = "split-rules:
  devel:
    (>): ['%{libdir}/*.a', '%{libdir}/cmake/**', '%{datadir}/gir-1.0/**']
  debug:
    (>): ['%{debugdir}/**']
  vm-only: ['/boot', '/boot/**']
";

const TOOLS: &str = "filename:
- base.bst:lib-0.bst
- base.bst:tools.bst
config:
  digest-environment: TOOLS_DIGEST
";

const JUNCTION: &str = "kind: junction
sources: [{kind: local, path: base}]
config:
  options: {target: '%{arch}'}
  overrides: {lib-1.bst: own-lib.bst}
";

const BASE: &str = "name: base
min-version: 2.4
(@): include/flags.yml
options:
  target: {type: arch, description: The machine, variable: target, values: [x86_64, aarch64]}
";

const FLAGS: &str = "variables:
  triplet: '%{target-cpu}-unknown-linux-gnu'
  lib: 'lib/%{triplet}'
  common-flags: '-O2 -pipe'
  local-flags: ''
  (?):
  - target == 'x86_64': {target-cpu: x86_64}
  - target == 'aarch64': {target-cpu: aarch64}
";

/// A project with so many elements.
pub(super) struct Distribution {
    pub(super) elements: usize,
    /// In the project behind its junction.
    pub(super) behind_junction: usize,
}

impl Distribution {
    /// Writes the project into a folder that is not there yet, and returns the names of all its elements.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<String>> {
        for directory in ["elements", "include", "base/include", "files"] {
            fs::create_dir_all(folder.join(directory))?;
        }
        let own_lib = format!("kind: manual\nsources:\n{}", git("own-lib", 7));
        for (file, text) in [
            ("project.conf", PROJECT),
            ("include/aliases.yml", "git: https://git.example.org/\n"),
            ("include/split-rules.yml", SPLIT_RULES),
            ("include/tools.yml", TOOLS),
            ("elements/base.bst", JUNCTION),
            ("elements/own-lib.bst", &own_lib),
            ("base/project.conf", BASE),
            ("base/include/flags.yml", FLAGS),
            ("base/tools.bst", "kind: stack\ndepends: [lib-2.bst, lib-3.bst]\n"),
            ("files/data", "data\n"),
        ] {
            fs::write(folder.join(file), text)?;
        }
        for index in 0..self.behind_junction {
            let below = (0..index.min(3)).map(|back| format!("lib-{}.bst", index - 1 - back));
            let depends = below.collect::<Vec<_>>().join(", ");
            let text = format!("kind: manual\ndepends: [{depends}]\nvariables: {{index: '{index}'}}\n");
            fs::write(folder.join(format!("base/lib-{index}.bst")), text)?;
        }
        (0..self.elements).map(|index| self.element(folder, index)).collect()
    }

    fn element(&self, folder: &Path, index: usize) -> Result<String> {
        let name = |index| format!("part-{index:04}.bst");
        // Every kind occurs in every hundred elements; 37 and 100 have no common divisor.
        let mut at = index * 37 % 100;
        let mut kind = KINDS[0].0;
        for (candidate, share) in KINDS {
            kind = candidate;
            if at < share {
                break;
            }
            at -= share;
        }
        let own = (0..4).filter_map(|n| index.checked_sub(1 + mixed(index, n) % 60)).map(name);
        let behind = format!("'base.bst:lib-{}.bst'", mixed(index, 9) % self.behind_junction);
        let below = match (kind, index) {
            // A filter has one build dependency.
            ("filter", 1..) => name(index - 1),
            ("filter", 0) => behind,
            _ => own.chain([behind]).collect::<Vec<_>>().join(", "),
        };
        fs::write(folder.join("elements").join(name(index)), text(kind, index, &below))?;
        Ok(name(index))
    }
}

/// The file of an element.
fn text(kind: &str, index: usize, below: &str) -> String {
    let rest = match kind {
        "stack" => format!("depends: [{below}]\n"),
        "filter" => format!("build-depends: [{below}]\nconfig: {{include: [runtime, devel]}}\n"),
        "compose" => {
            format!("build-depends: [{below}]\nconfig: {{exclude: [devel, debug], integrate: false}}\n")
        }
        "script" => format!(
            "build-depends: [{below}, 'base.bst:tools.bst']\n\
             config:\n  commands: ['cp -r /usr %{{install-root}}']\n"
        ),
        "import" => format!(
            "runtime-depends: [{below}]\nsources: [{{kind: local, path: files}}]\n\
             config: {{target: '%{{datadir}}/{index}'}}\n"
        ),
        _ => format!(
            "build-depends:\n- (@): include/tools.yml\ndepends: [{below}]\nsources:\n{}\
             variables: {{local-flags: '-DINDEX={index}', command-subdir: src}}\n\
             public:\n  bst:\n    integration-commands: ['ldconfig -r / %{{libdir}}']\n    \
             split-rules: {{devel: {{(>): ['%{{bindir}}/part-{index}-config']}}}}\n",
            git(&format!("part-{index}"), index)
        ),
    };
    format!("kind: {kind}\n{rest}")
}

/// A source in git.
fn git(name: &str, index: usize) -> String {
    let commit: String = (0..5).map(|n| format!("{:08x}", mixed(index, n) as u32)).collect();
    format!("- kind: git_repo\n  url: git:{name}.git\n  track: v*\n  ref: v1.{index}-0-g{commit}\n")
}

/// A number that looks random, always the same.
fn mixed(index: usize, salt: usize) -> usize {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in [index, salt].iter().flat_map(|number| number.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    usize::try_from(hash >> 24).unwrap_or_default()
}
