//! `init`

use std::fs;
use std::io::{BufRead, Write, stderr, stdin};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use crate::app::App;
use crate::cli::InitArgs;
use crate::error::{CommandError, CommandResult};
use crate::term::{sanitize_line, write_stderr};

/// The answers that a new project needs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ProjectAnswers {
    name: String,
    min_version: String,
    element_path: String,
}

/// Begins a project: project.conf, the folder of elements, and an example to build.
///
/// # Errors
/// `project-exists`, `unspecified-project-name`, `invalid-...` for wrong answers, or when the disk fails.
pub(super) fn run(app: &App, args: &InitArgs) -> CommandResult<ExitCode> {
    if let (Some(_), Some(folder)) = (app.globals.given_directory(), &args.directory) {
        let message = format!("both -C and the folder '{}' say where the project begins", folder.display());
        return Err(CommandError::usage("init-with-set-directory", message).hint("leave -C out"));
    }
    let folder = args.directory.clone().unwrap_or_else(|| app.globals.directory().to_owned());
    let conf = folder.join("project.conf");
    if conf.exists() && !args.force {
        let error = CommandError::usage("project-exists", format!("{} is there already", conf.display()));
        return Err(error.hint("go elsewhere, or overwrite it with --force"));
    }
    let answers = answers(app, args, &folder)?;
    check(&answers)?;
    for (path, text) in files(&answers) {
        write(&folder.join(&path), &text, args.force && path == Path::new("project.conf"))?;
    }
    let (conf, folder) = (conf.display(), folder.display());
    write_stderr(
        &format!("made {conf}\nbuild the example: spec-host -C {folder} build hello.bst\n"),
        app.err,
    );
    Ok(ExitCode::SUCCESS)
}

fn answers(app: &App, args: &InitArgs, folder: &Path) -> CommandResult<ProjectAnswers> {
    let (min_version, element_path) = (args.min_version.clone(), args.element_path.clone());
    if let Some(name) = args.project_name.clone() {
        return Ok(ProjectAnswers { name, min_version, element_path });
    }
    if !app.interactive() {
        let error = CommandError::usage("unspecified-project-name", "a new project needs a name");
        return Err(error.hint("spec-host init --project-name NAME"));
    }
    let real = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let default = real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut input = stdin().lock();
    Ok(ProjectAnswers {
        name: question(&mut input, "Name of the project", &default)?,
        min_version: question(&mut input, "Format version it needs", &min_version)?,
        element_path: question(&mut input, "Folder of its elements", &element_path)?,
    })
}

fn question(input: &mut dyn BufRead, text: &str, default: &str) -> CommandResult<String> {
    let failed = |error: std::io::Error| CommandError::io("ask on the terminal", &error);
    let mut err = stderr();
    write!(err, "{text} [{}]: ", sanitize_line(default)).and_then(|()| err.flush()).map_err(failed)?;
    let mut line = String::new();
    input.read_line(&mut line).map_err(failed)?;
    let answer = line.trim();
    Ok(if answer.is_empty() { default.to_owned() } else { answer.to_owned() })
}

fn check(answers: &ProjectAnswers) -> CommandResult {
    let ProjectAnswers { name, min_version, element_path } = answers;
    let symbol = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || !name.chars().all(symbol) {
        let message =
            format!("'{name}' is no project name; expected letters, digits, - and _, a letter or _ first");
        return Err(CommandError::usage("invalid-symbol-name", message));
    }
    let two: Option<(u32, u32)> = min_version
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    if two.is_none_or(|version| version.0 != 2 || version > spec_project::FORMAT_VERSION) {
        let (major, minor) = spec_project::FORMAT_VERSION;
        let message = format!("'{min_version}' is no format version; expected 2.0 to {major}.{minor}");
        return Err(CommandError::usage("invalid-min-version", message));
    }
    let inside = Path::new(element_path).components().all(|part| matches!(part, Component::Normal(_)));
    if element_path.is_empty() || !inside || element_path.contains(['\n', ':', '#', '\'', '"']) {
        let message = format!("'{element_path}' is no folder below the project");
        return Err(CommandError::usage("invalid-element-path", message));
    }
    Ok(())
}

fn files(answers: &ProjectAnswers) -> [(PathBuf, String); 3] {
    let ProjectAnswers { name, min_version, element_path } = answers;
    let conf = format!(
        "# The project's name, part of every artifact's name\nname: {name}\n\n\
         # The version of the format that it needs\nmin-version: {min_version}\n\n\
         # Where its elements are\nelement-path: {element_path}\n"
    );
    let hello = "kind: import\ndescription: An example; it installs one file\n\n\
                 sources:\n- kind: local\n  path: files/hello\n\nconfig:\n  target: /usr/share/hello\n";
    [
        (PathBuf::from("project.conf"), conf),
        (Path::new(element_path).join("hello.bst"), hello.to_owned()),
        (PathBuf::from("files/hello/greeting.txt"), "Hello, world!\n".to_owned()),
    ]
}

/// Writes a file and makes its folders; an existing file stays, unless it is to be overwritten.
fn write(path: &Path, text: &str, overwrite: bool) -> CommandResult {
    let failed = |error: std::io::Error| CommandError::io(&format!("write {}", path.display()), &error);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    if path.exists() && !overwrite {
        return Ok(());
    }
    fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests;
