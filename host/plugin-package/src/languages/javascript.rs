//! JavaScript: jco, which puts the source and the QuickJS engine into a component.

use std::path::Path;

use super::{PluginBuild, WIT_FOLDER, result_of_tool};
use crate::error::Result;
use crate::tools::{Tool, command, is_in_path, run};
use crate::world::Language;

/// The engine without a system interface.
const ENGINE: [&str; 4] = ["--backend", "quickjs", "--backend-qjs-disable-async", "--backend-qjs-stub-wasi"];

pub(super) fn build(build: &PluginBuild<'_>, progress: &dyn Fn(&str)) -> Result<Vec<u8>> {
    if !is_in_path("node") {
        let install = "apt-get install nodejs npm".to_owned();
        return Err(Tool { name: "node", language: Language::JavaScript, install }.missing(""));
    }
    let tool = Tool::of_folder("jco", Language::JavaScript, build.folder);
    let jco = tool.at(&build.folder.join("node_modules/.bin/jco"))?;
    progress("making the component with jco");
    let component = build.intermediate("component.wasm");
    // jco finds a source only in the folder that it runs in.
    let mut command = command(jco, &build.folder.join("src"));
    command.args(["componentize", "plugin.js", "--wit"]).arg(Path::new("..").join(WIT_FOLDER));
    command.args(["--world-name", build.world.as_str()]).args(ENGINE);
    command.arg("--out").arg(std::path::absolute(&component).unwrap_or_else(|_| component.clone()));
    run(&mut command)?;
    result_of_tool(&component)
}
