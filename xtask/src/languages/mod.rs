//! The examples of plugins in other languages than Rust: installs the tool-chains of these languages from their package
//! registries into the cache of the checkout, and builds the examples with them.

mod tools;

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::show;
use crate::paths::{self, Paths};
use tools::Tools;

/// What builds an example: the file in its folder, and the command.
const BUILDS: [(&str, &str); 2] = [("Makefile", "make"), ("package.json", "npm run build")];

/// Builds every example, and answers with the folder of the components.
pub(crate) fn run(paths: &Paths) -> Result<PathBuf> {
    let tools = Tools::install(paths)?;
    let components = paths.language_components();
    fs::create_dir_all(&components)?;
    for folder in [paths.root.join("plugins/examples"), paths.root.join("tests/languages")] {
        for example in paths::folders(&folder)? {
            build(paths, &tools, &example, &components)
                .with_context(|| format!("cannot build {}", example.display()))?;
        }
    }
    Ok(components)
}

/// Builds an example, unless its component is there and made of the same files with the same tools.
fn build(paths: &Paths, tools: &Tools, example: &Path, components: &Path) -> Result<()> {
    let Some((_, build)) = BUILDS.into_iter().find(|(file, _)| example.join(file).is_file()) else {
        // Examples in Rust are guests like others.
        return Ok(());
    };
    let name = paths::name(example);
    let (component, stamp) =
        (components.join(format!("{name}.wasm")), components.join(format!("{name}.made-of")));
    let made_of = made_of(paths, tools, example)?;
    if component.exists() && fs::read_to_string(&stamp).is_ok_and(|old| old == made_of) {
        return Ok(());
    }
    println!("building {name}");
    let out = tempfile::tempdir_in(components)?;
    let mut words = build.split(' ');
    let program = words.next().unwrap_or_default();
    show(tools.command(program).args(words).current_dir(example).env("OUT", out.path()))?;
    fs::rename(out.path().join(format!("{name}.wasm")), &component)?;
    fs::write(stamp, made_of)?;
    Ok(())
}

/// A text that changes with the example, the contracts and the tools.
fn made_of(paths: &Paths, tools: &Tools, example: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    tools.versions.hash(&mut hasher);
    for folder in [example, &paths.root.join("wit")] {
        for file in paths::files(folder)? {
            (paths::name(&file), fs::read(&file)?).hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}
