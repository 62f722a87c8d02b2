//! What counting and evicting costs: `evict_bench FOLDER BLOBS`.

use std::time::{Duration, Instant, SystemTime};

use spec_cas::{Cas, Quota};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("no folder")?;
    let blobs: u64 = arguments.next().ok_or("no number of blobs")?.parse()?;
    let cas = Cas::open(&folder)?;
    for part in (0..blobs).collect::<Vec<_>>().chunks(1000) {
        let contents: Vec<Vec<u8>> = part.iter().map(|n| n.to_le_bytes().repeat(100)).collect();
        cas.put_many(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    }
    let digests: Vec<_> = (0..blobs).map(|n| spec_model::Digest::of(&n.to_le_bytes().repeat(100))).collect();
    for round in ["fresh", "again"] {
        let start = Instant::now();
        cas.missing(&digests)?;
        eprintln!("finding {blobs}, {round}: {:?}", start.elapsed());
    }
    let then = SystemTime::now() - Duration::from_secs(3600);
    let times = std::fs::FileTimes::new().set_accessed(then);
    for digest in &digests {
        let hex = digest.hex();
        let path = format!("{folder}/objects/{}/{hex}", &hex[..2]);
        std::fs::File::open(path)?.set_times(times)?;
    }
    let start = Instant::now();
    cas.missing(&digests[..digests.len() / 2])?;
    eprintln!("finding half of them, unused for an hour: {:?}", start.elapsed());
    for most in [u64::MAX, blobs * 3000, 0] {
        let quota = Quota { max_bytes: Some(most), reserved_bytes: 0, low_watermark: 80 };
        eprintln!("quota {most}: {:?}", cas.evict(&quota, &|_, _| Vec::new())?);
    }
    Ok(())
}
