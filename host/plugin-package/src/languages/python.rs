//! Python: componentize-py, which puts the source and the CPython interpreter into a component.

use super::{PluginBuild, WIT_FOLDER, result_of_tool};
use crate::error::Result;
use crate::tools::{Tool, command, run};
use crate::world::Language;

pub(super) fn build(build: &PluginBuild<'_>, progress: &dyn Fn(&str)) -> Result<Vec<u8>> {
    let tool = Tool::of_folder("componentize-py", Language::Python, build.folder);
    let program = tool.at(&build.folder.join(".venv/bin/componentize-py"))?;
    progress("making the component with componentize-py");
    let component = build.intermediate("component.wasm");
    // componentize-py looks for classes of resources in a module with the name of the interface.
    let mut command = command(program, build.folder);
    command.args(["--wit-path", WIT_FOLDER, "--world", build.world.as_str(), "componentize", "--stub-wasi"]);
    command.args(["--python-path", "src", build.world.interface(), "--output"]);
    command.arg(std::path::absolute(&component).unwrap_or_else(|_| component.clone()));
    run(&mut command)?;
    result_of_tool(&component)
}
