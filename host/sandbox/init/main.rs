//! The init of a sandbox: a freestanding program of a few kilobytes, built by `build.rs`.
//!
//! One image, three processes. The *supervisor* stays outside, has the socket to the host and reports the outcome;
//! the *init* is process 1 inside, builds the root and reaps; the *command* is the init's child, which executes the
//! program. If the host dies, the socket is closed and the supervisor kills the init; if the supervisor dies, the
//! kernel kills the init; when the init dies, the kernel kills everything inside.

#![no_std]
#![no_main]

mod arch;
mod command;
mod devices;
mod init;
mod memory;
mod mount_points;
mod new_root;
mod overlay;
#[allow(dead_code)]
#[path = "../src/protocol.rs"]
mod protocol;
mod root;
mod script;
mod shared_status;
mod supervisor;
mod sys;

extern "C" fn start() -> ! {
    supervisor::run()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::exit(70)
}
