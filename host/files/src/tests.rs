use std::os::unix::net::UnixListener;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::*;

/// The result of reading, or a failure of the test if reading blocks.
#[track_caller]
fn read_soon(path: &Path, most: u64) -> Result<Vec<u8>, (io::ErrorKind, String)> {
    let (sender, receiver) = channel();
    let path = path.to_owned();
    std::thread::spawn(move || {
        let _ = sender.send(read(&path, most).map_err(|error| (error.kind(), error.to_string())));
    });
    receiver.recv_timeout(Duration::from_secs(10)).expect("reading waits for ever")
}

#[test]
fn a_regular_file_is_read_up_to_the_limit() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    fs::write(&file, "12345")?;
    std::os::unix::fs::symlink("file", folder.path().join("link"))?;
    assert_eq!(read_soon(&file, 5), Ok(b"12345".to_vec()));
    assert_eq!(read_soon(&folder.path().join("link"), 5), Ok(b"12345".to_vec()));
    assert_eq!(read_soon(&file, 4).map_err(|(kind, _)| kind), Err(io::ErrorKind::FileTooLarge));
    assert_eq!(read_soon(Path::new("/dev/null"), 4), Ok(Vec::new()));
    Ok(())
}

/// A sparse file of gigabytes is refused because of its length, and one that reports no length after the limit was
/// read.
#[test]
fn files_without_end_are_refused() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let sparse = folder.path().join("sparse");
    File::create(&sparse)?.set_len(1 << 40)?;
    for path in [sparse.as_path(), Path::new("/proc/self/maps")] {
        assert_eq!(read_soon(path, 64).map_err(|(kind, _)| kind), Err(io::ErrorKind::FileTooLarge));
    }
    Ok(())
}

#[test]
fn what_is_no_file_is_named() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
    let socket = folder.path().join("socket");
    let _listener = UnixListener::bind(&socket)?;
    for (path, kind, says) in [
        (pipe.as_path(), io::ErrorKind::InvalidInput, "a pipe"),
        (&socket, io::ErrorKind::InvalidInput, "a socket"),
        (Path::new("/dev/zero"), io::ErrorKind::InvalidInput, "a device"),
        (folder.path(), io::ErrorKind::IsADirectory, "a folder"),
    ] {
        let (seen, message) = read_soon(path, 64).expect_err("it is no file");
        assert_eq!(seen, kind, "{message}");
        assert!(message.contains(says), "{message}");
    }
    Ok(())
}

#[test]
fn what_is_not_text_is_refused() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    fs::write(&file, b"caf\xe9")?;
    let error = read_text(&file, 10).expect_err("it is Latin-1");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    Ok(())
}

#[test]
fn links_of_a_foreign_folder_do_not_lead_out_of_it() -> io::Result<()> {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir()?;
    let folder = outside.path().join("folder");
    fs::create_dir_all(folder.join("sub"))?;
    fs::write(outside.path().join("secret"), "secret")?;
    fs::write(folder.join("file"), "12345")?;
    symlink("../file", folder.join("sub/link"))?;
    symlink("../secret", folder.join("relative"))?;
    symlink(outside.path().join("secret"), folder.join("absolute"))?;
    symlink(outside.path(), folder.join("sub/out"))?;
    assert_eq!(read_below(&folder, Path::new("sub/link"), 5)?, b"12345");
    for path in ["relative", "absolute", "sub/out/secret", "../secret", "sub/../../secret"] {
        let error = read_below(&folder, Path::new(path), 64).expect_err("it leads out");
        assert_eq!(error.kind(), io::ErrorKind::CrossesDevices, "{path}");
    }
    let error = read_below(&folder, &outside.path().join("secret"), 64).expect_err("it is absolute");
    assert_eq!(error.kind(), io::ErrorKind::CrossesDevices);
    let missing = read_below(&folder, Path::new("none"), 64).expect_err("nothing is there");
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    Ok(())
}
