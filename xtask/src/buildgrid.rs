//! BuildGrid, an engine that the tests run beside ours: from PyPI, in a root with Debian's Python and PostgreSQL. Nothing of it is
//! installed on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use spec_testkit::engines::{EngineRoot, make_database};

use crate::apt::Need;
use crate::command::show;
use crate::debian_root::DebianRoot;
use crate::paths::Paths;

/// The release of Debian whose Python is the 3.13 that BuildGrid needs.
const ROOT: DebianRoot = DebianRoot {
    suite: "trixie",
    packages: "python3.13,python3-pip-whl,postgresql-17,bash,coreutils,dash,mount",
    // A compiler of PostgreSQL's for long queries, Perl, which packages depend on, and what only people read.
    excluded: &[
        "./dev/*",
        "./usr/lib/postgresql/17/lib/bitcode",
        "./usr/lib/x86_64-linux-gnu/libLLVM*",
        "./usr/lib/x86_64-linux-gnu/perl*",
        "./usr/share/doc",
        "./usr/share/i18n",
        "./usr/share/locale",
        "./usr/share/man",
        "./usr/share/perl",
    ],
    mount_points: &["dev", "mnt", "opt/buildgrid", "proc", "run", "tmp"],
};

const PACKAGE: &str = "buildgrid==0.9.1";

/// Installs packages into the root by its own Python, which has Debian's pip as a file.
const INSTALL: &str = r#"
export PYTHONPATH=$(echo /usr/share/python-wheels/pip-*.whl)
exec python3.13 -m pip install --quiet --no-cache-dir --root-user-action=ignore --only-binary=:all: --target "$1" "$2"
"#;

/// What says to programs of this machine where the package registry is, and whom to trust: the root's get the same.
const OF_THE_MACHINE: [&str; 4] =
    ["/etc/hosts", "/etc/pip.conf", "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"];

/// PostgreSQL wants to know the name of the user that it runs as.
const USERS: [(&str, &str); 2] = [
    ("etc/passwd", "root:x:0:0::/mnt:/bin/sh\nbuildgrid:x:1000:1000::/mnt:/bin/sh\n"),
    ("etc/group", "root:x:0:\nbuildgrid:x:1000:\n"),
];

const NEEDS: [Need; 2] = [Need::Program("mmdebstrap", "mmdebstrap"), Need::Program("newuidmap", "uidmap")];

/// Makes the root with BuildGrid in the cache, unless it is there; answers with its folder.
pub(crate) fn run(paths: &Paths) -> Result<PathBuf> {
    let makes = "a root with BuildGrid (350 MB, about a minute)";
    ROOT.ensure_with(paths.buildgrid(), &NEEDS, makes, &[PACKAGE], |root, scratch| {
        install(root, scratch).context("cannot install BuildGrid from PyPI")?;
        make_database(root);
        Ok(())
    })
}

fn install(root: &Path, scratch: &Path) -> Result<()> {
    for file in OF_THE_MACHINE.map(Path::new).into_iter().filter(|file| file.exists()) {
        let to = root.join(file.strip_prefix("/").unwrap_or(file));
        fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
        fs::copy(file, to)?;
    }
    for (file, text) in USERS {
        fs::write(root.join(file), text)?;
    }
    let packages = scratch.join("packages");
    fs::create_dir(&packages)?;
    let mut pip = EngineRoot::new(root).command(scratch, "bash");
    pip.args(["-ec", INSTALL, "bash", "/mnt/packages", PACKAGE]);
    pass_settings(&mut pip);
    show(&mut pip)?;
    let place = root.join("opt/buildgrid");
    fs::remove_dir(&place)?;
    fs::rename(&packages, &place)?;
    Ok(())
}

/// Passes pip's settings on, and those of proxies.
fn pass_settings(pip: &mut Command) {
    let is_setting = |name: &str| name.starts_with("PIP_") || name.to_ascii_lowercase().ends_with("_proxy");
    // A folder of this machine, which the root does not have.
    let is_folder = |name: &str| name == "PIP_FIND_LINKS";
    let settings = std::env::vars().filter(|(name, _)| is_setting(name) && !is_folder(name));
    pip.envs(settings);
}
