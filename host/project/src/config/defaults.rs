//! The default configuration of every project: BuildStream's documented defaults. Cache keys depend on their values,
//! and the metadata of artifacts also on their order.

/// The name of the defaults in messages.
pub(super) const SHOWN_AS: &str = "(default project configuration)";

/// The defaults as YAML text.
pub(super) const DEFAULTS: &str = r#"
element-path: .
ref-storage: inline
variables:
  prefix: /usr
  exec_prefix: "%{prefix}"
  bindir: "%{exec_prefix}/bin"
  sbindir: "%{exec_prefix}/sbin"
  libexecdir: "%{exec_prefix}/libexec"
  datadir: "%{prefix}/share"
  sysconfdir: /etc
  sharedstatedir: "%{prefix}/com"
  localstatedir: /var
  lib: lib
  libdir: "%{prefix}/%{lib}"
  debugdir: "%{libdir}/debug"
  includedir: "%{prefix}/include"
  docdir: "%{datadir}/doc"
  infodir: "%{datadir}/info"
  mandir: "%{datadir}/man"
  build-root: /buildstream/%{project-name}/%{element-name}
  conf-root: .
  install-root: /buildstream-install
  strip-binaries: ""
environment:
  PATH: /usr/bin:/bin:/usr/sbin:/sbin
  SHELL: /bin/sh
  TERM: dumb
  USER: tomjon
  USERNAME: tomjon
  LOGNAME: tomjon
  LC_ALL: C
  HOME: /tmp
  TZ: UTC
  SOURCE_DATE_EPOCH: 1321009871
environment-nocache: []
sandbox: {}
split-rules:
  runtime: ["%{bindir}", "%{bindir}/*", "%{sbindir}", "%{sbindir}/*", "%{libexecdir}", "%{libexecdir}/*",
            "%{libdir}/lib*.so*"]
  devel: ["%{includedir}", "%{includedir}/**", "%{libdir}/lib*.a", "%{libdir}/lib*.la", "%{libdir}/pkgconfig/*.pc",
          "%{datadir}/pkgconfig/*.pc", "%{datadir}/aclocal/*.m4"]
  debug: ["%{debugdir}", "%{debugdir}/**"]
  doc: ["%{docdir}", "%{docdir}/**", "%{infodir}", "%{infodir}/**", "%{mandir}", "%{mandir}/**"]
  locale: ["%{datadir}/locale", "%{datadir}/locale/**", "%{datadir}/i18n", "%{datadir}/i18n/**",
           "%{datadir}/zoneinfo", "%{datadir}/zoneinfo/**"]
shell:
  command: [sh, -i]
source-provenance-attributes:
  homepage: The home page of the source's project
  issue-tracker: Where the source's project tracks its issues
defaults:
  targets: []
"#;
