//! Prints the version of the library in C that it is linked with.

use std::ffi::{CStr, c_char};

// Its only use is to be linked.
use bzip2_sys as _;

extern "C" {
    fn BZ2_bzlibVersion() -> *const c_char;
}

fn main() {
    // It is a text that ends with a zero, for as long as the program runs.
    let version = unsafe { CStr::from_ptr(BZ2_bzlibVersion()) };
    println!("{}", version.to_string_lossy());
}
