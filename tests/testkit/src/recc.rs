//! Parts of elements whose commands call recc, which requests actions through the socket of the sandbox.

/// The base, with its tree in the variable that recc sends as a platform property.
pub const BASE: &str = "- filename: debian.bst
  config:
    digest-environment: RECC_REMOTE_PLATFORM_chrootRootDigest
";

/// The environment of recc, and its socket.
pub const RECC: &str = "environment:
  RECC_SERVER: unix:/tmp/casd.sock
  RECC_LINK: 1
  RECC_DEPS_GLOBAL_PATHS: 1
  RECC_NO_PATH_REWRITE: 1
sandbox:
  remote-apis-socket:
    path: /tmp/casd.sock
";
