//! The options of components, and how the user hears of those that take long to compile.

use std::time::Duration;

use spec_plugins::{CompileObserver, Options, SlowCompilation};

use crate::app::App;
use crate::term::{Style, TextRole, format_size, sanitize_line, write_stderr};

/// The time between two lines about a component.
const INTERVAL: Duration = Duration::from_secs(5);

impl App {
    /// The options of components: their cache, and those of the command line.
    pub(crate) fn plugin_options(&self) -> Options {
        let style = self.err;
        Options {
            overrides: self.globals.plugins.clone(),
            compile_observer: CompileObserver::new(move |slow| tell(style, slow)),
            ..Options::new(self.config.cache("plugins"))
        }
    }
}

/// Tells of a compilation that has just begun to be slow, about every five seconds, and at its end.
fn tell(style: Style, slow: &SlowCompilation<'_>) {
    let Some(text) = line(slow) else { return };
    write_stderr(&format!("{}\n", style.paint(TextRole::Dim, format_args!("{text}"))), style);
}

fn line(slow: &SlowCompilation<'_>) -> Option<String> {
    let SlowCompilation { plugin, size, elapsed, estimate, has_ended } = *slow;
    let plugin = sanitize_line(plugin);
    let seconds = elapsed.as_secs();
    if has_ended {
        return Some(format!("compiled plugin {plugin} in {:.1} s", elapsed.as_secs_f64()));
    }
    if seconds == 0 {
        let size = format_size(size as u64);
        let about = estimate.as_secs().max(1);
        return Some(format!(
            "compiling plugin {plugin} ({size}) for the first time: about {about} s, if nothing else runs"
        ));
    }
    // The observer is called every second.
    let percent = elapsed.as_millis() * 100 / estimate.as_millis().max(1);
    let part = match percent {
        ..100 => format!("about {percent} %"),
        _ => "longer than it takes where nothing else runs".to_owned(),
    };
    let is_time = seconds.is_multiple_of(INTERVAL.as_secs());
    is_time.then(|| format!("compiling plugin {plugin}: {seconds} s, {part}"))
}

#[cfg(test)]
mod tests;
