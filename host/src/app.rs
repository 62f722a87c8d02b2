//! What every command has at hand.

use std::io::{IsTerminal, stderr, stdin, stdout};

use crate::cli::Globals;
use crate::config::{Config, Environment};
use crate::error::CommandResult;
use crate::term::Style;

/// What every command has at hand.
pub(crate) struct App {
    /// Options of the command line.
    pub(crate) globals: Globals,
    /// What the user prefers.
    pub(crate) config: Config,
    /// Colours of the standard output.
    pub(crate) out: Style,
    /// Colours of the standard error.
    pub(crate) err: Style,
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// When it is wrong.
    pub(crate) fn new(globals: Globals) -> CommandResult<Self> {
        let config = Config::load(&globals, &Environment::process())?;
        let out = Style::choose(globals.color(), stdout().is_terminal());
        let err = Style::choose(globals.color(), stderr().is_terminal());
        let app = Self { globals, config, out, err };
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

    /// Says something that is probably wrong.
    pub(crate) fn warn(&self, reason: &str, text: &str) {
        let title = self.err.paint(crate::term::Ink::Warning, format_args!("warning[{reason}]"));
        crate::term::tell(&format!("{title}: {}\n", crate::term::safe(text)), self.err);
    }
}
