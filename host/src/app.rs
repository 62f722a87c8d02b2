//! What every command has at hand.

use std::cell::Cell;
use std::io::{IsTerminal, stderr, stdin, stdout};

use crate::cli::GlobalOptions;
use crate::config::{Config, Environment};
use crate::error::CommandResult;
use crate::term::Style;

/// What every command has at hand.
pub(crate) struct App {
    /// Options of the command line.
    pub(crate) globals: GlobalOptions,
    /// What the user prefers.
    pub(crate) config: Config,
    /// Colours of the standard output.
    pub(crate) out: Style,
    /// Colours of the standard error.
    pub(crate) err: Style,
    /// Whether it was said that the cache is not ours alone.
    pub(crate) warned_of_cache: Cell<bool>,
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// When it is wrong.
    pub(crate) fn new(globals: GlobalOptions) -> CommandResult<Self> {
        let environment = Environment::process();
        let config = Config::load(&globals, &environment)?;
        let out = Style::choose(globals.color(), stdout().is_terminal());
        let err = Style::choose(globals.color(), stderr().is_terminal());
        let app = Self { globals, config, out, err, warned_of_cache: Cell::new(false) };
        for text in environment.ignored() {
            app.warn("relative-path", &text);
        }
        if app.config.cache_dir.exists() {
            app.make_cache_private();
        }
        if !app.config.without_effect.is_empty() {
            let settings = app.config.without_effect.join(", ");
            app.warn(
                "without-effect",
                &format!("these settings of the configuration do nothing yet: {settings}"),
            );
        }
        Ok(app)
    }

    /// Whether somebody watches and can answer.
    pub(crate) fn interactive(&self) -> bool {
        self.watched() && stdin().is_terminal()
    }

    /// Whether somebody watches.
    pub(crate) fn watched(&self) -> bool {
        !self.globals.no_interactive && stderr().is_terminal()
    }
}
