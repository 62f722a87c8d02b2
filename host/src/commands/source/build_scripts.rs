//! Scripts that build elements from a checkout of their sources, on a system without this program.

use spec_cas::{CasError, TreeBuilder};
use spec_project::Element;
use spec_session::Session;
use spec_strategy::{Command, Step};

/// The groups of commands that build an element, of kinds that follow BuildStream's `BuildElement`.
const GROUPS: [&str; 4] = ["configure-commands", "build-commands", "install-commands", "strip-commands"];

/// Adds `build-NAME` for each element that commands build, and `build.sh`, which runs all of them in order.
///
/// # Errors
/// When the store fails.
pub(super) fn add(session: &Session, elements: &[usize], tree: &mut TreeBuilder) -> Result<(), CasError> {
    let mut put = |name: String, text: String| {
        let digest = session.cas.put_bytes(text.as_bytes())?;
        tree.add_file(&name, digest, true)
    };
    let mut names = Vec::new();
    for &index in elements {
        let element = &session.project.elements[index];
        if let Some(text) = script(element) {
            put(format!("build-{}", element.name.normal()), text)?;
            names.push(element.name.normal());
        }
    }
    put("build.sh".to_owned(), all(&names))
}

/// The script of all elements. It stops at the first that fails.
fn all(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!(
        "#!/bin/sh\n# Builds and installs elements from their sources in this folder, in order.\nset -eu\n\
         SRCDIR=$(cd \"$(dirname \"$0\")\" && pwd)\nexport SRCDIR\n\
         for name in {}; do\n  \"$SRCDIR/build-$name\" || {{ echo \"building $name failed\" >&2; exit 1; }}\n\
         \x20 if [ -x /sbin/ldconfig ]; then /sbin/ldconfig || true; fi\ndone\n",
        names.join(" ")
    )
}

/// The script of one element; `None` if it has no commands to build it with.
fn script(element: &Element) -> Option<String> {
    let plan = element.configured.plan();
    let groups = plan.steps.iter().filter_map(|step| match step {
        Step::Run(group) if GROUPS.contains(&group.label.as_str()) => Some(group),
        _ => None,
    });
    let commands: Vec<&Command> = groups.flat_map(|group| &group.commands).collect();
    let path = |name| quoted(&element.variable(name).unwrap_or_default());
    let (name, build, install) = (quoted(&element.name.normal()), path("build-root"), path("install-root"));
    let import = imported(element, &build, &install);
    // The kinds that build with commands have a setting for them, even where it is empty.
    if import.is_none() {
        element.config().get("build-commands")?;
    }
    let mut text = format!(
        "#!/bin/sh\n# Builds and installs {}.\nset -e\n: \"${{SRCDIR:=$(cd \"$(dirname \"$0\")\" && pwd)}}\"\n\
         rm -rf {build} {install}\nmkdir -p {build} {install}\n\
         if [ -d \"$SRCDIR\"/{name} ]; then cp -a \"$SRCDIR\"/{name}/. {build}; fi\ncd {build}\n",
        element.name
    );
    for (variable, value) in element.environment() {
        text += &format!("export {variable}={}\n", quoted(&value));
    }
    text += &import.unwrap_or_default();
    for command in commands {
        let line = command.argv.last().map_or("", String::as_str);
        text += &format!("(set -ex; {line}\n) || exit 1\n");
    }
    text += &format!("rm -rf {build}\n(cd {install} && cp -a . /)\n");
    Some(text)
}

/// What an element of kind `import` does with its sources: a part of them is moved to where it is installed.
fn imported(element: &Element, build: &str, install: &str) -> Option<String> {
    if *element.kind != *"import" {
        return None;
    }
    let config = element.config();
    let below = |root: &str, setting: &str| {
        let path = config.opt_str(setting).ok().flatten().unwrap_or("/");
        format!("{root}/{}", quoted(path.trim_matches('/')))
    };
    let (from, to) = (below(build, "source"), below(install, "target"));
    Some(format!("mkdir -p {to}\ncp -a {from}/. {to}\n"))
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
