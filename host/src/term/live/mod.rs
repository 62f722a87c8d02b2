//! The live view on a terminal: finished jobs scroll up, running ones stay at the bottom.
//!
//! A thread draws at most ten times a second and only changed lines; observers only update the state.

mod remotes;
mod screen;
mod view;

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use remotes::remotes_line;
use screen::Screen;
pub(crate) use screen::restore;
use spec_scheduler::{Event, Observer};
use spec_session::SessionRemotes;
use view::ViewState;

use super::lines::LineFormatter;

/// The shortest time between two drawings.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);
/// The longest time between two drawings: clocks show seconds.
const CLOCK_INTERVAL: Duration = Duration::from_secs(1);

/// The size of a terminal: columns and rows.
pub(crate) type TerminalSize = (usize, usize);

/// The live view. Dropping it clears what it drew and gives the cursor back.
pub(crate) struct LiveView {
    shared: Arc<SharedView>,
    drawing_thread: Mutex<Option<JoinHandle<()>>>,
}

struct SharedView {
    lines: LineFormatter,
    began: Instant,
    size: Box<dyn Fn() -> TerminalSize + Send + Sync>,
    remotes: SessionRemotes,
    state: Mutex<LiveState>,
    changed: Condvar,
}

struct LiveState {
    view: ViewState,
    screen: Screen,
    /// Lines to be written above the view.
    pending: String,
    dirty: bool,
    paused: bool,
    over: bool,
}

impl LiveView {
    /// A view on `out`, a terminal, also of these servers; `size` returns its size.
    pub(crate) fn new(
        lines: LineFormatter,
        remotes: SessionRemotes,
        out: Box<dyn Write + Send>,
        size: impl Fn() -> TerminalSize + Send + Sync + 'static,
    ) -> Self {
        let state = LiveState {
            view: ViewState::default(),
            screen: Screen::new(out),
            pending: String::new(),
            dirty: false,
            paused: false,
            over: false,
        };
        let shared = SharedView {
            lines,
            began: Instant::now(),
            size: Box::new(size),
            remotes,
            state: Mutex::new(state),
            changed: Condvar::new(),
        };
        let shared = Arc::new(shared);
        let drawing_thread = std::thread::spawn({
            let shared = shared.clone();
            move || shared.draw_until_the_end()
        });
        Self { shared, drawing_thread: Mutex::new(Some(drawing_thread)) }
    }

    /// Clears the view and leaves the terminal to the caller until [`LiveView::resume`].
    pub(crate) fn pause(&self) {
        let mut state = self.shared.lock();
        let pending = std::mem::take(&mut state.pending);
        state.screen.draw(&pending, &[], 0);
        state.screen.release();
        state.paused = true;
    }

    /// Draws again.
    pub(crate) fn resume(&self) {
        let mut state = self.shared.lock();
        (state.paused, state.dirty) = (false, true);
        self.shared.changed.notify_all();
    }

    fn finish(&self) {
        {
            let mut state = self.shared.lock();
            (state.over, state.paused) = (true, false);
            self.shared.changed.notify_all();
        }
        let drawing_thread = self.drawing_thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(drawing_thread) = drawing_thread {
            // The message of a panic is on the standard error already.
            let _ = drawing_thread.join();
        }
    }
}

impl Observer for LiveView {
    fn event(&self, event: &Event) {
        let mut state = self.shared.lock();
        state.view.note(event, Instant::now());
        let text = self.shared.lines.of(event, self.shared.began.elapsed());
        state.pending.push_str(&text);
        state.dirty = true;
        self.shared.changed.notify_all();
        drop(state);
        if matches!(event, Event::Ended(_)) {
            self.finish();
        }
    }
}

impl Drop for LiveView {
    fn drop(&mut self) {
        self.finish();
    }
}

impl SharedView {
    fn lock(&self) -> std::sync::MutexGuard<'_, LiveState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws until the session is over, then clears the view.
    fn draw_until_the_end(&self) {
        loop {
            let state = self.lock();
            let wait = |state: &mut LiveState| !state.over && (state.paused || !state.dirty);
            let waited = self.changed.wait_timeout_while(state, CLOCK_INTERVAL, wait);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            let over = state.over;
            if !state.paused {
                self.draw(&mut state);
            }
            drop(state);
            if over {
                return;
            }
            std::thread::sleep(DRAW_INTERVAL);
        }
    }

    fn draw(&self, state: &mut LiveState) {
        let (columns, rows) = (self.size)();
        let frame = match state.over {
            true => Vec::new(),
            false => {
                let info = &self.lines.info;
                state.view.remotes = remotes_line(&self.remotes.figures());
                state.view.frame(
                    info,
                    self.lines.style,
                    self.began.elapsed(),
                    Instant::now(),
                    (columns, rows),
                )
            }
        };
        let pending = std::mem::take(&mut state.pending);
        state.screen.draw(&pending, &frame, columns);
        state.dirty = false;
        if state.over {
            state.screen.release();
        }
    }
}

#[cfg(test)]
mod tests;
