//! Requests of a build correct the predictions of later ones.

use crate::case::{Case, executed, hits};

#[test]
fn a_generated_header_is_learned_from_the_first_that_asks() {
    let sources = "for i in 1 2 3 4 5 6 7 8; do \
         printf '#include \"config.h\"\\nconst char *version%s = VERSION;\\n' $i > $i.c; done";
    let compile = "for i in 1 2 3 4 5 6 7 8; do recc gcc -c $i.c -o $i.o; done";
    let configure = "sed -n 's/DEP_VERSION/VERSION/p' /usr/include/dep.h > config.h";
    let case = Case::new();
    let app = case.manual("app", "", &[configure, sources, compile]);
    let _ = case.build(&app);
    assert_eq!(executed(&case.answers(&app)), 8);
    case.write_header(2);
    let figures = case.build(&app);
    let answers = case.answers(&app);
    // Except for the first, the number depends on how fast the build requests them.
    assert!((1..=4).contains(&executed(&answers)), "{answers:?} {figures:?}");
}

const CONFIGURE: &str = "AC_INIT([app], [1.0])
AC_CONFIG_SRCDIR([s1.c])
AC_CONFIG_HEADERS([config.h])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AC_DEFINE_UNQUOTED([SEEN], [`sed -n 's/#define DEP_VERSION //p' /usr/include/dep.h`], [What dep says])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
";

/// Ten sources that include a header that configure writes.
fn ten_sources(case: &Case) -> String {
    case.project.write("src/ten-1.0/configure.ac", CONFIGURE);
    let names: Vec<String> = (1..=10).map(|number| format!("s{number}")).collect();
    for name in &names {
        let rest = if name == "s1" { "int main(void) { return 0; }\n" } else { "" };
        let text = format!("#include <config.h>\nconst char *{name} = SEEN;\n{rest}");
        case.project.write(&format!("src/ten-1.0/{name}.c"), &text);
    }
    let make = format!("bin_PROGRAMS = app\napp_SOURCES = {}.c\n", names.join(".c "));
    case.project.write("src/ten-1.0/Makefile.am", &make);
    let text = case.project.read("elements/app.bst").replace("app-1.0.tar.gz", "ten-1.0.tar.gz");
    let app = case.element("app", &format!("{text}\nvariables:\n  notparallel: True\n"));
    case.pack("src/ten-1.0", "ten-1.0.tar.gz", &app);
    app
}

#[test]
fn case_11_feedback() {
    feedback(&Case::new());
}

pub(crate) fn feedback(case: &Case) {
    let app = ten_sources(case);
    let _ = case.build(&app);
    assert_eq!(executed(&case.answers(&app)), 11);
    case.write_header(2);
    let figures = case.build(&app);
    let answers = case.answers(&app);
    assert_eq!((answers.len(), &*answers["s1.o"]), (11, "executed"), "{answers:?} {figures:?}");
    // On a busy machine the build may request the next ones before the corrected predictions are executed.
    let executed = executed(&answers);
    assert!((1..=4).contains(&executed), "{answers:?} {figures:?}");
    assert_eq!(hits(&figures) as usize, 11 - executed, "objects and the program: {figures:?}");
}
