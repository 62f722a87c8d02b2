//! An element of which every prediction is wrong: what each of its files reads beside the header is another thing in every
//! build, and nobody can know it.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::comparison::Subject;

const ELEMENT: &str = r##"kind: manual

build-depends:
- filename: debian.bst
  config:
    digest-environment: RECC_REMOTE_PLATFORM_chrootRootDigest
- dep.bst

environment:
  RECC_SERVER: unix:/tmp/casd.sock
  RECC_DEPS_GLOBAL_PATHS: 1
  RECC_NO_PATH_REWRITE: 1
sandbox:
  remote-apis-socket:
    path: /tmp/casd.sock

config:
  build-commands:
  - |
    for i in $(seq 40); do
      echo "#define R \"$(cat /proc/sys/kernel/random/uuid)\"" > r$i.h
      printf '#include <dep.h>\n#include "r%s.h"\nconst char *v%s = DEP_VERSION R;\n' $i $i > $i.c
    done
  - seq 40 | xargs -P %{max-jobs} -I @ recc gcc -c @.c -o @.o
"##;

/// Writes the element.
pub(super) fn write(project: &Path) -> Result<Subject> {
    fs::write(project.join("elements/useless.bst"), ELEMENT)?;
    Ok(Subject { title: "all predictions are wrong".to_owned(), elements: vec!["useless.bst".to_owned()] })
}
