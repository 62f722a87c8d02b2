use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::*;

struct Lab {
    _folder: tempfile::TempDir,
    file: PathBuf,
}

fn lab(body: &[u8]) -> io::Result<Lab> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kept/file");
    write(&file, body)?;
    Ok(Lab { _folder: folder, file })
}

fn contents(file: &Path) -> Option<Vec<u8>> {
    read(file).map(|verified| verified.to_vec())
}

#[test]
fn what_is_written_is_read() -> io::Result<()> {
    for body in [&b""[..], b"words", &[0; 5000]] {
        let lab = lab(body)?;
        assert_eq!(contents(&lab.file).as_deref(), Some(body));
        write(&lab.file, b"other")?;
        assert_eq!(contents(&lab.file).as_deref(), Some(&b"other"[..]));
    }
    Ok(())
}

/// Every bit of a small file, and bits all over a large one.
#[test]
fn a_flipped_bit_makes_it_none() -> io::Result<()> {
    for (body, step) in [(vec![7; 40], 1), ((0..100_000u32).map(|n| n as u8).collect(), 9973)] {
        let lab = lab(&body)?;
        let sound = fs::read(&lab.file)?;
        for bit in (0..sound.len() * 8).step_by(step) {
            let mut flipped = sound.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&lab.file, flipped)?;
            assert_eq!(contents(&lab.file), None, "bit {bit}");
        }
        fs::write(&lab.file, &sound)?;
        assert_eq!(contents(&lab.file), Some(body));
    }
    Ok(())
}

#[test]
fn another_length_makes_it_none() -> io::Result<()> {
    let lab = lab(b"some words to be kept")?;
    let sound = fs::read(&lab.file)?;
    for length in 0..sound.len() {
        fs::write(&lab.file, &sound[..length])?;
        assert_eq!(contents(&lab.file), None, "{length} bytes");
    }
    for more in [&b"!"[..], &[0; 4096]] {
        fs::write(&lab.file, [&sound, more].concat())?;
        assert_eq!(contents(&lab.file), None);
    }
    File::create(&lab.file)?.set_len(LARGEST + 1)?;
    assert_eq!(contents(&lab.file), None);
    Ok(())
}

#[test]
fn a_file_under_another_name_is_none() -> io::Result<()> {
    let lab = lab(b"words")?;
    let other = lab.file.with_file_name("other");
    fs::rename(&lab.file, &other)?;
    assert_eq!(contents(&other), None);
    Ok(())
}

#[test]
fn what_others_could_have_written_is_none() -> io::Result<()> {
    let lab = lab(b"words")?;
    for (mode, usable) in [(0o600, true), (0o644, true), (0o620, false), (0o602, false), (0o666, false)] {
        fs::set_permissions(&lab.file, Permissions::from_mode(mode))?;
        assert_eq!(contents(&lab.file).is_some(), usable, "{mode:o}");
    }
    fs::set_permissions(&lab.file, Permissions::from_mode(0o600))?;
    if rustix::process::geteuid().is_root() {
        chown(&lab.file, Some(12345), None)?;
        assert_eq!(contents(&lab.file), None);
    }
    Ok(())
}

#[test]
fn what_is_no_file_is_none_and_is_replaced() -> io::Result<()> {
    let lab = lab(b"words")?;
    let aside = lab.file.with_file_name("aside");
    fs::rename(&lab.file, &aside)?;
    symlink(&aside, &lab.file)?;
    assert_eq!(contents(&lab.file), None);
    fs::remove_file(&lab.file)?;
    rustix::fs::mknodat(rustix::fs::CWD, &lab.file, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
    assert_eq!(contents(&lab.file), None);
    write(&lab.file, b"again")?;
    assert_eq!(contents(&lab.file).as_deref(), Some(&b"again"[..]));
    Ok(())
}

#[test]
fn only_this_user_can_read_and_write_it() -> io::Result<()> {
    let lab = lab(b"words")?;
    assert_eq!(fs::metadata(&lab.file)?.mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(lab.file.parent().expect("it has one"))?.mode() & 0o777, 0o700);
    Ok(())
}

#[test]
fn what_is_used_stays_and_the_rest_is_swept() -> io::Result<()> {
    let lab = lab(b"words")?;
    let aged = |name: &str, age: Duration| {
        let file = File::create(lab.file.with_file_name(name))?;
        file.set_modified(SystemTime::now() - age)
    };
    aged("forgotten", FORGOTTEN * 2)?;
    aged("old", FORGOTTEN / 2)?;
    aged(".unfinished-old", ABANDONED * 2)?;
    aged(".unfinished-new", ABANDONED / 2)?;
    File::open(&lab.file)?.set_modified(SystemTime::now() - FORGOTTEN * 2)?;
    assert_eq!(contents(&lab.file).as_deref(), Some(&b"words"[..]));
    write(&lab.file.with_file_name("new"), b"")?;
    let left = |name: &str| lab.file.with_file_name(name).exists();
    let names = ["file", "new", "old", ".unfinished-new", "forgotten", ".unfinished-old"];
    assert_eq!(names.map(left), [true, true, true, true, false, false]);
    Ok(())
}

#[test]
fn a_folder_has_a_bound() -> io::Result<()> {
    let lab = lab(b"words")?;
    for (name, days) in [("newer", 1), ("older", 2)] {
        let file = File::create(lab.file.with_file_name(name))?;
        file.set_len(MOST * 2 / 3)?;
        file.set_modified(SystemTime::now() - Duration::from_secs(days * 24 * 3600))?;
    }
    sweep(lab.file.parent().expect("it has one"));
    assert_eq!(
        ["file", "newer", "older"].map(|name| lab.file.with_file_name(name).exists()),
        [true, true, false]
    );
    Ok(())
}
