//! Debian's source archives, of its stable release, whose versions do not change.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::apt::{self, Need};
use crate::command::{command, show};
use crate::lock::Lock;
use crate::paths::Paths;

const SUITE: &str = "trixie";

const NEEDS: [Need; 1] = [Need::Program("mmdebstrap", "mmdebstrap")];

/// Runs after the lists were fetched, in a root that has nothing but the configuration of apt.
const DOWNLOAD: &str = r#"cd "$SPEC_ARCHIVES" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" \
apt-get source --download-only --only-source --tar-only --quiet=2 $SPEC_PACKAGES"#;

/// Source packages are in no list that mmdebstrap writes.
const ADD_LISTS: &str =
    r#"sed -n 's/^deb /deb-src /p' "$1/etc/apt/sources.list" > "$1/etc/apt/sources.list.d/source.list""#;

/// Downloads archives of source packages into the cache, those of them that are not there: pairs of a package and the name of
/// its archive. Answers with their folder.
pub(crate) fn download(paths: &Paths, archives: &[(&str, &str)]) -> Result<PathBuf> {
    let folder = paths.debian_sources();
    let _lock = Lock::take(&folder)?;
    std::fs::create_dir_all(&folder)?;
    let missing = |folder: &Path| {
        let missing = archives.iter().filter(|(_, archive)| !folder.join(archive).exists());
        missing.map(|(package, _)| *package).collect::<Vec<_>>()
    };
    let wanted = missing(&folder);
    if wanted.is_empty() {
        return Ok(folder);
    }
    apt::ensure(&NEEDS)?;
    let mut mmdebstrap = command("mmdebstrap", ["--variant=custom", "--format=null", "--quiet"]);
    // A mirror that lags behind is good enough.
    mmdebstrap
        .args(["--aptopt=Acquire::Check-Valid-Until \"false\"", "--aptopt=APT::Sandbox::User \"root\""]);
    mmdebstrap.args(["--setup-hook", ADD_LISTS, "--customize-hook", DOWNLOAD, SUITE, "/dev/null"]);
    mmdebstrap.env("SPEC_ARCHIVES", &folder).env("SPEC_PACKAGES", wanted.join(" "));
    show(&mut mmdebstrap).context("cannot download Debian's source archives")?;
    let missing = missing(&folder);
    ensure!(missing.is_empty(), "Debian {SUITE} has other versions of {}", missing.join(", "));
    Ok(folder)
}
