//! An element whose predictions are all wrong: in addition to the header each of its files reads a text that is
//! different in every build and cannot be predicted.

use std::fs;
use std::path::Path;

use anyhow::Result;
use spec_testkit::recc::{BASE, RECC};

use super::subject::Subject;

const BUILD: &str = r##"config:
  build-commands:
  - |
    for i in $(seq 40); do
      echo "#define R \"$(cat /proc/sys/kernel/random/uuid)\"" > r$i.h
      printf '#include <dep.h>\n#include "r%s.h"\nconst char *v%s = DEP_VERSION R;\n' $i $i > $i.c
    done
  - seq 40 | xargs -P %{max-jobs} -I @ recc gcc -c @.c -o @.o
"##;

/// Writes such an element, with a name that ends so.
pub(super) fn write(project: &Path, end: &str) -> Result<Subject> {
    let (name, title) = (format!("useless{end}.bst"), format!("useless predictions, {end}"));
    let element = format!("kind: manual\nbuild-depends:\n{BASE}- dep.bst\n{RECC}{BUILD}");
    fs::write(project.join("elements").join(&name), element)?;
    Ok(Subject { title, elements: vec![name] })
}
