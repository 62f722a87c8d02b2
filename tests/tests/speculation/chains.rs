//! Actions that follow from actions, within elements and across them.

use spec_testkit::recc::BASE;

use crate::case::{Case, executed, hits};

/// Installs the file `FROM` as `TO`.
fn install(from: &str, to: &str) -> String {
    format!("install -Dm644 {from} %{{install-root}}/{to}")
}

#[test]
fn case_05_action_chains_with_a_slow_dependency() {
    action_chains_with_a_slow_dependency(&Case::new());
}

pub(crate) fn action_chains_with_a_slow_dependency(case: &Case) {
    let library = [
        "printf '#include <dep.h>\\nconst char *slow = DEP_VERSION;\\n' > slow.c",
        "sleep 1",
        "recc gcc -c slow.c -o slow.o",
        "ar rcs libslow.a slow.o",
        "sleep 2",
        &install("libslow.a", "usr/lib/libslow.a"),
    ];
    let slow = case.manual("slow", "", &library);
    let program = [
        "printf '#include <dep.h>\\nextern const char *slow; const char *own = DEP_VERSION;\\n\
         int main(void) { return slow == own; }\\n' > main.c",
        "recc gcc -c main.c -o main.o",
        "sleep 1",
        "recc gcc -o app main.o /usr/lib/libslow.a",
    ];
    let app = case.manual_with("app", &format!("{BASE}- dep.bst\n- {slow}\n"), "", &program);
    let _ = case.build(&app);
    assert_eq!((executed(&case.answers(&slow)), executed(&case.answers(&app))), (1, 2));
    case.write_header(2);
    let figures = case.build(&app);
    // main.o need not wait for the slow library; the program waits for it, and for main.o.
    let answers = [case.answers(&slow), case.answers(&app)];
    assert_eq!((answers.each_ref().map(executed), hits(&figures)), ([0, 0], 3), "{answers:?} {figures:?}");
}

#[test]
fn case_05_action_chains_across_elements() {
    action_chains_across_elements(&Case::new());
}

pub(crate) fn action_chains_across_elements(case: &Case) {
    let library = [
        "sed 's/DEP_VERSION/GEN_VERSION/' /usr/include/dep.h > gen.h",
        "printf '#include \"gen.h\"\\nconst char *gen = GEN_VERSION;\\n' > gen.c",
        "recc gcc -c gen.c -o gen.o",
        "ar rcs libgen.a gen.o",
        &install("gen.h", "usr/include/gen.h"),
        &install("libgen.a", "usr/lib/libgen.a"),
    ];
    let gen_ = case.manual("gen", "", &library);
    let program = [
        "printf '#include <gen.h>\\nextern const char *gen; const char *own = GEN_VERSION;\\n\
         int main(void) { return gen == own; }\\n' > main.c",
        "sleep 1",
        "recc gcc -c main.c -o main.o",
        "recc gcc -o app main.o /usr/lib/libgen.a",
    ];
    let app = case.manual_with("app", &format!("{BASE}- {gen_}\n"), "", &program);
    let _ = case.build(&app);
    assert_eq!((executed(&case.answers(&gen_)), executed(&case.answers(&app))), (1, 2));
    case.write_header(2);
    let figures = case.build(&app);
    // gen.o reads a header that the build itself writes, so it cannot be predicted before the request.
    let answers = [case.answers(&gen_), case.answers(&app)];
    assert_eq!((answers.each_ref().map(executed), hits(&figures)), ([1, 0], 2), "{answers:?} {figures:?}");
}

/// A command that trexe runs over the base with one input, at the same path there; its output is written to `.`.
fn trexe(input: &str, output: &str, command: &str) -> String {
    let place = input.trim_start_matches('/');
    let base = "--platform-properties=chrootRootDigest=$RECC_REMOTE_PLATFORM_chrootRootDigest";
    format!(
        "trexe --remote=unix:/tmp/casd.sock {base} --d=. --output-path={output} --input-path={input}:{place} \
         -- /bin/sh -c '{command} > {output}'"
    )
}

#[test]
fn case_12_the_trexe_chain() {
    the_trexe_chain(&Case::new());
}

pub(crate) fn the_trexe_chain(case: &Case) {
    case.project.write("files/base/base.txt", &case.version(1));
    let element = |stem: &str, below: &str, more: &str, command: &str| {
        let commands =
            ["sleep 1", command, &install(&format!("{stem}.out"), &format!("usr/share/{stem}.out"))];
        case.manual_with(stem, &format!("{BASE}{below}"), more, &commands)
    };
    let source = "sources:\n- kind: local\n  path: files/base\n";
    let base = element("base", "", source, &trexe("base.txt", "base.out", "cat base.txt"));
    let echo = "echo `cat usr/share/base.out`, echoed";
    let echo = trexe("/usr/share/base.out", "middle.out", echo);
    let middle = element("middle", &format!("- {base}\n"), "", &echo);
    let wc = trexe("/usr/share/middle.out", "top.out", "wc usr/share/middle.out");
    let top = element("top", &format!("- {middle}\n"), "", &wc);
    let _ = case.build(&top);
    let names = [&base, &middle, &top];
    assert_eq!(names.map(|name| executed(&case.answers(name))), [1; 3]);
    case.project.write("files/base/base.txt", &format!("{} and more", case.version(2)));
    let figures = case.build(&top);
    let answers = names.map(|name| case.answers(name));
    assert_eq!((answers.each_ref().map(executed), hits(&figures)), ([0; 3], 3), "{answers:?} {figures:?}");
    let says = String::from_utf8(case.installed(&top, "usr/share/top.out")).expect("it is text");
    assert!(says.split_whitespace().take(2).eq(["1", "4"]), "{says}");
}
