//! Messages say what is wrong, where, and what was expected. What to do next is in `hint()`, which the terminal, JSON events,
//! statuses of gRPC and logs show apart from the message.

use std::ffi::OsStr;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::{below, checkout, crates, shown};

/// How advice begins.
const BEGINNINGS: &[&str] = &[
    "add", "allow", "ask", "build", "change", "check", "choose", "clean", "convert", "correct", "define",
    "delete", "do", "drop", "fetch", "give", "go", "if", "increase", "install", "leave", "list", "load",
    "lower", "make", "move", "name", "pass", "please", "put", "raise", "remove", "rename", "repeat",
    "replace", "report", "run", "save", "see", "set", "split", "stage", "start", "stop", "take", "to", "try",
    "unpack", "upload", "use", "wait", "write",
];

#[test]
fn no_message_has_advice_behind_a_semicolon() {
    let mut found = Vec::new();
    for file in below(&checkout().join("host"), "rs").iter().filter(|file| is_shipped(file)) {
        let mut texts = Texts(Vec::new());
        texts.visit_file(&crates::parse(file));
        let advice = texts.0.iter().filter(|text| has_advice(text));
        found.extend(advice.map(|text| format!("{}: {text:?}", shown(file))));
    }
    assert!(found.is_empty(), "what to do next belongs into `hint()`:\n{}", found.join("\n"));
}

#[test]
fn advice_is_recognized() {
    for text in [
        "blob {0} is missing; upload it and try again",
        "it is full; it stays so; use another",
        "x; if not, y",
    ] {
        assert!(has_advice(text), "{text}");
    }
    for text in ["'{0}' is no key; expected 64 digits", "{error}; {hint}", "a; b", "add it; it is added"] {
        assert!(!has_advice(text), "{text}");
    }
}

fn has_advice(text: &str) -> bool {
    let clauses = text.split("; ").skip(1);
    let first_word = |clause: &str| clause.split([' ', ':', ',']).next().unwrap_or_default().to_lowercase();
    clauses.map(first_word).any(|word| BEGINNINGS.contains(&word.as_str()))
}

/// Whether a file is part of the program, not of its tests.
fn is_shipped(file: &Path) -> bool {
    let file = file.strip_prefix(checkout()).unwrap_or(file);
    let is_other =
        |part: &OsStr| ["tests", "tests.rs", "benches", "build.rs"].iter().any(|name| part == *name);
    !file.iter().any(is_other)
}

/// The texts of a file, those in macros and in `#[error]` too, but no comments.
struct Texts(Vec<String>);

impl Texts {
    fn add(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.add(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(syn::Lit::Str(text)) = syn::parse_str(&literal.to_string()) {
                        self.0.push(text.value());
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'a> Visit<'a> for Texts {
    fn visit_lit_str(&mut self, text: &'a syn::LitStr) {
        self.0.push(text.value());
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.add(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'a syn::Attribute) {
        if attribute.path().is_ident("error") {
            visit::visit_attribute(self, attribute);
            if let syn::Meta::List(list) = &attribute.meta {
                self.add(list.tokens.clone());
            }
        }
    }
}
