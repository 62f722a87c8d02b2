//! A chain of libraries. The header of each includes that of the one below, the lowest that of `dep.bst`: so one edit of
//! the latter reaches every compile of all, as it does with the headers of a real base library. Each library is linked
//! with its own objects and the library below, which has to be there first. What is linked is installed as it is: a
//! library that is stripped is known only when its element is built, for stripping is no action.

use std::fs;
use std::path::Path;

use anyhow::Result;
use spec_testkit::recc::RECC;

use super::subject::Subject;

pub(super) const ELEMENTS: usize = 10;
/// Files in each element; one more action links them.
pub(super) const FILES: usize = 19;

const ELEMENT: &str = "kind: manual

build-depends:
- filename: debian.bst
  (?):
  - recc:
      config:
        digest-environment: RECC_REMOTE_PLATFORM_chrootRootDigest

depends:
- @BELOW@.bst

sources:
- kind: local
  path: files/@NAME@

environment:
  CC: gcc

config:
  strip-commands: []
  build-commands:
  - make -j%{max-jobs}
  install-commands:
  - make DESTDIR=\"%{install-root}\" install

(?):
- recc:
@RECC@";

const MAKEFILE: &str = "OBJECTS = $(patsubst %.c,%.o,$(sort $(wildcard *.c)))

lib@NAME@.so: $(OBJECTS)
\t$(CC) -shared -o $@ $(OBJECTS) @LIBRARY@

%.o: %.c
\t$(CC) -O2 -fPIC -c $< -o $@

install:
\tinstall -Dm755 lib@NAME@.so $(DESTDIR)/usr/lib/lib@NAME@.so
\tinstall -Dm644 @NAME@.h $(DESTDIR)/usr/include/@NAME@.h
";

const HEADER: &str = "#ifndef @NAME@_h
#define @NAME@_h

#include <@BELOW@.h>

@DECLARATIONS@
#endif
";

const FILE: &str = "#include <stdio.h>
#include <@BELOW@.h>
#include \"@NAME@.h\"

const char *@NAME@_@NUMBER@(int number)
{
    static char text[64];
    snprintf(text, sizeof text, \"%s %d\", DEP_VERSION, number * DEP_ANSWER + @NUMBER@);
    return text;
}
";

/// Writes the elements and their sources.
pub(super) fn write(project: &Path) -> Result<Subject> {
    let mut below = None;
    let mut elements = Vec::new();
    for place in 0..ELEMENTS {
        let name = format!("link{place}");
        Link { name: &name, below: below.as_deref() }.write(project)?;
        elements.push(format!("{name}.bst"));
        below = Some(name);
    }
    Ok(Subject { title: format!("{ELEMENTS} elements of {} actions", FILES + 1), elements })
}

/// The environment of recc, deep enough for a branch of the project's option.
fn recc() -> String {
    let calling = RECC.replace("environment:\n", "environment:\n  CC: recc gcc\n");
    calling.lines().map(|line| format!("    {line}\n")).collect()
}

/// One element of the chain.
struct Link<'a> {
    name: &'a str,
    /// The element of the chain that it is built on, if it is not the lowest.
    below: Option<&'a str>,
}

impl Link<'_> {
    fn write(&self, project: &Path) -> Result<()> {
        let element = self.text(ELEMENT).replace("@RECC@", &recc());
        fs::write(project.join(format!("elements/{}.bst", self.name)), element)?;
        let folder = project.join("files").join(self.name);
        fs::create_dir(&folder)?;
        let declarations: String =
            (1..=FILES).map(|number| format!("const char *{}_{number}(int number);\n", self.name)).collect();
        let library = self.below.map(|below| format!("/usr/lib/lib{below}.so")).unwrap_or_default();
        fs::write(folder.join("Makefile"), self.text(MAKEFILE).replace("@LIBRARY@", &library))?;
        let header = self.text(HEADER).replace("@DECLARATIONS@", &declarations);
        fs::write(folder.join(format!("{}.h", self.name)), header)?;
        for number in 1..=FILES {
            let file = self.text(FILE).replace("@NUMBER@", &number.to_string());
            fs::write(folder.join(format!("{number}.c")), file)?;
        }
        Ok(())
    }

    fn text(&self, template: &str) -> String {
        template.replace("@NAME@", self.name).replace("@BELOW@", self.below.unwrap_or("dep"))
    }
}
