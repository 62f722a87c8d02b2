use std::fs;

use super::*;

#[test]
fn memory_belongs_to_a_component_and_a_project() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let memory = |component, project| PolicyMemory::new(folder.path(), component, project);
    memory(b"one", "app").store(b"words")?;
    assert_eq!(memory(b"one", "app").load(), b"words");
    assert_eq!(memory(b"two", "app").load(), b"");
    assert_eq!(memory(b"one", "other").load(), b"");
    Ok(())
}

#[test]
fn damaged_memory_is_empty() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let memory = PolicyMemory::new(folder.path(), b"one", "app");
    memory.store(b"words")?;
    let sound = fs::read(&memory.file)?;
    for damaged in [&sound[..10], &sound[..sound.len() - 1], &[&sound[..], b"!"].concat()] {
        fs::write(&memory.file, damaged)?;
        assert_eq!(memory.load(), b"");
    }
    Ok(())
}
