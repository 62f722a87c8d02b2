//! The work without a build tool: the commands of app's build, run with bubblewrap in the unpacked base.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::base::Base;
use super::programs::Project;
use crate::command::{command, output, show};

/// What `autotools` runs for app, as it stands in BuildStream's log.
const COMMANDS: &str = "export NOCONFIGURE=1
autoreconf -ivf .
./configure --prefix=/usr --exec-prefix=/usr --bindir=/usr/bin --sbindir=/usr/sbin --sysconfdir=/etc \
--datadir=/usr/share --includedir=/usr/include --libdir=/usr/lib --libexecdir=/usr/libexec \
--localstatedir=/var --sharedstatedir=/usr/com --mandir=/usr/share/man --infodir=/usr/share/info
make
make -j1 DESTDIR=/buildstream-install install";

/// The environment of the build.
const ENVIRONMENT: [(&str, &str); 7] = [
    ("PATH", "/usr/bin:/bin:/usr/sbin:/sbin"),
    ("HOME", "/tmp"),
    ("LC_ALL", "C.UTF-8"),
    ("TZ", "UTC"),
    ("SOURCE_DATE_EPOCH", "1321009871"),
    ("MAKEFLAGS", "-j2"),
    ("V", "1"),
];

/// The base, and the sources that are built in it.
pub(super) struct Chroot {
    base: Base,
    source: PathBuf,
    header: PathBuf,
}

impl Chroot {
    pub(super) fn new(base: Base, project: &Project) -> Chroot {
        let header = project.path().join("files/dep/include/dep.h");
        Chroot { base, source: project.path().join("src/app-1.0"), header }
    }

    /// Builds app from a fresh copy of its sources.
    pub(super) fn build_app(&self) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let (source, install) = (folder.path().join("source"), folder.path().join("install"));
        show(command("cp", ["-a"]).arg(&self.source).arg(&source))?;
        fs::create_dir(&install)?;
        let mut bwrap = self.bwrap();
        bind(&mut bwrap, "--ro-bind", &self.header, "/usr/include/dep.h");
        bind(&mut bwrap, "--bind", &source, "/buildstream");
        bind(&mut bwrap, "--bind", &install, "/buildstream-install");
        bwrap.args(["--chdir", "/buildstream", "sh", "-ec", COMMANDS]);
        output(&mut bwrap).map(drop)
    }

    /// Runs a program that does nothing.
    pub(super) fn run_true(&self) -> Result<()> {
        show(self.bwrap().arg("/bin/true"))
    }

    fn bwrap(&self) -> Command {
        let mut bwrap = command("bwrap", ["--unshare-all", "--die-with-parent"]);
        bind(&mut bwrap, "--ro-bind", self.base.root(), "/");
        bwrap.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
        bwrap.env_clear().envs(ENVIRONMENT);
        bwrap
    }
}

fn bind(bwrap: &mut Command, how: &str, from: &Path, to: &str) {
    bwrap.arg(how).arg(from).arg(to);
}
