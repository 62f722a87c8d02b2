//! State shared by all commands.

use std::cell::Cell;
use std::io::{IsTerminal, stderr, stdin, stdout};

use crate::cli::GlobalOptions;
use crate::config::{Config, Environment};
use crate::error::CommandResult;
use crate::term::Style;

/// The state that all commands share: options, configuration and output styles.
pub(crate) struct App {
    /// Options of the command line.
    pub(crate) globals: GlobalOptions,
    /// All settings.
    pub(crate) config: Config,
    /// Colours of the standard output.
    pub(crate) out: Style,
    /// Colours of the standard error.
    pub(crate) err: Style,
    /// Whether the user was warned that others have access to the cache.
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

    /// Whether the user sees progress on a terminal and can answer questions.
    pub(crate) fn interactive(&self) -> bool {
        self.watched() && stdin().is_terminal()
    }

    /// Whether the user sees progress on a terminal.
    pub(crate) fn watched(&self) -> bool {
        !self.globals.no_interactive && stderr().is_terminal()
    }
}
