use std::sync::mpsc::{Receiver, Sender, channel};

use spec_session::SessionRemotes;

use super::*;
use crate::term::tests::{hostile, names, script};
use crate::term::{Style, Verbosity};

/// A terminal with the features that the screen uses: rows of characters and a cursor.
struct Terminal {
    rows: Vec<String>,
    row: usize,
    column: usize,
    cursor_shown: bool,
}

impl Terminal {
    fn new() -> Self {
        Self { rows: vec![String::new()], row: 0, column: 0, cursor_shown: true }
    }

    fn feed(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '\r' => self.column = 0,
                '\n' => {
                    self.row += 1;
                    self.rows.resize(self.rows.len().max(self.row + 1), String::new());
                }
                '\x1b' => {
                    let end = rest.find(|c: char| c.is_ascii_alphabetic()).expect("a whole sequence");
                    self.escape(&rest[1..end], rest.as_bytes()[end]);
                    rest = &rest[end + 1..];
                }
                c => self.put(c),
            }
        }
    }

    fn put(&mut self, c: char) {
        let row = &mut self.rows[self.row];
        let mut chars: Vec<char> = row.chars().collect();
        chars.resize(chars.len().max(self.column + 1), ' ');
        chars[self.column] = c;
        *row = chars.into_iter().collect();
        self.column += 1;
    }

    fn escape(&mut self, parameter: &str, verb: u8) {
        let number = || parameter.parse().unwrap_or(1);
        match (verb, parameter) {
            (b'A', _) => self.row = self.row.checked_sub(number()).expect("the cursor stays on the screen"),
            (b'B', _) => {
                self.row += number();
                assert!(self.row < self.rows.len(), "moving down does not scroll");
            }
            (b'J', _) => {
                self.cut();
                self.rows.truncate(self.row + 1);
            }
            (b'K', _) => self.cut(),
            (b'l', "?25") => self.cursor_shown = false,
            (b'h', "?25") => self.cursor_shown = true,
            (b'h' | b'l', "?7" | "?2026") => {}
            other => panic!("unexpected sequence {other:?}"),
        }
    }

    fn cut(&mut self) {
        self.rows[self.row] = self.rows[self.row].chars().take(self.column).collect();
    }
}

#[derive(Clone)]
struct Pipe(Sender<String>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).map_err(std::io::Error::other)?;
        self.0.send(text).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn screen() -> (Screen, Receiver<String>) {
    let (send, receive) = channel();
    (Screen::new(Box::new(Pipe(send))), receive)
}

