//! The tools that make components.

/// The tools that made a component, the most specific last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToolChain {
    /// A C or C++ compiler.
    C,
    /// The Rust compiler.
    Rust,
    /// `componentize-py`.
    Python,
    /// `jco componentize` with QuickJS.
    QuickJs,
    /// `jco componentize` with SpiderMonkey.
    StarlingMonkey,
}

impl ToolChain {
    /// The tool-chain that the name of a tool or a language in a section `producers` stands for.
    pub(crate) fn of_producer(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "clang" | "lld" | "c" | "c11" | "c++" | "zig" => Some(Self::C),
            "rust" | "rustc" => Some(Self::Rust),
            "componentize-py" | "python" => Some(Self::Python),
            "componentize-qjs" | "quickjs" => Some(Self::QuickJs),
            "componentizejs" | "componentize-js" | "starlingmonkey" => Some(Self::StarlingMonkey),
            _ => None,
        }
    }

    /// The tool-chain of a component that does not name it, by an import or an export that only one makes.
    pub(crate) fn of_names(imports: &[String], exports: &[String]) -> Option<Self> {
        if imports.iter().any(|import| import.starts_with("wasi:http/")) {
            return Some(Self::StarlingMonkey);
        }
        // What these tools call while they build the component stays an export of it.
        exports.iter().find_map(|export| match export.as_str() {
            "init" => Some(Self::QuickJs),
            "exports" => Some(Self::Python),
            _ => None,
        })
    }

    /// How to build a component of this language without imports of WASI.
    #[must_use]
    pub fn without_wasi(self) -> &'static str {
        match self {
            Self::C => {
                "build it as a reactor that uses no files, clocks or environment: -mexec-model=reactor -nostartfiles"
            }
            Self::Rust => "build it for the target wasm32-unknown-unknown",
            Self::Python => "build it with 'componentize-py componentize --stub-wasi'",
            Self::QuickJs => "build it with 'jco componentize --backend quickjs --backend-qjs-stub-wasi'",
            Self::StarlingMonkey => {
                "build it with 'jco componentize -d stdio -d random -d clocks -d http -d fetch-event'"
            }
        }
    }
}
