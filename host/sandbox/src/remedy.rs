//! What people can do about a step that failed.

use crate::protocol::SetupStep;
use rustix::io::Errno;

const ALLOW_USER_NAMESPACES: &str = "Allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 (Debian), \
    sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu); in a container start it with \
    --security-opt seccomp=unconfined; in a chroot they never work";
const RAISE_LIMIT: &str = "Raise the limit: sysctl user.max_user_namespaces=15000";
const NEWER_KERNEL: &str = "Linux 5.12 or newer is needed, with CONFIG_USER_NS and CONFIG_OVERLAY_FS";
const LOAD_OVERLAY: &str = "Load the overlay file system: modprobe overlay";
const LOCAL_DIRECTORY: &str = "Keep the cache on a local ext4, xfs, btrfs or tmpfs: the upper and the work \
    directory have to lie on one file system that has user attributes and is no overlay itself";
const LAYER_ONCE: &str = "No layer may be given twice or lie within another";
const UNMASK_PROC: &str = "Something hides parts of /proc here: start the container with \
    --security-opt systempaths=unconfined";
const CALL_FILTERS: &str = "The kernel needs CONFIG_SECCOMP_FILTER; without it what a command may ask of the kernel \
    cannot be limited";
const MOUNTS_IN_CONTAINER: &str = "Something forbids mounts here: start the container with \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined";

/// One sentence or two, without a full stop; empty if there is nothing to say beyond the error itself.
pub(crate) fn remedy(step: SetupStep, errno: Errno) -> &'static str {
    match (step, errno) {
        (SetupStep::Filter, _) => CALL_FILTERS,
        (_, Errno::NOSYS) => NEWER_KERNEL,
        (SetupStep::UserNamespace, Errno::INVAL) => NEWER_KERNEL,
        (SetupStep::UserNamespace | SetupStep::Namespaces, Errno::NOSPC | Errno::USERS) => RAISE_LIMIT,
        (SetupStep::UserNamespace | SetupStep::IdMap | SetupStep::Namespaces, _) => ALLOW_USER_NAMESPACES,
        (SetupStep::Overlay, Errno::NODEV) => LOAD_OVERLAY,
        (SetupStep::Overlay | SetupStep::Layer, Errno::LOOP) => LAYER_ONCE,
        (_, Errno::NOENT | Errno::NOTDIR | Errno::NOSPC) => "",
        (SetupStep::Overlay | SetupStep::Upper | SetupStep::Work, _) => LOCAL_DIRECTORY,
        (SetupStep::Proc, Errno::PERM) => UNMASK_PROC,
        (_, Errno::PERM) => MOUNTS_IN_CONTAINER,
        _ => "",
    }
}

#[cfg(test)]
mod tests;
