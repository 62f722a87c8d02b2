//! What crates of a workspace inherit of its manifest, as BuildStream's plugin copies it.

use toml::{Table, Value};

/// A setting that the manifest of the workspace does not have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it inherits '{setting}', which the workspace does not have")]
pub(super) struct MissingInheritance {
    setting: String,
}

/// Puts into the manifest of a crate what it inherits of its workspace.
pub(super) fn inherit(manifest: &mut Table, workspace: &Table) -> Result<(), MissingInheritance> {
    if let Some(known) = table(workspace, "dependencies") {
        for key in ["dependencies", "dev-dependencies", "build-dependencies"] {
            inherit_dependencies(manifest.get_mut(key), known)?;
        }
        let targets = manifest.get_mut("target").and_then(Value::as_table_mut);
        for (_, target) in targets.into_iter().flatten() {
            inherit_dependencies(target.get_mut("dependencies"), known)?;
        }
    }
    inherit_package(manifest, table(workspace, "package"))?;
    if let (Some(Value::Table(lints)), Some(all)) = (manifest.get_mut("lints"), workspace.get("lints"))
        && lints.get("workspace").is_some_and(|value| *value != Value::Boolean(false))
    {
        manifest.insert("lints".to_owned(), all.clone());
    }
    Ok(())
}

fn inherit_package(manifest: &mut Table, workspace: Option<&Table>) -> Result<(), MissingInheritance> {
    let package = manifest.get_mut("package").and_then(Value::as_table_mut);
    for (key, value) in package.into_iter().flatten() {
        if value.as_table().is_some_and(|value| value.contains_key("workspace")) {
            let inherited = workspace.and_then(|package| package.get(key));
            let missing = || MissingInheritance { setting: format!("package.{key}") };
            *value = inherited.ok_or_else(missing)?.clone();
        }
    }
    Ok(())
}

fn inherit_dependencies(
    dependencies: Option<&mut Value>,
    workspace: &Table,
) -> Result<(), MissingInheritance> {
    for (name, details) in dependencies.and_then(Value::as_table_mut).into_iter().flatten() {
        if let Value::Table(details) = details
            && details.contains_key("workspace")
        {
            let missing = || MissingInheritance { setting: format!("dependencies.{name}") };
            let inherited = workspace.get(name.as_str()).ok_or_else(missing)?;
            details.remove("workspace");
            add_details(details, inherited);
        }
    }
    Ok(())
}

/// Adds what the workspace says of a dependency. Features of both count.
fn add_details(details: &mut Table, inherited: &Value) {
    let Value::Table(inherited) = inherited else {
        details.insert("version".to_owned(), inherited.clone());
        return;
    };
    let features = |of: &Table| of.get("features").and_then(Value::as_array).cloned().unwrap_or_default();
    let all = [features(inherited), features(details)].concat();
    for (key, value) in inherited {
        details.insert(key.clone(), value.clone());
    }
    if !all.is_empty() {
        details.insert("features".to_owned(), Value::Array(all));
    }
}

fn table<'t>(table: &'t Table, key: &str) -> Option<&'t Table> {
    table.get(key)?.as_table()
}

#[cfg(test)]
mod tests;