fn frame(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn the_screen_shows_the_last_frame_below_what_scrolled_by() {
    let (mut screen, written) = screen();
    let mut terminal = Terminal::new();
    let steps: [(&str, &[&str]); 7] = [
        ("", &["status", "one"]),
        ("", &["status", "one longer", "two"]),
        ("", &["status", "one"]),
        ("done: two\n", &["status", "one", "three"]),
        ("", &["st", "on", "thre"]),
        ("a\nb\n", &["status"]),
        ("end\n", &[]),
    ];
    let mut history = Vec::new();
    for (above, lines) in steps {
        screen.draw(above, &frame(lines), 80);
        written.try_iter().for_each(|text| terminal.feed(&text));
        history.extend(above.lines());
        let shown: Vec<&str> =
            terminal.rows.iter().map(String::as_str).filter(|row| !row.is_empty()).collect();
        assert_eq!(shown, [history.as_slice(), lines].concat());
        assert_eq!((terminal.row, terminal.column), (history.len(), 0), "the cursor is at the first line");
    }
    assert!(!terminal.cursor_shown);
    screen.release();
    written.try_iter().for_each(|text| terminal.feed(&text));
    assert!(terminal.cursor_shown);
}

#[test]
fn an_unchanged_frame_writes_nothing_and_a_changed_line_only_itself() {
    let (mut screen, written) = screen();
    screen.draw("", &frame(&["status", "one", "two"]), 80);
    let _ = written.try_iter().count();
    screen.draw("", &frame(&["status", "one", "two"]), 80);
    assert_eq!(written.try_iter().count(), 0);
    screen.draw("", &frame(&["status", "ONE", "two"]), 80);
    let text: String = written.try_iter().collect();
    assert!(text.contains("ONE") && !text.contains("status") && !text.contains("two"), "{text:?}");
}

fn lines() -> LineFormatter {
    let (style, verbosity) = (Style::Plain, Verbosity::Ends);
    LineFormatter {
        info: Arc::new(names()),
        style,
        error_lines: 2,
        message_lines: 2,
        verbosity,
        format: None,
    }
}

#[test]
fn a_session_leaves_its_lines_and_the_cursor_behind() {
    let (send, receive) = channel();
    let live = LiveView::new(lines(), SessionRemotes::default(), Box::new(Pipe(send)), || (60, 10));
    for event in script() {
        live.event(&event);
    }
    let mut terminal = Terminal::new();
    receive.try_iter().for_each(|text| terminal.feed(&text));
    assert!(terminal.cursor_shown);
    let text = terminal.rows.join("\n");
    assert!(text.contains("build base.bst done in 12 s"), "{text}");
    assert!(text.contains("build failed in 31 s"), "{text}");
    assert!(!text.contains("running"), "the view is cleared: {text}");
}

/// The terminal of this test supports only the sequences that the screen uses.
#[test]
fn hostile_texts_move_nothing() {
    let (send, receive) = channel();
    let (info, events) = hostile();
    let lines = LineFormatter { info: Arc::new(info), ..lines() };
    let live = LiveView::new(lines, SessionRemotes::default(), Box::new(Pipe(send)), || (200, 10));
    for event in &events[..4] {
        live.event(event);
    }
    std::thread::sleep(3 * DRAW_INTERVAL);
    live.event(&events[4]);
    drop(live);
    let mut terminal = Terminal::new();
    let written: String = receive.try_iter().collect();
    assert!(written.contains("build a\\u{1b}[2J"), "the job was drawn: {written}");
    assert!(!written.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\x1b')), "{written:?}");
    terminal.feed(&written);
}

#[test]
fn the_view_at_work() {
    let began = Instant::now();
    let mut view = ViewState::default();
    let at = |seconds| began + Duration::from_secs(seconds);
    view.note(
        &Event::Started { jobs: vec![(spec_scheduler::Task::Fetch, 1), (spec_scheduler::Task::Build, 4)] },
        began,
    );
    for (job, element, task) in [
        (0, 0, spec_scheduler::Task::Fetch),
        (1, 1, spec_scheduler::Task::Build),
        (2, 2, spec_scheduler::Task::Build),
    ] {
        view.note(&Event::JobStarted { job, element, task }, at(job as u64));
    }
    let progress = |job, activity: &str, done| Event::Progress { job, activity: activity.to_owned(), done };
    view.note(&progress(0, "base.tar", Some((120_000_000, 600_000_000))), at(3));
    view.note(&progress(1, "make -j4\x1b[31m", Some((2, 5))), at(3));
    let draw = |size| view.frame(&names(), Style::Plain, Duration::from_secs(12), at(12), size);
    assert_eq!(
        draw((61, 10)),
        [
            "[00:12] fetch 0/1 · build 0/4 · 3 running",
            "  fetch base.bst    base.tar 120.0 MB of 600.0 MB      00:12",
            "  build app.bst     [2/5] make -j4                     00:11",
            "  build middle.bst                                     00:10",
        ]
    );
    let narrow = draw((30, 4));
    assert_eq!(narrow.len(), 3);
    assert!(narrow.iter().all(|line| line.chars().count() <= 30), "{narrow:?}");
    assert_eq!(narrow[2], "  … and 2 more");
    view.remotes = Some("2 requests in flight".to_owned());
    let with_servers = view.frame(&names(), Style::Plain, Duration::from_secs(12), at(12), (61, 10));
    assert_eq!((with_servers.len(), with_servers[1].as_str()), (5, "  remotes 2 requests in flight"));
}
