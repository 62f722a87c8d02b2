use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use spec_model::{Cancel, FilePosition, Node, UserError};

use super::*;

fn check(context: &SourceContext, path: &str, expect: Result<(), &str>) {
    let position = FilePosition { file: "app.bst".into(), line: 3, column: 9 };
    let node = Node { position: Some(position.clone()), ..Node::text(path) };
    let outcome = project_path(&context.project_directory, &node, PathKind::Any);
    let found = outcome.as_ref().map(|_| ()).map_err(UserError::reason);
    assert_eq!(found, expect, "{path}: {outcome:?}");
    if let Err(error) = &outcome {
        assert_eq!(error.position(), Some(&position), "{path}");
    }
}

fn context(folder: &Path) -> std::io::Result<SourceContext> {
    let project = folder.join("project");
    fs::create_dir(&project)?;
    let cas = Cas::open(folder.join("cas")).map_err(std::io::Error::other)?;
    Ok(SourceContext::new(project, folder.join("mirror"), cas, |_| Ok(None)))
}

#[test]
fn paths_stay_in_the_project() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let context = context(folder.path())?;
    let project = &context.project_directory;
    fs::create_dir_all(project.join("files/deep"))?;
    fs::write(project.join("files/x"), "x")?;
    fs::write(folder.path().join("secret"), "x")?;
    symlink("files", project.join("link"))?;
    symlink("../..", project.join("files/up"))?;
    symlink("deep", project.join("files/near"))?;
    let _listener = UnixListener::bind(project.join("socket"))?;
    for (path, expect) in [
        ("files", Ok(())),
        ("files/x", Ok(())),
        (".", Ok(())),
        ("files/../files/x", Ok(())),
        ("link/x", Ok(())),
        ("files/near/../x", Ok(())),
        ("link", Err("proj-path-invalid-kind")),
        ("socket", Err("proj-path-invalid-kind")),
        ("missing", Err("missing-file")),
        ("files/x/y", Err("missing-file")),
        ("../secret", Err("proj-path-invalid")),
        ("../project/files", Err("proj-path-invalid")),
        ("files/../../secret", Err("proj-path-invalid")),
        ("files/up/secret", Err("proj-path-invalid")),
        ("/etc", Err("proj-path-invalid")),
        (&project.join("files").display().to_string(), Err("proj-path-invalid")),
    ] {
        check(&context, path, expect);
    }
    Ok(())
}

#[test]
fn what_is_staged_is_what_the_key_says() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let context = context(folder.path())?;
    let file = context.project_directory.join("x");
    fs::write(&file, "one")?;
    let mut config = Mapping::new();
    config.set("path", Node::text("x"));
    let configure = || {
        let name = SourceName { element: "app.bst".into(), index: 0, kind: "local", position: None };
        LocalSource::configure(name, &context, &config)
    };
    let source = configure()?;
    let key = source.unique_key()?;
    fs::write(&file, "two")?;
    let tree = source.stage(&FetchMonitor::silent(Cancel::new()))?;
    assert_eq!(key, Some(Value::Str(tree.hex()).into()));
    assert_ne!(configure()?.unique_key()?, key);
    Ok(())
}

#[test]
fn the_key_needs_no_room() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let context = context(folder.path())?;
    fs::create_dir(context.project_directory.join("files"))?;
    fs::write(context.project_directory.join("files/x"), "x".repeat(1 << 20))?;
    fs::write(context.project_directory.join("alone"), "alone")?;
    for path in ["files", "alone"] {
        let name = SourceName { element: "app.bst".into(), index: 0, kind: "local", position: None };
        let mut config = Mapping::new();
        config.set("path", Node::text(path));
        let source = LocalSource::configure(name, &context, &config).map_err(std::io::Error::other)?;
        let digest = source.digest().map_err(std::io::Error::other)?;
        assert_eq!(source.tree(&source.cas).map_err(std::io::Error::other)?, digest, "{path}");
    }
    Ok(())
}
