//! The inputs of the embedded policies of speculation: sources that they scan for includes, and stored memory.

#![allow(dead_code, reason = "the rest of the files is their components'")]

#[path = "../../../plugins/overlay-include-scan/src/includes.rs"]
mod includes;
#[path = "../../../plugins/priming-selective/src/memory.rs"]
mod memory;

use includes::includes;
use memory::Memory;

/// The input is a source, and a memory.
pub fn run(data: &[u8]) {
    let names = includes(data);
    assert!(names.iter().all(|name| !name.is_empty() && !name.contains('\n')), "{names:?}");
    let memory = Memory::read(data);
    assert_eq!(Memory::read(&memory.write()), memory);
    for mut rate in memory.rates.into_values() {
        assert!(rate.percent() <= 100);
        rate.count(true);
    }
}

/// Includes in every spelling, and a memory.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let source =
        b"#include <a.h>\n  #  include \"sub/b.h\" // why\n#include_next<c.h>\r\n#import \"d.h\"\nint x;\n";
    let mut memory = Memory { sessions: 3, ..Memory::default() };
    memory.rates.entry(7).or_default().count(true);
    memory.rates.entry(9).or_default().count(false);
    vec![source.to_vec(), memory.write()]
}
