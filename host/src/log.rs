//! Writes trace events as lines on the standard error.

use std::fmt;
use std::io::{IsTerminal, stderr};
use std::time::SystemTime;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::term::{SanitizingWriter, Style, json_text};

/// The format of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Starts writing events of this level of our own crates, and warnings of others.
pub(crate) fn start(level: LevelFilter, format: LogFormat) {
    let ours = ["spec_", "spec-host"].map(|prefix| (prefix, level));
    // What finds a fault of a plugin is its own steps.
    let of_plugins = if level >= LevelFilter::DEBUG { LevelFilter::TRACE } else { level };
    let targets = Targets::new().with_targets(ours).with_target("plugin", of_plugins);
    let targets = targets.with_default(level.min(LevelFilter::WARN));
    let registry = tracing_subscriber::registry().with(targets);
    let colours = stderr().is_terminal();
    let style = if colours { Style::Colour } else { Style::Plain };
    let lines =
        tracing_subscriber::fmt::layer().with_writer(move || SanitizingWriter { to: stderr(), style });
    match format {
        LogFormat::Text => registry.with(lines.with_ansi(colours)).init(),
        LogFormat::Json => registry.with(lines.with_ansi(false).event_format(JsonFormatter)).init(),
    }
}

/// One JSON object a line: `time` in seconds since 1970, `level`, `target`, `message`, and the event's fields. The
/// formatter of tracing-subscriber would turn on serde's default features for every crate.
struct JsonFormatter;

impl<S, N> FormatEvent<S, N> for JsonFormatter
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut fields = JsonFields(Map::new());
        fields.put("time", (since.as_millis() as f64 / 1000.0).into());
        fields.put("level", event.metadata().level().as_str().to_ascii_lowercase().into());
        fields.put("target", event.metadata().target().into());
        event.record(&mut fields);
        writeln!(to, "{}", json_text(&Value::Object(fields.0), false))
    }
}

struct JsonFields(Map<String, Value>);

impl JsonFields {
    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }
}

impl Visit for JsonFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}").into());
    }
}
