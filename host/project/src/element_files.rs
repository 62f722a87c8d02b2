//! Finding the files of elements.

use std::path::Path;

/// The files of elements below a directory, relative to it, sorted. Files in `.bst` folders are left out.
pub(crate) fn element_files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(directory.join(&folder)) else { continue };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && name != ".bst" => folders.push(path),
                Ok(kind) if !kind.is_dir() && name.ends_with(".bst") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort_unstable();
    found
}
