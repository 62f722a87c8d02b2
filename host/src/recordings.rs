//! Recordings of sessions: where they are written, and the last ones, which are kept in the cache.

#[cfg(test)]
mod tests;

use std::fs::{self, DirEntry};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use spec_model::UserError;
use spec_recording::{RecorderReport, SessionRecorder};
use spec_report::{SessionTimes, write_trace};

use crate::app::App;
use crate::cli::RecordingArgs;
use crate::error::{CommandError, CommandResult};
use crate::user_file::NewFile;

/// How many recordings are kept, unless one was asked for.
const KEPT: usize = 5;
/// The size of all kept recordings, in bytes.
const MAX_KEPT_BYTES: u64 = 256 << 20;
/// After this time, a recording that was begun counts as left over by a program that was killed.
const LEFT_OVER: Duration = Duration::from_secs(7 * 24 * 3600);
/// How the names of kept recordings end.
const EXTENSION: &str = "recording";
const UNFINISHED: &str = "part";

/// The recording of a command's session.
pub(crate) struct CommandRecording {
    pub(crate) recorder: SessionRecorder,
    file: PathBuf,
    /// Where it is kept, when nobody asked for it.
    kept: Option<PathBuf>,
    trace: Option<TraceFile>,
}

/// Where a trace of the session is to be written.
struct TraceFile {
    path: PathBuf,
    file: NewFile,
}

impl CommandRecording {
    /// No recording.
    pub(crate) fn off() -> Self {
        Self { recorder: SessionRecorder::default(), file: PathBuf::new(), kept: None, trace: None }
    }

    /// Begins a recording: into a file that the user names, or into the cache. A trace is made of it when it ends.
    ///
    /// # Errors
    /// When a file that the user names cannot be made. A build goes on without a recording that nobody asked for.
    pub(crate) fn start(app: &App, wanted: &RecordingArgs) -> CommandResult<Self> {
        let trace = wanted.trace.as_deref().map(TraceFile::open).transpose()?;
        if let Some(file) = &wanted.record {
            let recorder = SessionRecorder::start(file)?;
            return Ok(Self { recorder, file: file.clone(), kept: None, trace });
        }
        let folder = folder(app);
        let kept = folder.join(new_name());
        let file = kept.with_extension(UNFINISHED);
        let made = fs::create_dir_all(&folder);
        let recorder = made.ok().and_then(|()| SessionRecorder::start(&file).ok()).unwrap_or_default();
        Ok(Self { recorder, file, kept: Some(kept), trace })
    }

    /// Ends the recording. What is wrong with it is a warning.
    pub(crate) fn finish(mut self, app: &App) {
        let (ended, trace) = (self.recorder.finish(), self.trace.take());
        if let Some(trace) = trace {
            match &ended {
                Ok(Some(report)) if report.events > 0 => trace.write(app, &self.file),
                Ok(_) => trace.warn_of_nothing(app),
                Err(error) => app.warn(error.reason(), &format!("there is no trace: {error}")),
            }
        }
        match (ended, &self.kept) {
            (Ok(None), _) => {}
            (Ok(Some(report)), None) => warn_of(app, &self.file, report),
            (Ok(Some(report)), Some(kept)) => {
                let is_kept = report.is_whole() && fs::rename(&self.file, kept).is_ok();
                if !is_kept {
                    let _ = fs::remove_file(&self.file);
                }
                remove_old(&folder(app), SystemTime::now());
            }
            (Err(error), None) => app.warn(error.reason(), &error.to_string()),
            (Err(error), Some(_)) => {
                tracing::debug!("{error}");
                let _ = fs::remove_file(&self.file);
            }
        }
    }
}

impl Drop for CommandRecording {
    /// A command that ends before its session leaves nothing.
    fn drop(&mut self) {
        if self.kept.is_some() {
            let _ = fs::remove_file(&self.file);
        }
    }
}

impl TraceFile {
    fn open(path: &Path) -> CommandResult<Self> {
        Ok(Self { path: path.to_owned(), file: NewFile::open(path, true)? })
    }

    /// Writes the trace of a recording. What is wrong with it is a warning: the session is over.
    fn write(mut self, app: &App, recording: &Path) {
        let times = match SessionTimes::open(recording) {
            Ok(times) => times,
            Err(error) => return app.warn(error.reason(), &format!("there is no trace: {error}")),
        };
        match write_trace(&times, BufWriter::new(&mut self.file)) {
            Ok(()) => self.file.keep(),
            Err(error) => {
                app.warn("trace-not-written", &format!("cannot write {}: {error}", self.path.display()));
            }
        }
    }

    fn warn_of_nothing(self, app: &App) {
        let text = format!("{} is not written, since there was nothing to do", self.path.display());
        app.warn("nothing-recorded", &text);
    }
}

fn warn_of(app: &App, file: &Path, report: RecorderReport) {
    if report.events == 0 {
        let text = format!("{} has nothing, since there was nothing to do", file.display());
        app.warn("nothing-recorded", &text);
    }
    if report.dropped > 0 {
        let text = format!("{} lacks {} events, which came too fast", file.display(), report.dropped);
        app.warn("recording-incomplete", &text);
    }
}

fn folder(app: &App) -> PathBuf {
    app.config.cache("recordings")
}

/// The time in milliseconds, and the process: later names sort after earlier ones.
fn new_name() -> String {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:013}-{}.{EXTENSION}", time.as_millis(), std::process::id())
}

/// Names the last recording that was kept.
const LAST: &str = "last";

/// The file of a recording that the command line names.
///
/// # Errors
/// When it names the last one, and there is none.
pub(crate) fn find(app: &App, named: &Path) -> CommandResult<PathBuf> {
    if named != Path::new(LAST) {
        return Ok(named.to_owned());
    }
    let kept = kept(app).map_err(|error| CommandError::io("list the recordings that were kept", &error))?;
    let last = kept.into_iter().next().map(|(path, _)| path);
    last.ok_or_else(|| {
        CommandError::usage("no-recording", "there is no recording of an earlier build").hint(
            "every build that has something to do keeps one; `build --record FILE` writes one where you want",
        )
    })
}

/// The kept recordings, the latest first, with their sizes.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn kept(app: &App) -> io::Result<Vec<(PathBuf, u64)>> {
    match list(&folder(app), EXTENSION) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        found => Ok(found?.into_iter().map(|(path, size, _)| (path, size)).collect()),
    }
}

fn list(folder: &Path, extension: &str) -> io::Result<Vec<(PathBuf, u64, SystemTime)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry: DirEntry = entry?;
        let (path, metadata) = (entry.path(), entry.metadata()?);
        if metadata.is_file() && path.extension().is_some_and(|found| found == extension) {
            found.push((path, metadata.len(), metadata.modified()?));
        }
    }
    found.sort_unstable_by(|one, other| other.0.cmp(&one.0));
    Ok(found)
}

/// Removes the oldest recordings beyond the limits, and those that were never finished.
fn remove_old(folder: &Path, now: SystemTime) {
    let mut bytes = 0;
    for (number, (path, size, _)) in list(folder, EXTENSION).unwrap_or_default().into_iter().enumerate() {
        bytes += size;
        if number >= KEPT || bytes > MAX_KEPT_BYTES {
            // Another process may have removed it.
            let _ = fs::remove_file(path);
        }
    }
    for (path, _, modified) in list(folder, UNFINISHED).unwrap_or_default() {
        if now.duration_since(modified).is_ok_and(|age| age > LEFT_OVER) {
            let _ = fs::remove_file(path);
        }
    }
}
