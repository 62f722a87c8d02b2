//! The page of the contracts with plugins: the worlds, interfaces, types and functions of the WIT text with their comments.

use std::path::Path;

use wit_parser::{
    Docs, Field, Function, FunctionKind, Handle, Interface, Resolve, Type, TypeDef, TypeDefKind, World,
    WorldItem, WorldKey,
};

const BEGINNING: &str = "# The contracts with plugins

<!-- Written by `cargo xtask book`: change the texts in wit. -->
";

/// A page that is being written.
struct Page<'r> {
    resolve: &'r Resolve,
    text: String,
}

pub(super) fn page(wit: &Path) -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).unwrap_or_else(|error| panic!("{}: {error:#}", wit.display()));
    let package = &resolve.packages[package];
    let mut page = Page { resolve: &resolve, text: BEGINNING.to_owned() };
    page.text += &format!("\nThe package `{}`. ", package.name);
    page.text += &paragraph(&package.docs);
    for world in package.worlds.values() {
        page.world(&resolve.worlds[*world]);
    }
    for (name, interface) in &package.interfaces {
        page.interface(name, &resolve.interfaces[*interface]);
    }
    page.text
}

fn paragraph(docs: &Docs) -> String {
    docs.contents.as_deref().map(|text| format!("{}\n", text.trim())).unwrap_or_default()
}

/// A comment as the cell of a table.
fn cell(docs: &Docs) -> String {
    let text = docs.contents.as_deref().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

impl Page<'_> {
    fn world(&mut self, world: &World) {
        self.text += &format!("\n## World `{}`\n\n{}\n", world.name, paragraph(&world.docs));
        for (verb, items) in [("imports", &world.imports), ("exports", &world.exports)] {
            for (key, item) in items {
                let name = match (key, item) {
                    (_, WorldItem::Interface { id, .. }) => self.resolve.interfaces[*id].name.as_deref(),
                    (WorldKey::Name(name), _) => Some(name.as_str()),
                    (WorldKey::Interface(_), _) => None,
                };
                let name = name.unwrap_or_default();
                self.text += &format!("- {verb} [`{name}`](#interface-{name})\n");
            }
        }
    }

    fn interface(&mut self, name: &str, interface: &Interface) {
        self.text += &format!("\n## Interface `{name}`\n\n{}", paragraph(&interface.docs));
        let resolve = self.resolve;
        for (name, id) in &interface.types {
            self.type_definition(name, &resolve.types[*id]);
        }
        for function in interface.functions.values() {
            let (name, signature) = self.signature(function);
            self.text += &format!("\n### Function `{name}`\n\n```wit\n{signature}\n```\n");
            self.text += &format!("\n{}", paragraph(&function.docs));
        }
    }

    fn type_definition(&mut self, name: &str, definition: &TypeDef) {
        let (sort, table) = match &definition.kind {
            // One of another interface, of the same name.
            TypeDefKind::Type(Type::Id(id)) if self.resolve.types[*id].name.as_deref() == Some(name) => {
                return;
            }
            TypeDefKind::Record(record) => {
                let row = |field: &Field| [field.name.clone(), self.type_name(&field.ty), cell(&field.docs)];
                ("Record", rows(record.fields.iter().map(row)))
            }
            TypeDefKind::Variant(variant) => {
                let of = |ty: &Option<Type>| ty.as_ref().map(|ty| self.type_name(ty)).unwrap_or_default();
                let row =
                    variant.cases.iter().map(|case| [case.name.clone(), of(&case.ty), cell(&case.docs)]);
                ("Variant", rows(row))
            }
            TypeDefKind::Enum(of) => (
                "Enum",
                rows(of.cases.iter().map(|case| [case.name.clone(), String::new(), cell(&case.docs)])),
            ),
            TypeDefKind::Flags(of) => (
                "Flags",
                rows(of.flags.iter().map(|flag| [flag.name.clone(), String::new(), cell(&flag.docs)])),
            ),
            TypeDefKind::Resource => ("Resource", String::new()),
            kind => ("Type", format!("`{}`\n", self.kind_name(kind))),
        };
        self.text += &format!("\n### {sort} `{name}`\n\n{}", paragraph(&definition.docs));
        if !table.is_empty() {
            self.text += &format!("\n{table}");
        }
    }

    /// The name of a function as it is called, and its declaration.
    fn signature(&self, function: &Function) -> (String, String) {
        let name = function.name.rsplit(']').next().unwrap_or_default().to_owned();
        let is_method = matches!(function.kind, FunctionKind::Method(_));
        let parameters = function.params.iter().skip(usize::from(is_method));
        let parameters: Vec<String> = parameters
            .map(|parameter| format!("{}: {}", parameter.name, self.type_name(&parameter.ty)))
            .collect();
        let result = function.result.as_ref().map(|ty| format!(" -> {}", self.type_name(ty)));
        let signature = format!(
            "{}: {}func({}){};",
            function.item_name(),
            if matches!(function.kind, FunctionKind::Static(_)) { "static " } else { "" },
            parameters.join(", "),
            result.unwrap_or_default()
        );
        (name, signature)
    }

    fn type_name(&self, ty: &Type) -> String {
        let Type::Id(id) = ty else { return primitive(ty).to_owned() };
        let definition = &self.resolve.types[*id];
        definition.name.clone().unwrap_or_else(|| self.kind_name(&definition.kind))
    }

    fn kind_name(&self, kind: &TypeDefKind) -> String {
        let optional = |ty: &Option<Type>| ty.as_ref().map_or("_".to_owned(), |ty| self.type_name(ty));
        match kind {
            TypeDefKind::Type(ty) => self.type_name(ty),
            TypeDefKind::List(ty) => format!("list<{}>", self.type_name(ty)),
            TypeDefKind::Option(ty) => format!("option<{}>", self.type_name(ty)),
            TypeDefKind::Result(of) => format!("result<{}, {}>", optional(&of.ok), optional(&of.err)),
            TypeDefKind::Tuple(of) => {
                let types: Vec<String> = of.types.iter().map(|ty| self.type_name(ty)).collect();
                format!("tuple<{}>", types.join(", "))
            }
            TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => self.type_name(&Type::Id(*id)),
            other => other.as_str().to_owned(),
        }
    }
}

/// A table of names, types and comments; without the column of types where nothing has one.
fn rows(rows: impl Iterator<Item = [String; 3]>) -> String {
    let rows: Vec<[String; 3]> = rows.collect();
    let has_types = rows.iter().any(|[_, ty, _]| !ty.is_empty());
    let mut table =
        if has_types { "| | | |\n| --- | --- | --- |\n" } else { "| | |\n| --- | --- |\n" }.to_owned();
    for [name, ty, comment] in rows {
        let ty = if ty.is_empty() { String::new() } else { format!("`{ty}`") };
        let cells = if has_types { format!("| {ty} ") } else { String::new() };
        table += &format!("| `{name}` {cells}| {comment} |\n");
    }
    table
}

fn primitive(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::ErrorContext => "error-context",
        Type::Id(_) => "",
    }
}
