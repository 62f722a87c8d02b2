//! Actions beside a store whose disk is full.

use std::fs;
use std::path::Path;
use std::process::Command;

use spec_cas::CasError;
use spec_model::{Cancel, Digest, UserError};

use super::fixture::{Fixture, request};

use crate::local::LocalOptions;
use crate::pool::PoolOptions;

const DISK: &str = "SPEC_EXEC_TEST_SMALL_DISK";

/// Writes 32 MB.
const LARGE: &str = "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do x=$x$x; done
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32; do
        echo $x >> out || exit 1
    done";

/// Not a test by itself: what the other test runs where a small file system is.
#[test]
fn child() {
    let Some(disk) = std::env::var_os(DISK) else { return };
    for in_memory in [true, false] {
        let folder = Path::new(&disk).join(if in_memory { "memory" } else { "disk" });
        fs::create_dir(&folder).expect("there is room");
        run_on_full_disk(&Fixture::at(&folder), in_memory);
        fs::remove_dir_all(&folder).expect("our own folder");
    }
}

fn run_on_full_disk(fixture: &Fixture, in_memory: bool) {
    let options = LocalOptions { in_memory, ..LocalOptions::default() };
    let pool = fixture.pool_with(options, PoolOptions { workers: 1, max_queued: 10 });
    let run = |script: &str| {
        let request = request(fixture.store(&fixture.script(script, &["out"])));
        let answer = pool.execute(&request, &Cancel::new());
        answer.map(|done| done.result.exit_code).map_err(|error| error.reason().to_owned())
    };
    assert_eq!(run("echo small > out"), Ok(0));
    assert_eq!(run("exit 3"), Ok(3));
    assert_eq!(run(LARGE), Err("action-exhausted".to_owned()), "it writes more than there is room for");
    assert_eq!(run("echo other > out"), Ok(0), "nothing is left of it");

    let waiting = fixture.store(&fixture.script("echo third > out", &["out"]));
    let taken = fill(fixture);
    let answer = pool.execute(&request(waiting), &Cancel::new());
    assert_eq!(answer.expect_err("there is no room").reason(), "action-exhausted");
    for (digest, data) in &taken {
        assert!(fixture.cas.get(digest).expect("it was taken") == *data);
    }
    let hex = taken[0].0.hex();
    let blob = fixture.cas.root().join(format!("objects/{}/{hex}", &hex[..2]));
    fs::remove_file(blob).expect("it is there");
    assert_eq!(run("echo third > out"), Ok(0));
}

/// Stores blobs, smaller ones when there is no room for large ones.
fn fill(fixture: &Fixture) -> Vec<(Digest, Vec<u8>)> {
    let mut taken = vec![];
    for size in [1 << 20, 1 << 14, 1 << 8] {
        for seed in 0_u64.. {
            let data = [seed.to_le_bytes(), (size as u64).to_le_bytes()].concat().repeat(size / 16);
            match fixture.cas.put_bytes(&data) {
                Ok(digest) => taken.push((digest, data)),
                Err(CasError::DiskFull { .. }) => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    taken
}

#[test]
fn a_full_disk_is_told_of_and_does_no_lasting_harm() {
    let disk = tempfile::tempdir().expect("a temporary folder");
    let script = "mount -t tmpfs -o size=24m tmpfs \"$0\" && exec \"$@\"";
    let ran = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(disk.path())
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", "tests::full::child", "--test-threads=1", "--nocapture"])
        .env(DISK, disk.path())
        .output()
        .expect("unshare is there");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
