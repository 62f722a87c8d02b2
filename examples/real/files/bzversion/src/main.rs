//! Prints the version of the library in C that it is linked with.

use std::ffi::CStr;

fn main() {
    // It is a text that ends with a zero, as long as the program runs.
    let version = unsafe { CStr::from_ptr(bzip2_sys::BZ2_bzlibVersion()) };
    println!("{}", version.to_string_lossy());
}
