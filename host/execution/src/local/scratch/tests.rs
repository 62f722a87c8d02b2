use std::time::{Duration, Instant};

use super::*;

#[test]
fn folders_are_where_they_are_wanted_and_go_when_dropped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path()).expect("a store");
    for (in_memory, wanted) in
        [(true, ScratchMedium::Memory), (true, ScratchMedium::Disk), (false, ScratchMedium::Memory)]
    {
        let allocator = ScratchAllocator::new(cas.clone(), in_memory);
        let (scratch, medium) = allocator.folder(wanted).expect("there is room");
        let path = scratch.path().to_owned();
        assert_eq!(path.starts_with(folder.path()), medium == ScratchMedium::Disk);
        assert!(in_memory && wanted == ScratchMedium::Memory || medium == ScratchMedium::Disk);
        assert!(!allocator.is_short(ScratchMedium::Disk), "only memory is watched");
        std::fs::write(path.join("file"), "text").expect("there is room");
        drop(scratch);
        assert!(!path.join("file").exists());
        let end = Instant::now() + Duration::from_secs(60);
        while path.exists() {
            assert!(Instant::now() < end, "the folder stays");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
