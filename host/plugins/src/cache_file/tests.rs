use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::*;

struct TestFile {
    _folder: tempfile::TempDir,
    file: PathBuf,
}

fn written(body: &[u8]) -> io::Result<TestFile> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kept/file");
    write(&file, body)?;
    Ok(TestFile { _folder: folder, file })
}

/// The contents of a file, in both ways to read it.
fn contents(file: &Path) -> Option<Vec<u8>> {
    let whole = read(file).map(|verified| verified.to_vec());
    let parts = open(file).map(|verified| {
        let length = fs::metadata(file).expect("it is there").len() - CHECKSUM as u64;
        assert!(verified.part(0..length + 1).is_err(), "there is no more");
        let middle = length / 2;
        [0..middle, middle..length].map(|part| verified.part(part).expect("it has so many bytes")).concat()
    });
    assert_eq!(whole, parts);
    whole
}

#[test]
fn a_written_file_is_read() -> io::Result<()> {
    for body in [&b""[..], b"words", &[0; 5000]] {
        let test = written(body)?;
        assert_eq!(contents(&test.file).as_deref(), Some(body));
        write(&test.file, b"other")?;
        assert_eq!(contents(&test.file).as_deref(), Some(&b"other"[..]));
    }
    Ok(())
}

/// Every bit of a small file, and bits all over a large one.
#[test]
fn a_flipped_bit_invalidates_a_file() -> io::Result<()> {
    for (body, step) in [(vec![7; 40], 1), ((0..100_000u32).map(|n| n as u8).collect(), 9973)] {
        let test = written(&body)?;
        let sound = fs::read(&test.file)?;
        for bit in (0..sound.len() * 8).step_by(step) {
            let mut flipped = sound.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&test.file, flipped)?;
            assert_eq!(contents(&test.file), None, "bit {bit}");
        }
        fs::write(&test.file, &sound)?;
        assert_eq!(contents(&test.file), Some(body));
    }
    Ok(())
}

#[test]
fn another_length_invalidates_a_file() -> io::Result<()> {
    let test = written(b"some words to be kept")?;
    let sound = fs::read(&test.file)?;
    for length in 0..sound.len() {
        fs::write(&test.file, &sound[..length])?;
        assert_eq!(contents(&test.file), None, "{length} bytes");
    }
    for more in [&b"!"[..], &[0; 4096]] {
        fs::write(&test.file, [&sound, more].concat())?;
        assert_eq!(contents(&test.file), None);
    }
    File::create(&test.file)?.set_len(MAX_FILE + 1)?;
    assert_eq!(contents(&test.file), None);
    Ok(())
}

#[test]
fn a_renamed_file_is_ignored() -> io::Result<()> {
    let test = written(b"words")?;
    let other = test.file.with_file_name("other");
    fs::rename(&test.file, &other)?;
    assert_eq!(contents(&other), None);
    Ok(())
}

#[test]
fn a_file_that_others_could_have_written_is_ignored() -> io::Result<()> {
    let test = written(b"words")?;
    for (mode, usable) in [(0o600, true), (0o644, true), (0o620, false), (0o602, false), (0o666, false)] {
        fs::set_permissions(&test.file, Permissions::from_mode(mode))?;
        assert_eq!(contents(&test.file).is_some(), usable, "{mode:o}");
    }
    fs::set_permissions(&test.file, Permissions::from_mode(0o600))?;
    if rustix::process::geteuid().is_root() {
        chown(&test.file, Some(12345), None)?;
        assert_eq!(contents(&test.file), None);
    }
    Ok(())
}

#[test]
fn other_kinds_of_files_are_ignored_and_replaced() -> io::Result<()> {
    let test = written(b"words")?;
    let aside = test.file.with_file_name("aside");
    fs::rename(&test.file, &aside)?;
    symlink(&aside, &test.file)?;
    assert_eq!(contents(&test.file), None);
    fs::remove_file(&test.file)?;
    rustix::fs::mknodat(rustix::fs::CWD, &test.file, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
    assert_eq!(contents(&test.file), None);
    write(&test.file, b"again")?;
    assert_eq!(contents(&test.file).as_deref(), Some(&b"again"[..]));
    Ok(())
}

#[test]
fn only_this_user_can_read_and_write_files() -> io::Result<()> {
    let test = written(b"words")?;
    assert_eq!(fs::metadata(&test.file)?.mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(test.file.parent().expect("it has one"))?.mode() & 0o777, 0o700);
    Ok(())
}

#[test]
fn used_files_stay_and_old_ones_are_removed() -> io::Result<()> {
    let test = written(b"words")?;
    let aged = |name: &str, age: Duration| {
        let file = File::create(test.file.with_file_name(name))?;
        file.set_modified(SystemTime::now() - age)
    };
    aged("forgotten", MAX_UNUSED * 2)?;
    aged("old", MAX_UNUSED / 2)?;
    aged(".unfinished-old", MAX_TEMPORARY_AGE * 2)?;
    aged(".unfinished-new", MAX_TEMPORARY_AGE / 2)?;
    File::open(&test.file)?.set_modified(SystemTime::now() - MAX_UNUSED * 2)?;
    assert_eq!(contents(&test.file).as_deref(), Some(&b"words"[..]));
    write(&test.file.with_file_name("new"), b"")?;
    let left = |name: &str| test.file.with_file_name(name).exists();
    let names = ["file", "new", "old", ".unfinished-new", "forgotten", ".unfinished-old"];
    assert_eq!(names.map(left), [true, true, true, true, false, false]);
    Ok(())
}

#[test]
fn the_size_of_a_folder_is_limited() -> io::Result<()> {
    let test = written(b"words")?;
    for (name, days) in [("newer", 1), ("older", 2)] {
        let file = File::create(test.file.with_file_name(name))?;
        file.set_len(MAX_FOLDER * 2 / 3)?;
        file.set_modified(SystemTime::now() - Duration::from_secs(days * 24 * 3600))?;
    }
    remove_old_files(test.file.parent().expect("it has one"));
    assert_eq!(
        ["file", "newer", "older"].map(|name| test.file.with_file_name(name).exists()),
        [true, true, false]
    );
    Ok(())
}
