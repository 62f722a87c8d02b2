use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use spec_model::{Blame, FilePosition};
use spec_scheduler::{Event, Failure, JobEnd, Message, MessageLevel, Observer, Summary, Task};
use spec_session::{ElementInfo, SessionInfo};

use super::failure::report;
use super::*;
use crate::message_format::MessageFormat;

pub(super) fn names() -> SessionInfo {
    let element = |name: &str, digit: &str| ElementInfo {
        name: name.to_owned(),
        kind: "manual".to_owned(),
        key: digit.repeat(64),
        state: "buildable".to_owned(),
    };
    SessionInfo {
        command: "build".to_owned(),
        project: "hello".to_owned(),
        directory: PathBuf::from("/src/hello"),
        targets: vec!["app.bst".to_owned()],
        elements: vec![element("base.bst", "a"), element("app.bst", "b"), element("middle.bst", "c")],
        key_length: 8,
    }
}

fn ended(job: usize, element: usize, task: Task, end: JobEnd, seconds: u64) -> Event {
    Event::JobEnded { job, element, task, end, elapsed: Duration::from_secs(seconds) }
}

fn failure() -> Failure {
    Failure {
        reason: "command-failed".to_owned(),
        blame: Blame::Build,
        message: "a build command failed".to_owned(),
        command: Some("make -j4".to_owned()),
        exit_code: Some(2),
        log: Some(PathBuf::from("/logs/app.log")),
        log_tail: ["one", "two\x1b[31m", "three"].map(str::to_owned).to_vec(),
        has_buildtree: true,
        ..Failure::default()
    }
}

/// A session with every kind of event.
pub(super) fn script() -> Vec<Event> {
    let started = |job, element, task| Event::JobStarted { job, element, task };
    let message = Message {
        element: Some(0),
        level: MessageLevel::Warning,
        reason: "overlaps".to_owned(),
        text: "2 files overlap".to_owned(),
        detail: Some("/a\n/b\n/c".to_owned()),
        figures: Vec::new(),
        labels: Vec::new(),
    };
    let tasks = vec![(Task::Fetch, [0, 1, 0, 0]), (Task::Build, [1, 0, 1, 1])];
    let elapsed = Duration::from_secs(31);
    vec![
        Event::Started { jobs: vec![(Task::Fetch, 1), (Task::Build, 3)] },
        started(0, 0, Task::Fetch),
        Event::Progress { job: 0, activity: "base.tar".to_owned(), done: Some((1, 0)) },
        ended(0, 0, Task::Fetch, JobEnd::Unneeded, 0),
        started(1, 0, Task::Build),
        Event::Message(message),
        ended(1, 0, Task::Build, JobEnd::Done, 12),
        started(2, 1, Task::Build),
        ended(2, 1, Task::Build, JobEnd::Failed(Box::new(failure())), 3),
        ended(3, 2, Task::Build, JobEnd::Skipped, 0),
        Event::Ended(Summary { tasks, failed: vec![1], interrupted: false, elapsed }),
    ]
}

fn lines_of_script(verbosity: Verbosity) -> String {
    let lines = LineFormatter {
        info: Arc::new(names()),
        style: Style::Plain,
        error_lines: 2,
        message_lines: 2,
        verbosity,
        format: None,
    };
    script().iter().map(|event| lines.of(event, Duration::from_secs(5))).collect()
}

#[test]
fn plain_lines() {
    insta::assert_snapshot!("plain", lines_of_script(Verbosity::Jobs));
    let brief = lines_of_script(Verbosity::Ends);
    assert!(!brief.contains("started") && brief.contains("done in 12 s"), "{brief}");
}

/// As wide as BuildStream's lines.
#[test]
fn lines_in_the_format_of_the_user() {
    let all = "[%{wallclock}][%{elapsed}][%{key}][%{element}] %{action} %{message}";
    let format = MessageFormat::parse(all).expect("a good format");
    let began = SystemTime::UNIX_EPOCH + Duration::from_secs(7 * 3600);
    let lines = LineFormatter {
        info: Arc::new(names()),
        style: Style::Plain,
        error_lines: 2,
        message_lines: 2,
        verbosity: Verbosity::Progress,
        format: Some(UserFormat { format, began }),
    };
    let mut text: String = script().iter().map(|event| lines.of(event, Duration::from_secs(5))).collect();
    text += &lines.progress(Duration::from_secs(6), 1, Task::Fetch, "asking");
    for end in [JobEnd::Absent, JobEnd::Superseded, JobEnd::Cancelled] {
        text += &lines.of(&ended(9, 2, Task::Pull, end, 1), Duration::from_secs(7));
    }
    insta::assert_snapshot!("formatted", text);
}

#[test]
fn colours_change_nothing_but_colours() {
    let painted = report("app.bst", Task::Build, &failure(), 20, Style::Colour);
    assert_eq!(strip(&painted), report("app.bst", Task::Build, &failure(), 20, Style::Plain));
    assert_ne!(strip(&painted), painted);
}

fn strip(text: &str) -> String {
    text.lines().map(|line| super::text::sanitize_line(line) + "\n").collect()
}

#[test]
fn a_cached_failure_tells_how_to_build_again() {
    let failure = Failure { cached: true, has_buildtree: false, ..failure() };
    let text = report("app.bst", Task::Build, &failure, 0, Style::Plain);
    assert!(text.starts_with("error[command-failed]: build of app.bst failed before: "), "{text}");
    assert!(text.ends_with("spec-host build --retry-failed app.bst\n"), "{text}");
}

