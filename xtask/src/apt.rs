//! Debian packages: installed only where a command or a file of theirs is missing.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{command, exists, output, show, succeeds};

/// Something that a Debian package provides.
pub(crate) enum Need {
    /// A program in `PATH`.
    Program(&'static str, &'static str),
    /// A file or folder.
    File(&'static str, &'static str),
    /// A module of Python's.
    Module(&'static str, &'static str),
}

impl Need {
    fn is_there(&self) -> bool {
        match self {
            Need::Program(program, _) => exists(program),
            Need::File(path, _) => Path::new(path).exists(),
            Need::Module(module, _) => succeeds(command("python3", ["-c"]).arg(format!("import {module}"))),
        }
    }

    fn package(&self) -> &'static str {
        match self {
            Need::Program(_, package) | Need::File(_, package) | Need::Module(_, package) => package,
        }
    }
}

/// Installs the packages of what is missing.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<_> = needs.iter().filter(|need| !need.is_there()).map(Need::package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if !exists("apt-get") {
        bail!("this machine lacks what Debian has in the packages {packages}: please install them");
    }
    println!("installing {packages}");
    show(&mut apt_get(&["update", "--quiet"])?)?;
    let mut install = apt_get(&["install", "--yes", "--quiet", "--no-install-recommends"])?;
    show(install.args(missing)).with_context(|| format!("please run: apt-get install {packages}"))
}

fn apt_get(arguments: &[&str]) -> Result<Command> {
    let is_root = output(&mut command("id", ["-u"]))?.trim() == "0";
    let mut apt = match (is_root, exists("sudo")) {
        (true, _) => command("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get"]),
        (false, true) => command("sudo", ["DEBIAN_FRONTEND=noninteractive", "apt-get"]),
        (false, false) => bail!("to install packages, run this as root or have sudo"),
    };
    apt.args(arguments);
    Ok(apt)
}
