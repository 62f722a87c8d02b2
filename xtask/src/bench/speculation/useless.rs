//! An element of which every prediction is wrong: what each of its files reads beside the header is another thing in every
//! build, and nobody can know it.

use std::fs;
use std::path::Path;

use anyhow::Result;
use spec_testkit::recc::{BASE, RECC};

use super::comparison::Subject;

const BUILD: &str = r##"config:
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
    let element = format!("kind: manual\nbuild-depends:\n{BASE}- dep.bst\n{RECC}{BUILD}");
    fs::write(project.join("elements/useless.bst"), element)?;
    Ok(Subject { title: "all predictions are wrong".to_owned(), elements: vec!["useless.bst".to_owned()] })
}
