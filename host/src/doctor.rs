//! Checks whether this machine has what builds need.

mod remotes;
mod trivial_action;

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use spec_cas::Cas;
use spec_execution::LayerSupport;
use spec_model::LayerForm;

use crate::app::App;
use crate::config::Config;

/// The free disk space that builds need, in bytes; the example's base alone takes 1.5 GB.
const ROOM: u64 = 4 << 30;

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The name of what was checked.
    pub(crate) name: String,
    /// Whether it is usable.
    pub(crate) health: Health,
    /// What was found.
    pub(crate) detail: String,
    /// What to do about it; may be empty.
    pub(crate) remedy: String,
}

/// Whether something is usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// Yes.
    Good,
    /// It works with restrictions.
    Poor,
    /// No: nothing can be built.
    Bad,
}

/// Checks everything that builds need. Leaves nothing behind but the cache's folder.
pub(crate) fn examine(config: &Config, project: &Path) -> Vec<Finding> {
    let mut findings = vec![configuration(config), cache(config), room(config)];
    let writable = findings[1].health == Health::Good;
    let temporary = || std::path::absolute(std::env::temp_dir()).unwrap_or_else(|_| PathBuf::from("/tmp"));
    findings.extend(sandbox(&if writable { config.cache_dir.clone() } else { temporary() }));
    findings.push(processor());
    findings.push(certificates());
    findings.push(nearest_project(project));
    findings
}

fn finding(name: &str, health: Health, detail: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { name: name.to_owned(), health, detail: detail.into(), remedy: remedy.into() }
}

fn configuration(config: &Config) -> Finding {
    let detail = match &config.origin {
        Some(path) => path.display().to_string(),
        None => "none, all defaults".to_owned(),
    };
    finding("configuration file", Health::Good, detail, "")
}

fn cache(config: &Config) -> Finding {
    let folder = &config.cache_dir;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let error = match made.and_then(|()| tempfile::tempdir_in(folder)) {
        Ok(_) => return finding("cache folder", Health::Good, folder.display().to_string(), ""),
        Err(error) => error,
    };
    let remedy = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "spec-host cache clean --to 1G, or make room on that disk otherwise".to_owned()
        }
        ErrorKind::ReadOnlyFilesystem => {
            "set another 'cachedir' to build; what is there can be read and checked out".to_owned()
        }
        _ => format!("sudo chown -R \"$(id -u)\" {}, or set another 'cachedir'", folder.display()),
    };
    finding("cache folder", Health::Bad, format!("{}: {error}", folder.display()), remedy)
}

fn room(config: &Config) -> Finding {
    let there = config.cache_dir.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let Ok(disk) = rustix::fs::statvfs(there) else {
        return finding("disk space", Health::Poor, "cannot be told", "");
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let detail = format!("{} free for the cache", crate::term::format_size(free));
    if free >= ROOM {
        return finding("disk space", Health::Good, detail, "");
    }
    let remedy =
        format!("set 'cachedir' to a larger disk, or clear the cache: rm -rf {}", config.cache_dir.display());
    finding("disk space", Health::Poor, detail, remedy)
}

/// Tries sandboxes as builds make them, with a new store in `folder`.
fn sandbox(folder: &Path) -> Vec<Finding> {
    let health = |ok| if ok { Health::Good } else { Health::Bad };
    let made = tempfile::tempdir_in(folder).map_err(|error| error.to_string()).and_then(|own| {
        let cas = Cas::open(own.path().join("cas")).map_err(|error| error.to_string())?;
        let scratch = cas.scratch().map_err(|error| error.to_string())?;
        Ok((own, cas, scratch))
    });
    let (_own, cas, scratch) = match made {
        Ok(made) => made,
        Err(error) => return vec![finding("sandbox", Health::Bad, error, "first mend the cache folder")],
    };
    let checks = spec_sandbox::probe(scratch.path());
    let works = checks.iter().all(|check| check.ok);
    let mut findings: Vec<Finding> = checks
        .into_iter()
        .map(|check| finding(check.name, health(check.ok), check.detail, check.remedy))
        .collect();
    if works {
        findings.push(staging(&cas));
    }
    findings
}

/// Checks which form of layers this machine supports.
fn staging(cas: &Cas) -> Finding {
    let LayerSupport { form, refused } = LayerSupport::examine(cas);
    let (health, way) = match form {
        LayerForm::Image => (Health::Good, "images of metadata over the cache; every folder can be renamed"),
        LayerForm::Metacopy => (
            Health::Good,
            "folders of metadata over the cache; folders of dependencies cannot be renamed in one step",
        ),
        LayerForm::Copied => (
            Health::Poor,
            "copies, which take time and disk; folders of dependencies cannot be renamed in one step",
        ),
    };
    let why: String = refused
        .iter()
        .map(|(form, error)| {
            let better = if *form == LayerForm::Image { "images" } else { "folders of metadata" };
            format!("; no {better}: {error}")
        })
        .collect();
    let remedy = if health == Health::Good { "" } else { "Linux 6.16 or newer makes this faster" };
    finding("staging", health, format!("{way}{why}"), remedy)
}

fn processor() -> Finding {
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let fast = flags.split_whitespace().any(|flag| flag == "sha_ni" || flag == "sha2");
    match fast {
        true => finding("SHA-256 instructions", Health::Good, "used", ""),
        false => finding("SHA-256 instructions", Health::Poor, "none: hashing takes five times as long", ""),
    }
}

fn certificates() -> Finding {
    const FILES: [&str; 3] =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
    let set = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let found = set.into_iter().chain(FILES.map(PathBuf::from)).find(|file| file.exists());
    match found {
        Some(file) => finding("certificates for downloads", Health::Good, file.display().to_string(), ""),
        None => {
            let remedy = "sudo apt-get install ca-certificates";
            finding("certificates for downloads", Health::Poor, "none found: https may not work", remedy)
        }
    }
}

fn nearest_project(start: &Path) -> Finding {
    match spec_project::find_project(start) {
        Ok(folder) => finding("project", Health::Good, folder.display().to_string(), ""),
        Err(_) => finding("project", Health::Good, "none here", "to begin one: spec-host init"),
    }
}

/// Tries each server that is configured here.
pub(crate) fn examine_servers(app: &App) -> Vec<Finding> {
    remotes::examine(app)
}

#[cfg(test)]
mod tests;
