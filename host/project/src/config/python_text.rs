//! The text of a Python plugin, by which the program knows it.

use std::collections::BTreeMap;
use std::path::Path;

use spec_model::{Digest, PythonText};

use crate::project_files::ProjectFiles;

/// The text of the plugin `kind` in a folder of the project, with the modules of the folder that it imports and, for an
/// element kind, its defaults, since these are part of what it does. `None` when there is no such plugin.
pub(super) fn python_text(
    files: &ProjectFiles,
    folder: &Path,
    kind: &str,
    with_defaults: bool,
) -> Option<PythonText> {
    let read = |file: &str| files.text(folder.join(file).to_str()?).ok();
    let read_module = |module: &str| read(&format!("{module}.py"));
    let mut whole = read_module(kind)?;
    let mut modules = BTreeMap::new();
    let mut imports = relative_imports(&whole);
    while let Some(name) = imports.pop() {
        if name != kind
            && !modules.contains_key(&name)
            && let Some(text) = read_module(&name)
        {
            imports.extend(relative_imports(&text));
            modules.insert(name, text);
        }
    }
    modules.values().for_each(|text| whole.push_str(text));
    let mut others: Vec<String> = modules.into_keys().map(|name| format!("{name}.py")).collect();
    let defaults = format!("{kind}.yaml");
    if let Some(text) = with_defaults.then(|| read(&defaults)).flatten() {
        whole.push_str(&text);
        others.push(defaults);
    }
    Some(PythonText { digest: Digest::of(whole.as_bytes()), others })
}

/// The modules that a text imports from its own folder: `from .a import b`, `from . import a, b`. What is no module is not
/// there as a file.
fn relative_imports(text: &str) -> Vec<String> {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("from .") {
        let (before, after) = (&rest[..at], &rest[at + "from .".len()..]);
        rest = after;
        let line = before.rsplit('\n').next().unwrap_or_default();
        if !line.trim().is_empty() {
            continue;
        }
        let end = after.find(|c| !is_of_name(c)).unwrap_or(after.len());
        if end > 0 {
            found.push(after[..end].to_owned());
        } else if let Some(names) = after.trim_start().strip_prefix("import") {
            let names = names.trim_start_matches([' ', '\t']);
            let close = if names.starts_with('(') { ')' } else { '\n' };
            let names = names.split(close).next().unwrap_or_default();
            found.extend(names.split(|c| !is_of_name(c)).filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_the_folder_are_part_of_a_plugin() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("the folder is ours");
        };
        let files = ProjectFiles::of_user(folder.path().to_owned());
        let text = || python_text(&files, Path::new(""), "kind", false);
        assert_eq!(text(), None);
        let own = "import os\nfrom . import (\n    a,\n    nothing as b\n)\nfrom .c import d\n# like: from .e import f\n";
        write("kind.py", own);
        let alone = text().expect("it is there");
        assert_eq!((alone.digest, alone.others.len()), (Digest::of(own.as_bytes()), 0));
        write("a.py", "    from .kind import x\nfrom .c import y\n");
        write("c.py", "from . import a, g\n");
        write("e.py", "");
        write("g.py", "1\n");
        let whole = text().expect("it is there");
        assert_eq!(whole.others, ["a.py", "c.py", "g.py"]);
        let one_after_another =
            [own, "    from .kind import x\nfrom .c import y\n", "from . import a, g\n", "1\n"].concat();
        assert_eq!(whole.digest, Digest::of(one_after_another.as_bytes()));
        write("kind.yaml", "config: {}\n");
        assert_eq!(text().expect("it is there"), whole);
        let of_element = python_text(&files, Path::new(""), "kind", true).expect("it is there");
        assert_eq!(of_element.others, ["a.py", "c.py", "g.py", "kind.yaml"]);
        assert_eq!(of_element.digest, Digest::of((one_after_another + "config: {}\n").as_bytes()));
    }
}
