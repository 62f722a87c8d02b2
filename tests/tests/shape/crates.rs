//! The Rust files of the checkout, parsed: each crate as the tree of modules that the compiler makes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, Meta, UseTree, Visibility};

/// The root of a crate.
pub(crate) const ROOT: usize = 0;

/// A library, a program or a test program, without what is compiled for unit tests alone.
pub(crate) struct Crate {
    /// Its modules; the first is the root.
    pub(crate) modules: Vec<Module>,
}

/// A module: a file of its own, or one that is written inside another.
#[derive(Default)]
pub(crate) struct Module {
    pub(crate) file: PathBuf,
    /// Whether it is written inside the file of its parent.
    pub(crate) is_inline: bool,
    /// The names from the root to this module.
    pub(crate) path: Vec<String>,
    pub(crate) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    /// The names of what is defined here.
    pub(crate) items: Vec<String>,
    /// The paths that `use` imports, by their names here.
    pub(crate) imports: BTreeMap<String, Vec<String>>,
    /// The paths that `use` imports all names of.
    pub(crate) globs: Vec<Vec<String>>,
    /// All paths that the code of this module names, but those of `pub use`.
    pub(crate) paths: Vec<Vec<String>>,
    /// The names of the types and traits that are defined here, also inside functions.
    pub(crate) types: Vec<String>,
}

impl Crate {
    /// Parses the crate whose root module is the file `root`.
    pub(crate) fn parse(root: &Path) -> Crate {
        let mut parsed = Crate { modules: vec![] };
        parsed.add_file(root, Module::default(), true);
        parsed
    }

    /// Adds the module in a file, and its children. Files of children stand beside the root and beside any `mod.rs`, and for
    /// other modules in a folder with the module's name.
    fn add_file(&mut self, file: &Path, module: Module, children_beside: bool) -> usize {
        let folder = if children_beside { file.with_file_name("") } else { file.with_extension("") };
        self.add(parse(file).items, file, &folder, module)
    }

    fn add(&mut self, items: Vec<Item>, file: &Path, folder: &Path, mut module: Module) -> usize {
        module.file = file.to_path_buf();
        let mut contents = Contents(&mut module);
        let mut children = vec![];
        for item in items {
            match item {
                Item::Mod(item) if is_for_tests(&item.attrs) => {}
                Item::Mod(item) => children.push(item),
                item => contents.add(&item),
            }
        }
        let index = self.modules.len();
        self.modules.push(module);
        for item in children {
            self.add_child(index, item, file, folder);
        }
        index
    }

    fn add_child(&mut self, parent: usize, item: ItemMod, file: &Path, folder: &Path) {
        let name = item.ident.to_string();
        let path = [&self.modules[parent].path[..], std::slice::from_ref(&name)].concat();
        let module = Module { path, parent: Some(parent), ..Module::default() };
        let index = match (item.content, path_attribute(&item.attrs)) {
            (Some((_, items)), _) => {
                self.add(items, file, &folder.join(&name), Module { is_inline: true, ..module })
            }
            (None, Some(path)) => self.add_file(&file.with_file_name(path), module, true),
            (None, None) => {
                let (own, flat) = (folder.join(&name).join("mod.rs"), folder.join(format!("{name}.rs")));
                if own.is_file() {
                    self.add_file(&own, module, true)
                } else {
                    self.add_file(&flat, module, false)
                }
            }
        };
        self.modules[parent].children.insert(name, index);
    }
}

/// Parses a file.
pub(crate) fn parse(file: &Path) -> syn::File {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Whether an item is compiled for unit tests alone.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    };
    attributes.iter().any(is_test)
}

/// The file that `#[path = "..."]` names.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// Takes down what the code of a module contains.
struct Contents<'m>(&'m mut Module);

impl Contents<'_> {
    fn add(&mut self, item: &Item) {
        let (name, attributes) = match item {
            Item::Const(item) => (Some(&item.ident), &item.attrs),
            Item::Enum(item) => (Some(&item.ident), &item.attrs),
            Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
            Item::Impl(item) => (None, &item.attrs),
            Item::Macro(item) => (item.ident.as_ref(), &item.attrs),
            Item::Static(item) => (Some(&item.ident), &item.attrs),
            Item::Struct(item) => (Some(&item.ident), &item.attrs),
            Item::Trait(item) => (Some(&item.ident), &item.attrs),
            Item::Type(item) => (Some(&item.ident), &item.attrs),
            Item::Union(item) => (Some(&item.ident), &item.attrs),
            Item::Use(item) => (None, &item.attrs),
            _ => return self.visit_item(item),
        };
        if !is_for_tests(attributes) {
            self.0.items.extend(name.map(ToString::to_string));
            self.visit_item(item);
        }
    }

    fn import(&mut self, tree: &UseTree, path: &mut Vec<String>, is_public: bool) {
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                self.import(&tree.tree, path, is_public);
                path.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, path, is_public)),
            UseTree::Glob(_) => self.0.globs.push(path.clone()),
            UseTree::Name(tree) => self.import_name(&tree.ident, &tree.ident, path, is_public),
            UseTree::Rename(tree) => self.import_name(&tree.ident, &tree.rename, path, is_public),
        }
    }

    fn import_name(&mut self, name: &syn::Ident, here: &syn::Ident, path: &[String], is_public: bool) {
        let (mut path, mut here) = (path.to_vec(), here.to_string());
        if name == "self" {
            here = path.last().cloned().unwrap_or_default();
        } else {
            path.push(name.to_string());
        }
        if !is_public {
            self.0.paths.push(path.clone());
        }
        self.0.imports.insert(here, path);
    }

    /// Takes the paths between the brackets of a macro, which is not expanded.
    fn macro_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons): (Vec<String>, _) = (vec![], 0);
        for token in tokens {
            let continues = colons == 2;
            match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    if !continues {
                        self.0.paths.push(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                }
                TokenTree::Group(group) => self.macro_tokens(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.0.paths.push(std::mem::take(&mut path)),
            }
            colons = 0;
        }
        self.0.paths.push(path);
    }
}

impl<'a> Visit<'a> for Contents<'_> {
    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_visibility(&mut self, _: &'a Visibility) {}

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.import(&item.tree, &mut vec![], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.0.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.visit_path(&call.path);
        self.macro_tokens(call.tokens.clone());
    }

    fn visit_item_enum(&mut self, item: &'a syn::ItemEnum) {
        self.0.types.push(item.ident.to_string());
        visit::visit_item_enum(self, item);
    }

    fn visit_item_struct(&mut self, item: &'a syn::ItemStruct) {
        self.0.types.push(item.ident.to_string());
        visit::visit_item_struct(self, item);
    }

    fn visit_item_trait(&mut self, item: &'a syn::ItemTrait) {
        self.0.types.push(item.ident.to_string());
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'a syn::ItemType) {
        self.0.types.push(item.ident.to_string());
        visit::visit_item_type(self, item);
    }

    fn visit_item_union(&mut self, item: &'a syn::ItemUnion) {
        self.0.types.push(item.ident.to_string());
        visit::visit_item_union(self, item);
    }
}
