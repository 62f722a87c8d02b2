//! `report`

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use spec_report::{SessionTimes, page, write_trace};

use super::{policy, print};
use crate::app::App;
use crate::cli::ReportArgs;
use crate::error::{CommandError, CommandResult};
use crate::recordings::find;
use crate::user_file::NewFile;

/// The name of the page, unless the command line has one.
const PAGE: &str = "spec-host-report.html";

/// Writes a page about a recording, or a trace of it.
///
/// # Errors
/// What is wrong with the recording or a policy, or when a file cannot be written.
pub(super) fn run(app: &App, args: &ReportArgs) -> CommandResult<ExitCode> {
    let default = args.trace.is_none().then_some(Path::new(PAGE));
    let output = args.output.as_deref().or(default);
    let trace = args.trace.as_deref();
    [output, trace].into_iter().flatten().try_for_each(|path| check(path, args.force))?;
    let recording = find(app, &args.recording)?;
    let times = SessionTimes::open(&recording)?;
    if let Some(path) = trace {
        write(path, args.force, |out| write_trace(&times, out))?;
    }
    if let Some(path) = output {
        let compared = policy::page_rows::compared(app, args, &recording)?;
        let page = page(&times, &compared)?;
        write(path, args.force, |out| out.write_all(page.as_bytes()))?;
    }
    let written = [trace, output].into_iter().flatten().filter(|path| !is_stdout(path));
    print(&written.map(|path| format!("{}\n", path.display())).collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn check(path: &Path, force: bool) -> CommandResult {
    if is_stdout(path) { Ok(()) } else { NewFile::check(path, force) }
}

/// Writes a file, or to the standard output. A new file is removed if writing it fails.
fn write(path: &Path, force: bool, contents: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> CommandResult {
    let failed = |error: io::Error| CommandError::io(&format!("write {}", path.display()), &error);
    if is_stdout(path) {
        return contents(&mut io::stdout().lock()).map_err(failed);
    }
    let mut file = NewFile::open(path, force)?;
    let mut out = BufWriter::new(&mut file);
    contents(&mut out).and_then(|()| out.flush()).map_err(failed)?;
    drop(out);
    file.keep();
    Ok(())
}