/// Bytes that a test can look at.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Memory {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

#[test]
fn json_lines() {
    let memory = Memory::default();
    let events = JsonEvents::new(Arc::new(names()), Box::new(memory.clone()));
    script().iter().for_each(|event| events.event(event));
    let lines: Vec<serde_json::Value> = memory.text().lines().map(timeless).collect();
    let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("json", text.join("\n"));
}

/// The line without fields that differ from run to run.
fn timeless(line: &str) -> serde_json::Value {
    let mut value: serde_json::Value = serde_json::from_str(line).expect("every line is JSON");
    let fields = value.as_object_mut().expect("every line is an object");
    assert!(fields.shift_remove("elapsed").is_some_and(|elapsed| elapsed.is_number()));
    fields.shift_remove("time");
    fields.shift_remove("version");
    value
}

#[test]
fn only_verbose_logs_tell_what_jobs_do() {
    for (verbosity, expect) in [(Verbosity::Jobs, false), (Verbosity::Progress, true)] {
        let memory = Memory::default();
        let lines = LineFormatter {
            info: Arc::new(names()),
            style: Style::Plain,
            error_lines: 2,
            message_lines: 2,
            verbosity,
            format: None,
        };
        let plain = PlainLog::new(lines, Box::new(memory.clone()));
        script().iter().for_each(|event| plain.event(event));
        assert_eq!(memory.text().contains("base.tar"), expect);
    }
}

/// A text that would clear the screen, set the title, reverse the line and overwrite it.
const EVIL: &str = "a\x1b[2J\x1b]0;t\x07\u{9b}31m\u{202e}\rb\x1b[8m\x7f";

/// A session in which all texts from outside are hostile.
pub(super) fn hostile() -> (SessionInfo, Vec<Event>) {
    let evil = || EVIL.to_owned();
    let element = ElementInfo { name: evil(), kind: evil(), key: evil(), state: evil() };
    let info = SessionInfo { project: evil(), targets: vec![evil()], elements: vec![element], ..names() };
    let failure = Failure {
        reason: evil(),
        blame: Blame::Build,
        message: evil(),
        position: Some(FilePosition { file: EVIL.into(), line: 1, column: 1 }),
        detail: Some(format!("{EVIL}\n{EVIL}")),
        hint: Some(format!("{EVIL}\n{EVIL}")),
        command: Some(format!("{EVIL}\n{EVIL}")),
        exit_code: Some(1),
        log: Some(PathBuf::from(EVIL)),
        log_tail: vec![evil(), evil()],
        has_buildtree: true,
        cached: true,
    };
    let message = Message {
        element: Some(0),
        level: MessageLevel::Warning,
        reason: evil(),
        text: evil(),
        detail: Some(format!("{EVIL}\n{EVIL}")),
        figures: vec![(evil(), 1)],
        labels: vec![(evil(), evil())],
    };
    let events = vec![
        Event::Started { jobs: vec![(Task::Build, 1)] },
        Event::JobStarted { job: 0, element: 0, task: Task::Build },
        Event::Progress { job: 0, activity: evil(), done: Some((1, 2)) },
        Event::Message(message),
        ended(0, 0, Task::Build, JobEnd::Failed(Box::new(failure)), 3),
    ];
    (info, events)
}

/// Whether nothing is left in the text but lines and our own colours.
fn is_harmless(text: &str, style: Style) -> bool {
    let own = ["1", "2", "32", "33", "1;31", "1;34", "36", "0"];
    let mut rest = text.to_owned();
    if style == Style::Colour {
        own.iter().for_each(|code| rest = rest.replace(&format!("\x1b[{code}m"), ""));
    }
    !rest.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}')
}

#[test]
fn hostile_texts_do_nothing_in_any_output() {
    let (info, events) = hostile();
    let info = Arc::new(info);
    for style in [Style::Plain, Style::Colour] {
        let lines = LineFormatter {
            info: info.clone(),
            style,
            error_lines: 9,
            message_lines: 9,
            verbosity: Verbosity::Progress,
            format: None,
        };
        let memory = Memory::default();
        let plain = PlainLog::new(lines, Box::new(memory.clone()));
        events.iter().for_each(|event| plain.event(event));
        let text = memory.text();
        assert!(text.matches("u{202e}").count() > 15, "{text}");
        assert!(is_harmless(&text, style), "{text:?}");
        let position = FilePosition { file: EVIL.into(), line: 1, column: 1 };
        let error = spec_model::NodeError::new("invalid-data", Some(&position), EVIL);
        let error = crate::error::CommandError::from(error).hint(EVIL);
        let text = error.render(style, std::path::Path::new("/"));
        assert!(is_harmless(&text, style), "{text:?}");
        assert!(is_harmless(&style.paint(TextRole::Name, EVIL), style));
    }
    let memory = Memory::default();
    let json = JsonEvents::new(info, Box::new(memory.clone()));
    events.iter().for_each(|event| json.event(event));
    assert!(is_harmless(&memory.text(), Style::Plain), "{:?}", memory.text());
    for line in memory.text().lines() {
        timeless(line);
    }
    assert!(memory.text().contains("\\u202e"), "{}", memory.text());
}
