//! `plugin build`

use std::path::{Path, PathBuf};
use std::time::Instant;

use spec_plugin_package::build_plugin;
use spec_plugins::Plugins;

use crate::app::App;
use crate::error::CommandResult;
use crate::term::write_stderr;

/// Builds a plugin and compiles it ahead.
///
/// # Errors
/// When a tool is missing or fails, or the component cannot be loaded.
pub(super) fn run(app: &App, folder: &Path) -> CommandResult {
    build(app, folder).map(drop)
}

/// Builds a plugin, compiles it ahead, and returns the component.
pub(super) fn build(app: &App, folder: &Path) -> CommandResult<PathBuf> {
    let tell = |text: &str| write_stderr(&format!("{text}\n"), app.err);
    let built = build_plugin(folder, &tell)?;
    tell(&format!("{}: {} KB", built.file.display(), built.size.div_ceil(1000)));
    let start = Instant::now();
    Plugins::new(app.plugin_options()).compile_ahead(&built.file)?;
    tell(&format!("compiled ahead in {:.1} s", start.elapsed().as_secs_f32()));
    Ok(built.file)
}
