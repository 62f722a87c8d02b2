//! The init of a sandbox: a freestanding program of a few kilobytes, built by `build.rs`.
//!
//! One image, three processes. The *supervisor* stays outside, holds the socket to the host and answers;
//! the *init* is process 1 inside, builds the root and reaps; the *command* is the init's child until it
//! executes what was asked. If the host goes, the socket reports it and the supervisor kills the init; if the
//! supervisor goes, the kernel kills the init; and with the init goes everything inside.

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
